import type { LinkId, LinkOrder, Message } from '@hashtab/core'
import type { Schedule } from './happening.js'
import { type LaidOutLinks, laidOutLinkId, placeOfLaidOut } from './laid-out-links.js'
import { type Latency, latencyBetween, pairShare } from './latency.js'
import { canLink } from './nat.js'
import type { RandomSource } from './random-source.js'
import type { Site } from './site.js'
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
/** A lost packet is sent again after this long, and twice that when it is lost again: the shortest time-out of Chromium's SCTP. */
export const retransmissionMinMs = 400
/** A time-out is the round trip and this, where that is more (the smallest deviation that Chromium's SCTP reckons with). */
export const retransmissionMarginMs = 220
/** Times that one message is lost at most: by then the link itself would be in doubt. */
export const lossesMax = 6
/** Bytes of a message in one packet (the payload of an SCTP chunk in Chromium). */
export const packetBytes = 1_150

/** One peer's end of a link, from the first order to the last event. */
export interface LinkEnd {
  readonly peer: VirtualPeer
  readonly link: LinkId
  other: LinkEnd | undefined
  /** `cut`: open, but nothing gets through any more. */
  state: 'making' | 'open' | 'cut' | 'over'
  latencyMs: number
  /** When the last thing sent to this end arrives: nothing overtakes it. */
  lastArrivalMs: number
}

export interface VirtualNetworkOptions {
  readonly latency: Latency
  /** The share of pairs that no direct link can be made between, besides those whose routers forbid it. */
  readonly unlinkable: number
  /** The share of packets that are lost, and sent again. */
  readonly loss: number
}

/** Who is cut off from the others: those for whom it answers true. */
export type Side = (peer: VirtualPeer) => boolean

/**
 * The transport of all peers at once: links that are reliable and ordered, take time to make, and end at the other end a little later.
 * A description is 8 bytes: the peer's index and its number of the link.
 */
