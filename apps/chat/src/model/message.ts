import type { UserKey } from './user-key.js'

declare const brand: unique symbol

/** 32 hex digits that nobody else will draw: what a message is known by at both ends. */
export type MessageId = string & { readonly [brand]: 'MessageId' }

/** `queued`: waits for the contact to be found. `sent`: handed to a peer of theirs. `delivered`: they have it, and said so. */
export type MessageState = 'queued' | 'sent' | 'delivered'

export interface Message {
  readonly id: MessageId
  /** Whose conversation it belongs to. */
  readonly contact: UserKey
  readonly from: 'me' | 'them'
  readonly text: string
  /** When it came to be here, by this machine's clock (unix ms): what conversations are ordered by, whatever other clocks say. */
  readonly at: number
  /** When its writer sent it, by the writer's clock (unix ms). */
  readonly sentAt: number
  readonly state: MessageState
}

/** Characters (UTF-16 units) in one message: a few pages, and far below what a channel carries. */
export const messageCharactersMax = 4_000

const progress: readonly MessageState[] = ['queued', 'sent', 'delivered']

/** The text with each half of a surrogate pair that stands alone replaced: UTF-8 cannot carry it. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}

export function newMessageId(): MessageId {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('') as MessageId
}

export function isMessageId(value: unknown): value is MessageId {
  return typeof value === 'string' && /^[0-9a-f]{32}$/.test(value)
}

/** Two tellings of one message, in either order, make one: the first telling stands, and its state only moves forward. */
export function mergeMessage(known: Message | undefined, told: Message): Message {
  if (!known) return told
  return progress.indexOf(told.state) > progress.indexOf(known.state) ? { ...known, state: told.state } : known
}

/** The time to print: the writer's, unless it lies in our future. */
export function shownTime({ at, sentAt }: Message): number {
  return Math.min(at, sentAt)
}

/** What stands on disk, or comes from another tab of another version: read as strictly as what comes from the network. */
export function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false
  const { id, contact, from, text, at, sentAt, state } = value as Partial<Record<keyof Message, unknown>>
  return (
    isMessageId(id) &&
    typeof contact === 'string' &&
    (from === 'me' || from === 'them') &&
    typeof text === 'string' &&
    typeof at === 'number' &&
    typeof sentAt === 'number' &&
    progress.includes(state as MessageState)
  )
}
