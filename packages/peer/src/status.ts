import type { PeerRole } from '@hashtab/core'
import type { MeetingPointStatus } from './meeting-place.js'
import type { StorageFaultCode } from './ports/storage.js'

/**
 * `joining`: looking for the first peer. `online`: linked. `alone`: nobody was found, or all are gone; it goes on looking.
 * `left`: over.
 */
export type Phase = 'joining' | 'online' | 'alone' | 'left'

/** How a peer is. A snapshot. */
export interface PeerStatus {
  readonly phase: Phase
  /** `full`: it keeps records and passes messages on for others. `leaf`: it does not, for the time being; see `become`. */
  readonly role: PeerRole
  readonly links: number
  /** Of the links, those to the peers closest in the table: at most 8. */
  readonly siblings: number
  /** Peers in the overlay, this one included: exact while each is linked to each, estimated beyond. */
  readonly estimatedPeers: number
  readonly recordsKept: number
  /** Own records that no other peer has confirmed yet. */
  readonly pendingWrites: number
  /** Watches under way (`watch`, `follow`). */
  readonly watches: number
  /** Those of them that are told of changes by a holder; for the others holders are looked for, or asked every two minutes. */
  readonly watchesLive: number
  /** Whether the tab can be closed without losing a record that only it has. */
  readonly safeToClose: boolean
  /** `memory`: nothing outlives the tab; `storageFault` says why. */
  readonly storage: 'kept' | 'memory'
  readonly storageFault?: StorageFaultCode
  readonly meetingPoints: readonly MeetingPointStatus[]
  /** Connection objects made so far, the failed and closed ones included. */
  readonly connectionsMade: number
  /** Messages of others that were malformed, forged, unasked or over a budget, and own ones that the signer refused to sign. */
  readonly messagesDropped: number
}