export class VirtualNetwork {
  readonly #schedule: Schedule
  readonly #random: RandomSource
  readonly #options: VirtualNetworkOptions
  readonly #peerOf: (index: number) => VirtualPeer | undefined
  #laidOut: { readonly links: LaidOutLinks; readonly firstIndex: number } | undefined
  #side: Side | undefined
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
        return this.#accept(peer.ends?.get(order.link), this.#described(order.description), nowMs)
      case 'addCandidates':
        return
      case 'end':
        return this.#end(this.#endOf(peer, order.link), nowMs)
    }
  }

  /** The peer it is sent to; undefined: no such link is open. `bytes`: its size. */
  send(peer: VirtualPeer, link: LinkId, message: Message, bytes: number, nowMs: number): VirtualPeer | undefined {
    const end = peer.ends?.get(link)
    if (end?.state === 'cut') return end.other!.peer
    if (end && end.state !== 'open') return undefined
    const to = end ? end.other! : this.#laidOutOther(peer, link)
    if (!to) return undefined
    this.#schedule.push(this.#arrivalMs(peer, to, bytes, nowMs), { type: 'message', to, message })
    if (!end) this.#laidOut!.links.noteArrival(to.peer.index - this.#laidOut!.firstIndex, placeOfLaidOut(to.link), to.lastArrivalMs, nowMs)
    return to.peer
  }

  isOpen(peer: VirtualPeer, link: LinkId): boolean {
    const state = this.#endOf(peer, link)?.state
    return state === 'open' || state === 'cut'
  }

  /** The peer vanishes. The other ends notice late (`crashed`), or as soon as what was sent has arrived. */
  vanish(peer: VirtualPeer, crashed: boolean, nowMs: number): void {
    for (const end of this.#endsOf(peer)) {
      const { other } = end
      if (crashed && end.state === 'open' && other?.state === 'open') this.#crash(other, nowMs)
      else this.#end(end, nowMs)
      end.state = 'over'
    }
    peer.ends = undefined
  }

  /** Cuts these peers off from the others: what links them breaks, as if both ends had crashed, and no new link can be made. */
  divide(peers: readonly VirtualPeer[], side: Side, nowMs: number): void {
    this.#side = side
    for (const peer of peers) {
      if (!side(peer)) continue
      for (const end of this.#endsOf(peer)) {
        if (end.state !== 'open' || end.other?.state !== 'open' || side(end.other.peer)) continue
        for (const each of [end, end.other]) {
          each.state = 'cut'
          this.#crash(each, nowMs)
        }
      }
    }
  }

  /** New links can be made between any two again. */
  heal(): void {
    this.#side = undefined
  }

  /** Whether this peer is on the side without servers. */
  isCutOff(peer: VirtualPeer): boolean {
    return this.#side?.(peer) ?? false
  }

  /** Takes links for made that were laid out between peers whose indices begin here. */
  layOut(links: LaidOutLinks, firstIndex: number): void {
    this.#laidOut = { links, firstIndex }
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
        return end.state === 'open' || end.state === 'cut'
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

  /** Whether a link can be made between two. The same pair always gets the same answer: it is behind the same routers. */
  canLink(a: Site, b: Site): boolean {
    return canLink(a.nat, b.nat) && (this.#options.unlinkable === 0 || pairShare(a, b, 4) >= this.#options.unlinkable)
  }

  latencyMs(a: Site, b: Site): number {
    return latencyBetween(this.#options.latency, a, b)
  }

  #make(peer: VirtualPeer, link: LinkId, nowMs: number): LinkEnd {
    this.connectionsMade += 1
    const end: LinkEnd = { peer, link, other: undefined, state: 'making', latencyMs: 0, lastArrivalMs: 0 }
    peer.ends = (peer.ends ?? new Map<number, LinkEnd>()).set(link, end)
    this.#schedule.push(nowMs + describeMs, { type: 'described', end })
    this.#schedule.push(nowMs + setUpDeadlineMs, { type: 'deadline', end })
    return end
  }

  #described(description: Uint8Array): LinkEnd | undefined {
    const view = new DataView(description.buffer, description.byteOffset, description.byteLength)
    return this.#peerOf(view.getUint32(0))?.ends?.get(view.getUint32(4))
  }

  #accept(end: LinkEnd | undefined, other: LinkEnd | undefined, nowMs: number): void {
    if (!end || !other || other.other !== end || end.state !== 'making' || other.state !== 'making') return
    end.other = other
    if (this.#side && this.#side(end.peer) !== this.#side(other.peer)) return
    if (!this.canLink(end.peer.site, other.peer.site)) return
    const latencyMs = this.latencyMs(end.peer.site, other.peer.site)
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
    if (state === 'open' && other) this.#schedule.push(this.#arrivalMs(end.peer, other, 0, nowMs), { type: 'closed', end: other })
    this.#forget(end)
  }

  #crash(left: LinkEnd, nowMs: number): void {
    const seenMs = nowMs + this.#random.between(crashSeenMinMs, crashSeenMaxMs)
    this.#schedule.push(Math.min(nowMs + troubledAfterMs, seenMs), { type: 'troubled', end: left })
    this.#schedule.push(seenMs, { type: 'closed', end: left })
  }

  #forget(end: LinkEnd): void {
    end.state = 'over'
    // One that was laid out stays, as over: else it would be laid out again. It lets go of the other end, and of the peer there.
    if (end.link > 0) end.peer.ends?.delete(end.link)
    else end.other = undefined
  }

  #arrivalMs(from: VirtualPeer, to: LinkEnd, bytes: number, nowMs: number): number {
    const jitterMs = this.#options.latency.model === 'constant' ? 0 : to.latencyMs * jitterShare * this.#random.share()
    const lostMs = this.#options.loss > 0 ? this.#lostMs(to, bytes) : 0
    const arrivalMs = Math.round(this.#sentMs(from, bytes, nowMs) + to.latencyMs + jitterMs + lostMs)
    to.lastArrivalMs = Math.max(to.lastArrivalMs, arrivalMs)
    return to.lastArrivalMs
  }

  /** When the last byte has left: what one peer sends, to whomever, leaves one after the other. */
  #sentMs(peer: VirtualPeer, bytes: number, nowMs: number): number {
    const { uplinkBytesPerMs } = peer.site
    if (uplinkBytesPerMs === Infinity) return nowMs
    peer.uplinkFreeMs = Math.max(peer.uplinkFreeMs, nowMs) + bytes / uplinkBytesPerMs
    return peer.uplinkFreeMs
  }

  /** How much later a message arrives for its packets that are lost, and lost again. */
  #lostMs(to: LinkEnd, bytes: number): number {
    const whole = (1 - this.#options.loss) ** Math.max(1, Math.ceil(bytes / packetBytes))
    let lostMs = 0
    let timeoutMs = Math.max(retransmissionMinMs, 2 * to.latencyMs + retransmissionMarginMs)
    for (let losses = 0; losses < lossesMax && this.#random.share() >= whole; losses++) {
      lostMs += timeoutMs
      timeoutMs *= 2
    }
    return lostMs
  }

  /** A peer's end of a link. One that was laid out becomes an object for good: something is to happen to it besides messages. */
  #endOf(peer: VirtualPeer, link: LinkId): LinkEnd | undefined {
    const end = peer.ends?.get(link)
    if (end || link > 0) return end
    const other = this.#laidOutOther(peer, link)
    if (!other) return undefined
    const { links, firstIndex } = this.#laidOut!
    const lastArrivalMs = links.lastArrivalMs(peer.index - firstIndex, placeOfLaidOut(link))
    other.other = { peer, link, other, state: 'open', latencyMs: other.latencyMs, lastArrivalMs }
    for (const each of [other, other.other]) each.peer.ends = (each.peer.ends ?? new Map<number, LinkEnd>()).set(each.link, each)
    return other.other
  }

  #endsOf(peer: VirtualPeer): LinkEnd[] {
    const laidOut = this.#laidOut
    const count = laidOut && peer.wasLaidOut ? laidOut.links.countOf(peer.index - laidOut.firstIndex) : 0
    for (let place = 0; place < count; place++) this.#endOf(peer, laidOutLinkId(place))
    return [...(peer.ends?.values() ?? [])]
  }

  /** The other end of a link that was laid out, made for the moment: a million peers have too many to keep them all. */
  #laidOutOther(peer: VirtualPeer, link: LinkId): LinkEnd | undefined {
    if (link > 0 || !this.#laidOut || !peer.wasLaidOut) return undefined
    const { links, firstIndex } = this.#laidOut
    const here = peer.index - firstIndex
    const place = placeOfLaidOut(link)
    if (place >= links.countOf(here)) return undefined
    const there = links.otherOf(here, place)
    const back = links.backOf(here, place)
    const other = this.#peerOf(firstIndex + there)
    if (!other) return undefined
    const latencyMs = this.latencyMs(peer.site, other.site)
    return {
      peer: other,
      link: laidOutLinkId(back),
      other: undefined,
      state: 'open',
      latencyMs,
      lastArrivalMs: links.lastArrivalMs(there, back),
    }
  }
}
