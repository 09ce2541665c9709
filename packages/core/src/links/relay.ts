import type { Key } from '../keys/key.js'
import { type Envelope, hopsMax, type Letter, type Payload, type Request, type Secret } from '../wire/message.js'
import type { Link, RoutingTable } from './routing-table.js'

/** Envelopes that one link may have us pass on, or questions and letters it may have us take: a second's worth of what a tab can relay, then a steady share of it. */
export const relayBurst = 1_000
export const relayPerSecond = 250
const relayGapMs = 1_000 / relayPerSecond

export type RelayOutcome =
  | { type: 'arrived' }
  | { type: 'forward'; link: Link; envelope: Envelope }
  /** Tell the source, unless what failed was itself the answer to something. */
  | { type: 'undeliverable'; notice: { link: Link; envelope: Envelope } | undefined }
  /** `forged`: the path does not end with the peer that the envelope came from. */
  | { type: 'dropped'; reason: 'forged' | 'loop' | 'hops' | 'budget' }

/**
 * Passes envelopes along open links. It keeps no state about them: the way back is written in the envelope.
 * Invariants: 1. an envelope never passes the same peer twice; 2. it takes at most `hopsMax` hops;
 * 3. an answer goes back the way its question came; 4. nothing is said about what failed to be said.
 */
export class Relay {
  readonly #table: RoutingTable

  constructor(table: RoutingTable) {
    this.#table = table
  }

  /** An envelope of our own, on its first hop; undeliverable when no link leads there. */
  dispatch(destination: Key, route: readonly Key[], payload: Payload): RelayOutcome {
    return this.#pass({ type: 'envelope', destination, route, path: [this.#table.self], hopsLeft: hopsMax, payload }, [])
  }

  /** An answer to an envelope that arrived here: back along its path. */
  answer(envelope: Envelope, payload: Payload): RelayOutcome {
    return this.dispatch(sourceOf(envelope), wayBack(envelope), payload)
  }

  /** An envelope that came over a link: has it arrived, and if not, where does it go next? */
  take(envelope: Envelope, from: Link, nowMs: number): RelayOutcome {
    const { self } = this.#table
    if (!envelope.path.at(-1)?.equals(from.contact.id)) return { type: 'dropped', reason: 'forged' }
    if (envelope.path.some((id) => id.equals(self))) return { type: 'dropped', reason: 'loop' }
    const arrived = envelope.destination.equals(self)
    // What answers us we have asked for; everything else costs its link.
    const isAnswer = arrived && !isUnasked(envelope.payload)
    if (!isAnswer && !this.allows(from, nowMs)) return { type: 'dropped', reason: 'budget' }
    if (arrived) return { type: 'arrived' }
    // A leaf relays nothing but answers that come back its way, and for neighbours who may know nobody else yet.
    if (this.#table.role === 'leaf' && envelope.path.length > 1 && isUnasked(envelope.payload))
      return { type: 'undeliverable', notice: this.#notice({ ...envelope, path: [...envelope.path, self] }) }
    return this.passAlong(envelope)
  }

  /** Sends an envelope that came over a link one hop further. */
  passAlong(envelope: Envelope): RelayOutcome {
    if (envelope.hopsLeft <= 0) return { type: 'dropped', reason: 'hops' }
    return this.#pass({ ...envelope, path: [...envelope.path, this.#table.self], hopsLeft: envelope.hopsLeft - 1 }, envelope.path)
  }

  /** Whether the link may have one more thing passed on, or taken. The bucket of tokens is one number (the generic cell rate algorithm, ITU-T I.371): there are many links. */
  allows(link: Link, nowMs: number): boolean {
    const paidMs = Math.max(link.relayPaidMs, nowMs) + relayGapMs
    if (paidMs - nowMs > relayBurst * relayGapMs) return false
    link.relayPaidMs = paidMs
    return true
  }

  #pass(envelope: Envelope, passed: readonly Key[]): RelayOutcome {
    const [named, ...rest] = envelope.route
    const isNew = named && !passed.some((id) => id.equals(named))
    const onRoute = isNew ? this.#table.linkTo(named) : undefined
    const direct = this.#table.linkTo(envelope.destination)
    // Whoever writes a false source into a question shall have the answer: no shorter way for it.
    const link = envelope.payload.type === 'response' ? (onRoute ?? direct) : (direct ?? onRoute)
    if (link) {
      const route = link.contact.id.equals(envelope.destination) ? [] : rest
      return { type: 'forward', link, envelope: { ...envelope, route } }
    }
    const next = this.#table.nextHop(envelope.destination, passed)
    if (next) return { type: 'forward', link: next, envelope: { ...envelope, route: [] } }
    return { type: 'undeliverable', notice: this.#notice(envelope) }
  }

  #notice(envelope: Envelope): { link: Link; envelope: Envelope } | undefined {
    const { payload } = envelope
    if (!isUnasked(payload)) return undefined
    if (sourceOf(envelope).equals(this.#table.self)) return undefined
    const back = { ...envelope, path: envelope.path.slice(0, -1) }
    const outcome = this.dispatch(sourceOf(envelope), wayBack(back), { type: 'undeliverable', id: payload.id })
    return outcome.type === 'forward' ? { link: outcome.link, envelope: outcome.envelope } : undefined
  }
}

/** What answers nothing: its source is told when it goes nowhere, and who brings it pays. */
function isUnasked(payload: Payload): payload is Request | Letter | Secret {
  return payload.type === 'request' || payload.type === 'letter' || payload.type === 'secret'
}

/** The peer an envelope claims to come from: as true as the links it came over. */
export function sourceOf(envelope: Envelope): Key {
  return envelope.path[0]!
}

/** The peers to pass on the way back to where it came from, for what is addressed to this peer, or held by it: its path does not include this peer. */
export function wayBack({ path }: { readonly path: readonly Key[] }): Key[] {
  return path.slice(1).reverse()
}
