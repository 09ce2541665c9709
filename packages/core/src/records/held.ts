import { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import { replicas } from '../wire/message.js'
import type { Standing } from './replica-view.js'

/** Live peers looked at around a record: its replicas, and as many that may still hold it from before. */
export const nearestCount = 2 * replicas

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
  /** The live peers that count and were closest to it when it was last looked over; undefined: it is to be looked over whatever changes. */
  nearest: readonly Contact[] | undefined
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

/** Whether a peer is, or would be, among the closest to a record that were looked at; all are while there are few. */
export function isWithin({ key, nearest }: Held, id: Key): boolean {
  const farthest = nearest?.[nearestCount - 1]
  return !farthest || Key.compare(key, id, farthest.id) <= 0
}

/** What a peer was to the record when that was last looked over. */
export function standingAt({ nearest, unproven }: Held, id: Key): Standing {
  if (nearest?.some((contact) => contact.id.equals(id))) return 'counted'
  return unproven.some((contact) => contact.id.equals(id)) ? 'unproven' : 'none'
}

/** Whether a peer is closer to the key than the other, or there is no other. */
export function isCloser(key: Key, id: Key, other: Contact | undefined): boolean {
  return !other || Key.compare(key, id, other.id) < 0
}
