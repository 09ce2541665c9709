import type { PeerRole } from './wire/message.js'

/** How a peer of the table is. A snapshot. */
export interface OverlayStatus {
  /** What it is now. Others hear of it over its links. */
  readonly role: PeerRole
  readonly links: number
  readonly siblings: number
  /** Peers of the overlay, this one included: exact while it is a full mesh, estimated beyond. */
  readonly estimatedPeers: number
  readonly recordsKept: number
  /** Own records that no replica has confirmed yet. */
  readonly pendingWrites: number
  /** Watches of the app. */
  readonly watches: number
  /** Those of them for which a holder pushes; for the others holders are looked for, or polled. */
  readonly watchesLive: number
  /** Messages dropped because they were malformed, forged, unasked, looping, or over a budget. */
  readonly messagesDropped: number
}
