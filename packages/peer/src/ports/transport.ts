/** Names one link of this peer, from the first attempt to its end. Chosen by the driver, never used again. */
export type LinkId = number

/**
 * What makes links: authenticated, ordered, reliable message pipes to one other peer.
 *
 * A link is made in four orders, two at each end; what travels between the ends (descriptions, candidates) is
 * opaque to everyone else, at most `descriptionBytesMax` long, and carried by the driver, signed:
 *
 *     offering end: offer(link)                 → `described`   (sent to the other end)
 *     other end:    answer(link, description)   → `described`   (sent back)
 *     offering end: accept(link, description)
 *     both:         → `candidates`*             → addCandidates(link, …) at the other end
 *     both:         → `opened`
 *
 * Orders never throw (but see `send`) and never fail loudly: whatever goes wrong with a link (bad description, deadline, the other end's
 * fault) is told as its one `closed` event. After `closed`, or after `end`, nothing more is told of that link.
 * An order for a link that is not known is ignored.
 */
export interface Transport {
  /** Called once, first. The listener is never called from inside an order. */
  start(listener: (event: TransportEvent) => void): void
  /** Begins a link as the offering end. */
  offer(link: LinkId): void
  /** Begins a link as the answering end, from the other end's description. */
  answer(link: LinkId, description: Uint8Array): void
  /** Gives the offering end the other end's description. */
  accept(link: LinkId, description: Uint8Array): void
  /** Gives either end what the other gathered late. */
  addCandidates(link: LinkId, candidates: Uint8Array): void
  /**
   * Sends one message of 1 to `messageBytesMax` bytes; any other length is a fault of the caller and throws a `RangeError`.
   * Ignored before `opened`. Queued when the pipe is full (see `bufferedBytes`); with over 1 MiB in the queue the link is `closed` as `ended`.
   */
  send(link: LinkId, message: Uint8Array): void
  /** Bytes sent and not yet handed to the network. 0 for an unknown link. */
  bufferedBytes(link: LinkId): number
  /** Ends a link or an attempt at one, and frees it. What was sent before is delivered if that can be done within a second. */
  end(link: LinkId): void
  /** From now on new links use these servers (STUN, TURN), after the transport's own, and no others that were given here before. */
  useIceServers(servers: readonly IceServer[]): void
  /** Ends everything. */
  close(): void
  /** How many times a connection object was made so far: closed ones hold their slot in some browsers (FACTS of WebRTC). */
  readonly connectionsMade: number
}

export type TransportEvent =
  | { type: 'described'; link: LinkId; description: Uint8Array }
  | { type: 'candidates'; link: LinkId; candidates: Uint8Array }
  | { type: 'opened'; link: LinkId }
  | { type: 'received'; link: LinkId; message: Uint8Array }
  /** The path looks dead, and may yet come back: a reason to ask the other end for a sign of life. */
  | { type: 'troubled'; link: LinkId }
  | { type: 'closed'; link: LinkId; reason: CloseReason }

/** `failed`: never opened. `refused`: this end could not make one (no slots left). `ended`: the other end, or the network. `abused`: the other end broke a rule. */
export type CloseReason = 'failed' | 'refused' | 'ended' | 'abused'

/** As in `RTCIceServer`. */
export interface IceServer {
  readonly urls: string | readonly string[]
  readonly username?: string
  readonly credential?: string
}

/** How to reach the transport's other end is not known to it; whom it talks to is proved by the signed description. */
export interface TransportOptions {
  readonly iceServers?: readonly IceServer[]
}
