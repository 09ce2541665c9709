import type { Key } from './keys/key.js'
import type { Carriage, ChannelId, LetterBody } from './wire/letter.js'
import type { LateParts } from './late-parts.js'
import type { Message, MessageId, PeerRole, Want, Watchable } from './wire/message.js'
import type { OperationId, Outcome } from './lookups/operations.js'
import type { Contact } from './keys/public-key.js'
import type { Record } from './records/record.js'
import type { Sealing } from './links/introduction-seal.js'
import type { NeighbourList } from './links/neighbour-list.js'
import type { LinkId } from './links/routing-table.js'

/** What the driver tells the overlay. */
export type OverlayEvent =
  | LinkEvent
  | Arrival
  | Call
  | { type: 'woke' }
  /** This peer stood still for a while (frozen, asleep): every link is to prove that it lives. */
  | { type: 'resumed' }
  | { type: 'restored'; stored: ReadonlyMap<string, Uint8Array> }
  /** For an overlay that began without them: see `OverlayOptions`. */
  | { type: 'late'; parts: LateParts }
  | { type: 'sealing'; sealing: Sealing }
  /** Links that are open as if they had been for a while, for simulations that begin in the middle. Nothing is said over them. */
  | { type: 'laidOut'; links: readonly LaidOutLink[] }

/** One such link, its number negative: no link that the overlay makes has such a one. */
export interface LaidOutLink {
  readonly link: LinkId
  readonly contact: Contact
  readonly rttMs: number
  /** Whom its other end is linked to: the same list for all that are linked to it. */
  readonly neighbours: NeighbourList
}

/** What the transport reports of one link. */
export type LinkEvent =
  | { type: 'described'; link: LinkId; description: Uint8Array }
  | { type: 'candidates'; link: LinkId; candidates: Uint8Array }
  | { type: 'opened'; link: LinkId }
  | { type: 'troubled'; link: LinkId }
  | { type: 'closed'; link: LinkId }

/** What came in from other peers and from meeting points, decoded. */
export type Arrival =
  | { type: 'received'; link: LinkId; message: Message }
  | { type: 'malformed'; link: LinkId }
  /** A letter whose signature holds, and that is addressed to this peer. */
  | { type: 'letter'; from: Contact; body: LetterBody; back: Carriage }
  | { type: 'met'; point: number; contacts: readonly Contact[] }
  /** A meeting point runs low and wants this many peers of the overlay to come. */
  | { type: 'drawn'; count: number }

/** What the app, or the driver for it, asks. Each operation is finished by one `finish`, unless it is cancelled. */
export type Call =
  | { type: 'read'; operation: OperationId; target: Key; want: Exclude<Want, 'peers'> }
  /** `all`: it finishes only when all replicas were heard, and somebody else has confirmed it; else when most have it. */
  | { type: 'write'; operation: OperationId; record: Record; ifSeq?: bigint; all?: boolean }
  /** Tells of records by `watched`, until it is cancelled. */
  | { type: 'watch'; operation: OperationId; target: Key; want: Watchable }
  | { type: 'mail'; operation: OperationId; to: Key; data: Uint8Array }
  | { type: 'connect'; operation: OperationId; to: Key }
  | { type: 'channelSend'; operation: OperationId; channel: ChannelId; data: Uint8Array }
  | { type: 'channelClose'; channel: ChannelId }
  | { type: 'cancel'; operation: OperationId }
  /** A letter that the driver has signed, to go over the overlay. */
  | { type: 'sealed'; id: MessageId; to: Key; route: readonly Key[]; sealed: Uint8Array }
  /** What this peer would rather be: a leaf it is only while enough others serve (`RoleKeeper`). */
  | { type: 'become'; role: PeerRole }
  | { type: 'leave' }

/** What the overlay orders the driver to do, in this order. */
export type OverlayEffect =
  | { type: 'send'; link: LinkId; message: Message }
  | LinkOrder
  /** Sign this letter; then hand it to the meeting point, or back as `sealed`. */
  | { type: 'seal'; id: MessageId; to: Key; body: LetterBody; carriage: Carriage }
  /** Check this letter that came for us over the link to `via`; if it holds, hand it back as `letter`. */
  | { type: 'open'; sealed: Uint8Array; back: Carriage; via: Key }
  /** Keep these bytes under this name in storage, or drop them. `own`: our own record, to be on disk before the call returns. */
  | { type: 'persist'; name: string; bytes: Uint8Array | undefined; own: boolean }
  | { type: 'finish'; operation: OperationId; outcome: Outcome | CallOutcome }
  | OverlayNotice

/** Orders for the transport: see `Transport` in `@hashtab/peer`. */
export type LinkOrder =
  | { type: 'offer'; link: LinkId }
  | { type: 'answer'; link: LinkId; description: Uint8Array }
  | { type: 'accept'; link: LinkId; description: Uint8Array }
  | { type: 'addCandidates'; link: LinkId; candidates: Uint8Array }
  | { type: 'end'; link: LinkId }

export type CallOutcome =
  | { readonly type: 'mailed'; readonly received: boolean }
  | { readonly type: 'connected'; readonly channel: ChannelId; readonly contact: Contact }
  | { readonly type: 'notConnected' }
  /** So many are sent, or channels open, already: `mailsMax`, `channelsMax`. */
  | { readonly type: 'tooMany' }
  | { readonly type: 'sent' }
  | { readonly type: 'notSent' }
  /** There are `watchesMax` watches already. */
  | { readonly type: 'notWatched' }

/** What happened, for whoever is interested. */
export type OverlayNotice =
  | { type: 'linked'; contact: Contact }
  | { type: 'unlinked'; contact: Contact }
  | { type: 'mail'; from: Contact; data: Uint8Array }
  /** A record of a key that is watched: there when the watch began, or new. Empty: deleted. */
  | { type: 'watched'; operation: OperationId; record: Record }
  /** `byUs`: our `connect` opened it; else the other peer did. */
  | { type: 'channelOpened'; channel: ChannelId; contact: Contact; byUs: boolean }
  | { type: 'channelMessage'; channel: ChannelId; data: Uint8Array }
  | { type: 'channelClosed'; channel: ChannelId; reason: 'closed' | 'lost' | 'abused' }
  /** The overlay wants this peer to go and stand at its meeting points. */
  | { type: 'drawn' }
