import { Key } from '../keys/key.js'
import { closest } from '../keys/nearest.js'
import type { Contact } from '../keys/public-key.js'
import { replicas } from '../wire/message.js'
import type { Around, Standing } from './replica-view.js'

/** Live peers looked at around a record: its replicas, and as many that may still hold it from before. */
export const nearestCount = 2 * replicas
/** When some have gone, and fewer are left, all are looked for anew. */
const nearestMin = replicas + replicas / 2

/** `retryAtMs` is Infinity while the push is tried again. */
export interface Failure {
  readonly tries: number
  readonly retryAtMs: number
}

/** A record that is kept here, to its replication. */
export interface Held {
  readonly id: string
  readonly key: Key
  /** The peers believed to hold this version, by the hex of their id. */
  settled: Set<string>
  /** Peers counted as settled only because a closer holder is to push to them: by the hex of their id, the holder's, and until when that is in doubt. */
  readonly entrusted: Map<string, { readonly to: Key; readonly untilMs: number }>
  /** Peers that a push did not reach, and that are pushed to again: by the hex of their id. */
  readonly failed: Map<string, Failure>
  /** The live peers that count and are closest to it, as far as `reach`; undefined: it is to be looked over whatever changes. */
  nearest: readonly Contact[] | undefined
  /** Whoever is farther from it is none of these; undefined: nobody is, there are few. */
  reach: Key | undefined
  /** Among them, those that may be made up. */
  unproven: readonly Contact[]
  /** This peer's own record: it never goes. */
  readonly own: boolean
  /** The replicas that have said they have it, by the hex of their id, while this peer is none of them itself. */
  proved: Set<string> | undefined
  repairAtMs: number
  /** It was not compared yet. */
  isFresh: boolean
}

/** Notes the peers closest to a record, all of them looked for anew. */
export function noteAround(held: Held, { counted, unproven }: Around): void {
  held.nearest = counted
  held.unproven = unproven
  held.reach = counted[nearestCount - 1]?.id
}

/** Whether a peer is, or would be, among the closest to a record that are looked at; all are while there are few. */
export function isWithin({ key, reach }: Held, id: Key): boolean {
  return !reach || Key.compare(key, id, reach) <= 0
}

/** Whether what a peer is to the record by now is another than was noted last; it is within its reach. */
export function isOther(held: Held, id: Key, standing: Standing): boolean {
  return !held.nearest || standingAt(held, id) !== standing
}

/** Notes what a peer is to the record by now. Whether that is another than before. */
export function noteStanding(held: Held, contact: Contact, standing: Standing): boolean {
  const { nearest } = held
  if (!nearest) return true
  if (!isWithin(held, contact.id) || !isOther(held, contact.id, standing)) return false
  const isAnother = ({ id }: Contact) => !id.equals(contact.id)
  held.unproven = held.unproven.filter(isAnother)
  held.nearest = nearest.filter(isAnother)
  if (standing === 'unproven' && held.unproven.length < replicas) held.unproven = [...held.unproven, contact]
  if (standing === 'counted') held.nearest = closest(held.key, [...held.nearest, contact], nearestCount, ({ id }) => id)
  if (held.nearest.length === nearestCount) held.reach = held.nearest[nearestCount - 1]!.id
  // Beyond its reach there are others to take the places of those that went.
  else if (held.reach && held.nearest.length < nearestMin) held.nearest = undefined
  return true
}

/** What a peer was to the record when that was last noted. */
function standingAt({ nearest, unproven }: Held, id: Key): Standing {
  if (nearest?.some((contact) => contact.id.equals(id))) return 'counted'
  return unproven.some((contact) => contact.id.equals(id)) ? 'unproven' : 'none'
}

/** Whether a peer is closer to the key than the other, or there is no other. */
export function isCloser(key: Key, id: Key, other: Contact | undefined): boolean {
  return !other || Key.compare(key, id, other.id) < 0
}

/** Of those who are settled, only these stay so. */
export function forgetOthers(held: Held, contacts: readonly Contact[]): void {
  held.settled = new Set(contacts.map(({ id }) => id.hex).filter((hex) => held.settled.has(hex)))
}
