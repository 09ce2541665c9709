import { isUserKey, type UserKey } from './user-key.js'

/** `accepted`: we added them, or let them in. `asking`: they wrote first and wait for our word. `blocked`: not heard. `removed`: forgotten. */
export type Standing = 'accepted' | 'asking' | 'blocked' | 'removed'

export interface Contact {
  readonly key: UserKey
  /** What they call themselves in their profile. Empty until it was found. */
  readonly name: string
  /** The `seq` of the profile that the name is from, as digits: a newer one replaces it. */
  readonly nameSeq: string
  readonly standing: Standing
  /** When the standing was given (unix ms): the later word of two tabs stands. */
  readonly standingAt: number
  /** Messages up to this time (`Message.at`) were seen. */
  readonly readUpTo: number
}

/** People on the list: what a page draws without effort. Those who ask, were blocked or were removed do not count. */
export const contactsMax = 500
/** People who may wait for our word at a time: anybody can write to a key that is public. The one who has asked longest makes room. */
export const askingMax = 30
/**
 * People kept who are not shown; beyond, the one judged longest ago is dropped.
 * Blocked: a dropped one could ask again, so more than anybody blocks by hand.
 * Removed: only so that an older word of another tab does not bring them back.
 */
export const forgottenMax: Record<Standing, number> = { accepted: Infinity, asking: Infinity, blocked: 1_000, removed: 200 }

export function newContact(key: UserKey, standing: Standing, nowMs: number): Contact {
  return { key, name: '', nameSeq: '0', standing, standingAt: nowMs, readUpTo: 0 }
}

/** Two tellings of one contact, in either order, make one: each part is the newer of the two. */
export function mergeContact(known: Contact | undefined, told: Contact): Contact {
  if (!known) return told
  const named = BigInt(told.nameSeq) > BigInt(known.nameSeq) ? told : known
  const judged = told.standingAt > known.standingAt ? told : known
  return {
    key: known.key,
    name: named.name,
    nameSeq: named.nameSeq,
    standing: judged.standing,
    standingAt: judged.standingAt,
    readUpTo: Math.max(known.readUpTo, told.readUpTo),
  }
}

/** What to call them: names are not proof, so a nameless contact is shown by the key's first digits. */
export function calledName({ name, key }: Contact): string {
  return name || `${key.slice(0, 4)} ${key.slice(4, 8)}`
}

export function isContact(value: unknown): value is Contact {
  if (typeof value !== 'object' || value === null) return false
  const { key, name, nameSeq, standing, standingAt, readUpTo } = value as Partial<Record<keyof Contact, unknown>>
  return (
    isUserKey(key) &&
    typeof name === 'string' &&
    typeof nameSeq === 'string' &&
    /^\d{1,20}$/.test(nameSeq) &&
    ['accepted', 'asking', 'blocked', 'removed'].includes(standing as string) &&
    typeof standingAt === 'number' &&
    typeof readUpTo === 'number'
  )
}
