import type { Key, PublicKey } from '@hashtab/core'
import type { Signer } from './signer.js'
import type { IceServer } from './transport.js'

/**
 * A place where peers that have no link yet find each other, and that carries their first letters.
 * It is trusted with nothing: letters are signed by their writers.
 */
export interface MeetingPoint {
  /** For people: 'wss://signal.example.org', 'tabs of this browser'. */
  readonly name: string
  /** Called once, first. Keeps trying by itself until `close`. */
  start(self: Signer, listener: (event: MeetingPointEvent) => void): void
  /** Takes a letter to a peer that was met here. Best effort, at most `letterBytesMax` long, never throws. */
  carry(to: Key, letter: Uint8Array): void
  /** Comes back from `resting`, tries again now, or asks anew who is here. Called when the overlay is gone or has parted, now and then in any case, and when the meeting point asked for company. */
  wake(): void
  close(): void
}

export type MeetingPointEvent =
  | { type: 'state'; state: MeetingPointState; detail?: string }
  /** These peers are here. Names them once, or again: both are fine. */
  | { type: 'peers'; peers: readonly PublicKey[] }
  | { type: 'letter'; letter: Uint8Array }
  | { type: 'iceServers'; servers: readonly IceServer[] }
  /** The meeting point runs low and wants this many peers of the overlay to come. */
  | { type: 'draw'; count: number }

/** `resting`: works, and asked us not to keep a socket open. `unreachable`: the last try failed; it goes on trying. */
export type MeetingPointState = 'connecting' | 'open' | 'resting' | 'unreachable' | 'closed'
