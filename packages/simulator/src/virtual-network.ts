import type { LinkId, LinkOrder, Message } from '@hashtab/core'
import type { Schedule } from './happening.js'
import { drawLatencyMs, type Latency } from './latency.js'
import type { RandomSource } from './random-source.js'
import type { VirtualPeer } from './virtual-peer.js'

/** From the order to the description, with the candidates gathered in the meantime (measured: 10 ms is enough). */
export const describeMs = 10
/** A set-up takes this long, and so many round trips of the pair (measured with a delay proxy between browsers). */
export const setUpBaseMs = 55
export const setUpRoundTrips = 3.6
/** An attempt that has not opened by then is closed, as the transport does. */
export const setUpDeadlineMs = 8_000
/** After a crash the other ends see trouble (ICE's `disconnected`), and a while later the end. */
export const troubledAfterMs = 5_000
export const crashSeenMinMs = 5_000
export const crashSeenMaxMs = 15_000
/** A message may take this much longer than the pair's delay. Links keep the order all the same. */
export const jitterShare = 0.2

/** One peer's end of a link, from the first order to the last event. */
export interface LinkEnd {
  readonly peer: VirtualPeer
  readonly link: LinkId
  other: LinkEnd | undefined
  state: 'making' | 'open' | 'over'
  latencyMs: number
  /** When the last thing sent to this end arrives: nothing overtakes it. */
  lastArrivalMs: number
}

export interface VirtualNetworkOptions {
  readonly latency: Latency
  /** The share of pairs that no direct link can be made between. */
  readonly unlinkable: number
}

/**
 * The transport of all peers at once: links that are reliable and ordered, take time to make, and end at the other end a little later.
 * A description is 8 bytes: the peer's index and its number of the link.
 */
export class VirtualNetwork {
  readonly #schedule: Schedule
  readonly #random: RandomSource
  readonly #options: VirtualNetworkOptions
  readonly #peerOf: (index: number) => VirtualPeer | undefined
  /** Ends made so far, as a browser counts `RTCPeerConnection`s: two for a link. */
  connectionsMade = 0

  constructor(
    schedule: Schedule,
    random: RandomSource,
    options: VirtualNetworkOptions,
    peerOf: (index: number) => VirtualPeer | undefined,
  ) {
    this.#schedule = schedule
    this.#random = random
    this.#options = options
    this.#peerOf = peerOf
  }

  order(peer: VirtualPeer, order: LinkOrder, nowMs: number): void {
    switch (order.type) {
      case 'offer':
        this.#make(peer, order.link, nowMs)
        return
      case 'answer':
        this.#make(peer, order.link, nowMs).other = this.#described(order.description)
        return
      case 'accept':
        return this.#accept(peer.ends.get(order.link), this.#described(order.description), nowMs)
      case 'addCandidates':
        return
      case 'end':
        return this.#end(peer.ends.get(order.link), nowMs)
    }
  }

  send(peer: VirtualPeer, link: LinkId, message: Message, nowMs: number): boolean {
    const end = peer.ends.get(link)
    if (end?.state !== 'open') return false
    this.#schedule.push(this.#arrivalMs(end, nowMs), { type: 'message', to: end.other!, message })
    return true
  }

  /** The peer vanishes. The other ends notice late (`crashed`), or as soon as what was sent has arrived. */
  vanish(peer: VirtualPeer, crashed: boolean, nowMs: number): void {
    for (const end of [...peer.ends.values()]) {
      const { other } = end
      if (crashed && end.state === 'open' && other?.state === 'open') this.#crash(other, nowMs)
      else this.#end(end, nowMs)
      end.state = 'over'
    }
    peer.ends.clear()
  }

  /** Brings an end to its next state. Whether the overlay is to be told. */
  reach(end: LinkEnd, what: 'described' | 'opened' | 'troubled' | 'closed' | 'deadline'): boolean {
    switch (what) {
      case 'described':
        return end.state === 'making'
      case 'opened':
        if (end.state !== 'making' || end.other?.state === 'over') return false
        end.state = 'open'
        return true
      case 'troubled':
        return end.state === 'open'
      case 'closed':
        if (end.state === 'over') return false
        this.#forget(end)
        return true
      case 'deadline':
        if (end.state !== 'making') return false
        this.#forget(end)
        return true
    }
  }

  describe(end: LinkEnd): Uint8Array {
    const description = new Uint8Array(8)
    const view = new DataView(description.buffer)
    view.setUint32(0, end.peer.index)
    view.setUint32(4, end.link)
    return description
  }

  #make(peer: VirtualPeer, link: LinkId, nowMs: number): LinkEnd {
    this.connectionsMade += 1
    const end: LinkEnd = { peer, link, other: undefined, state: 'making', latencyMs: 0, lastArrivalMs: 0 }
    peer.ends.set(link, end)
    this.#schedule.push(nowMs + describeMs, { type: 'described', end })
    this.#schedule.push(nowMs + setUpDeadlineMs, { type: 'deadline', end })
    return end
  }

  #described(description: Uint8Array): LinkEnd | undefined {
    const view = new DataView(description.buffer, description.byteOffset, description.byteLength)
    return this.#peerOf(view.getUint32(0))?.ends.get(view.getUint32(4))
  }

  #accept(end: LinkEnd | undefined, other: LinkEnd | undefined, nowMs: number): void {
    if (!end || !other || other.other !== end || end.state !== 'making' || other.state !== 'making') return
    end.other = other
    if (this.#isUnlinkable(end.peer, other.peer)) return
    const latencyMs = drawLatencyMs(this.#options.latency, this.#random)
    const openMs = nowMs + setUpBaseMs + setUpRoundTrips * 2 * latencyMs
    for (const each of [end, other]) {
      each.latencyMs = latencyMs
      each.lastArrivalMs = openMs
      this.#schedule.push(openMs, { type: 'opened', end: each })
    }
  }

  #end(end: LinkEnd | undefined, nowMs: number): void {
    if (!end || end.state === 'over') return
    const { other, state } = end
    if (state === 'open' && other) this.#schedule.push(this.#arrivalMs(end, nowMs), { type: 'closed', end: other })
    this.#forget(end)
  }

  #crash(left: LinkEnd, nowMs: number): void {
    const seenMs = nowMs + this.#random.between(crashSeenMinMs, crashSeenMaxMs)
    this.#schedule.push(Math.min(nowMs + troubledAfterMs, seenMs), { type: 'troubled', end: left })
    this.#schedule.push(seenMs, { type: 'closed', end: left })
  }

  #forget(end: LinkEnd): void {
    end.state = 'over'
    end.peer.ends.delete(end.link)
  }

  #arrivalMs(from: LinkEnd, nowMs: number): number {
    const to = from.other!
    const jitterMs = this.#options.latency.model === 'constant' ? 0 : from.latencyMs * jitterShare * this.#random.share()
    to.lastArrivalMs = Math.max(to.lastArrivalMs, nowMs + from.latencyMs + jitterMs)
    return to.lastArrivalMs
  }

  /** The same pair always gets the same answer: it is behind the same NATs. */
  #isUnlinkable(a: VirtualPeer, b: VirtualPeer): boolean {
    if (this.#options.unlinkable === 0) return false
    const mixed =
      Math.imul(
        a.contact.publicKey[0]! ^ b.contact.publicKey[0]! ^ ((a.contact.publicKey[1]! ^ b.contact.publicKey[1]!) << 8),
        0x9e3779b1,
      ) >>> 0
    return mixed / 2 ** 32 < this.#options.unlinkable
  }
}
