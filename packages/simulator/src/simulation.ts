import {
  contactOf,
  type LinkLimits,
  type Message,
  Overlay,
  type OverlayEffect,
  type OverlayEvent,
  publicKey,
  publicKeyBytes,
} from '@hashtab/core'
import { verifyCheaply } from './cheap-signature.js'
import { EventHeap } from './event-heap.js'
import type { Happening } from './happening.js'
import type { Latency } from './latency.js'
import { LetterPress } from './letter-press.js'
import { MeetingPoint, pointNumber } from './meeting-point.js'
import { RandomSource } from './random-source.js'
import { RunningHash } from './running-hash.js'
import { Traffic } from './traffic.js'
import { VirtualNetwork } from './virtual-network.js'
import { type Identity, VirtualPeer } from './virtual-peer.js'

/** Wall-clock time at which every simulation begins: the same for all, so that expiries do not depend on the day. */
export const beginsUnixMs = 1_800_000_000_000
/** A peer without any link looks for company again after this long, and up to twice as long. */
export const seekAgainMs = 10_000
/** A peer that leaves stays this long, so that what it hands over is sent. */
export const farewellMs = 500

export interface SimulationOptions {
  readonly seed: number
  readonly latency: Latency
  /** The share of pairs between which no direct link can be made, 0 to 1. */
  readonly unlinkable?: number
  readonly limits?: LinkLimits
}

export type Finish = Extract<OverlayEffect, { type: 'finish' }>

/** Told of what the overlays report; one for all peers. */
export interface Watcher {
  finished(peer: VirtualPeer, finish: Finish): void
  sent(message: Message): void
  /** A peer's watch was told of a record. */
  watched?(peer: VirtualPeer, watched: Extract<OverlayEffect, { type: 'watched' }>): void
}

/**
 * Real overlays in virtual time: does for each of them what a driver does for one, carries out their effects in a virtual network, and goes
 * from one happening to the next. Everything that happens follows from the seed.
 */
export class Simulation {
  readonly random: RandomSource
  readonly schedule = new EventHeap<Happening>()
  readonly network: VirtualNetwork
  readonly meetingPoint: MeetingPoint
  readonly traffic = new Traffic()
  readonly hash = new RunningHash()
  /** In no particular order. */
  readonly alive: VirtualPeer[] = []
  watcher: Watcher | undefined
  nowMs = 0
  happenings = 0
  readonly #options: SimulationOptions
  readonly #byIndex = new Map<number, VirtualPeer>()
  readonly #letters = new LetterPress()
  readonly #randomBytes: (length: number) => Uint8Array
  readonly #inbox: OverlayEvent[] = []
  #indices = 0
  #operations = 0

  constructor(options: SimulationOptions) {
    this.#options = options
    this.random = new RandomSource(options.seed)
    this.#randomBytes = (length) => this.random.bytes(length)
    const { latency, unlinkable = 0 } = options
    this.network = new VirtualNetwork(this.schedule, this.random, { latency, unlinkable }, (index) => this.#byIndex.get(index))
    this.meetingPoint = new MeetingPoint(this.schedule, this.random)
  }

  get unixMs(): number {
    return beginsUnixMs + this.nowMs
  }

  /** A tab is opened: of a newcomer, or of one who was here before. */
  join(identity: Identity = this.#newcomer()): VirtualPeer {
    const { nowMs, unixMs } = this
    const { limits } = this.#options
    const { contact } = identity
    const overlay = new Overlay({ contact, verify: verifyCheaply, random: this.#randomBytes, nowMs, unixMs, ...(limits && { limits }) })
    const peer = new VirtualPeer((this.#indices += 1), identity, overlay)
    this.#byIndex.set(peer.index, peer)
    peer.place = this.alive.push(peer) - 1
    if (peer.storage.size > 0) this.tell(peer, { type: 'restored', stored: new Map(peer.storage) })
    this.#seek(peer, 0)
    this.#setWake(peer)
    return peer
  }

  /** A tab is closed in the proper way. */
  leave(peer: VirtualPeer): void {
    if (peer.place < 0) return
    this.#unlist(peer)
    this.tell(peer, { type: 'leave' })
    this.schedule.push(this.nowMs + farewellMs, { type: 'gone', peer })
  }

  /** A tab is gone all at once: its battery, its network, its process. */
  crash(peer: VirtualPeer): void {
    if (!peer.alive) return
    this.#unlist(peer)
    this.#remove(peer, true)
  }

  /** A number for the next operation, of whatever peer. */
  nextOperation(): number {
    return (this.#operations += 1)
  }

  /** Hands one event to a peer, and does what its overlay orders. */
  tell(peer: VirtualPeer, event: OverlayEvent): void {
    this.#inbox.push(event)
    for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) {
      for (const effect of peer.overlay.handle(next, this.nowMs)) this.#carryOut(peer, effect)
    }
    this.#setWake(peer)
  }

  /** Lets everything happen up to this time. */
  runUntil(untilMs: number): void {
    while (this.schedule.nextMs <= untilMs) {
      this.nowMs = this.schedule.nextMs
      this.happenings += 1
      this.#happen(this.schedule.pop())
    }
    this.nowMs = untilMs
  }

  /** Lets time pass. */
  run(forMs: number): void {
    this.runUntil(this.nowMs + forMs)
  }

  #happen(happening: Happening): void {
    switch (happening.type) {
      case 'errand':
        return happening.errand.run(this.nowMs)
      case 'message': {
        const { to, message } = happening
        if (to.state !== 'open') return
        this.#note(to.peer, 1, to.link)
        return this.tell(to.peer, { type: 'received', link: to.link, message })
      }
      case 'wake':
        return this.#wake(happening.peer)
      case 'described':
      case 'opened':
      case 'troubled':
      case 'closed':
      case 'deadline':
        return this.#linkEvent(happening)
      default:
        return this.#meeting(happening)
    }
  }

  #meeting(happening: Extract<Happening, { type: 'met' | 'carried' | 'graceOver' | 'seeks' | 'gone' }>): void {
    const { peer } = happening
    if (!peer.alive) return
    this.#note(peer, 3, happening.type.length)
    switch (happening.type) {
      case 'met':
        return this.tell(peer, { type: 'met', point: pointNumber, contacts: happening.contacts })
      case 'carried':
        return this.#open(peer, happening.sealed, { by: 'meetingPoint', point: pointNumber })
      case 'graceOver':
        return this.meetingPoint.graceOver(peer)
      case 'seeks':
        peer.seeking = false
        if (peer.openLinks > 0 && !happening.drawn) return
        this.meetingPoint.visit(peer, this.nowMs)
        return this.#seek(peer, seekAgainMs)
      case 'gone':
        return this.#remove(peer, false)
    }
  }

  #wake(peer: VirtualPeer | undefined): void {
    if (!peer || peer.wakeAtMs !== this.nowMs) return
    peer.wakeAtMs = Infinity
    if (peer.overlay.wakeAtMs > this.nowMs) return this.#setWake(peer)
    this.#note(peer, 2, 0)
    this.tell(peer, { type: 'woke' })
  }

  #linkEvent({ type, end }: Extract<Happening, { type: 'described' | 'opened' | 'troubled' | 'closed' | 'deadline' }>): void {
    const { peer, link } = end
    if (!peer.alive) return
    const wasOpen = end.state === 'open'
    if (!this.network.reach(end, type)) return
    this.#note(peer, 4 + type.length, link)
    if (type === 'opened') peer.openLinks += 1
    if (type === 'closed' && wasOpen) this.#lostLink(peer)
    if (type === 'described') return this.tell(peer, { type, link, description: this.network.describe(end) })
    this.tell(peer, { type: type === 'deadline' ? 'closed' : type, link })
  }

  #carryOut(peer: VirtualPeer, effect: OverlayEffect): void {
    switch (effect.type) {
      case 'send':
        if (!this.network.send(peer, effect.link, effect.message, this.nowMs)) return
        this.traffic.note(effect.message)
        this.watcher?.sent(effect.message)
        return
      case 'end': {
        const wasOpen = peer.ends.get(effect.link)?.state === 'open'
        this.network.order(peer, effect, this.nowMs)
        if (wasOpen) this.#lostLink(peer)
        return
      }
      case 'offer':
      case 'answer':
      case 'accept':
      case 'addCandidates':
        return this.network.order(peer, effect, this.nowMs)
      case 'seal':
        return this.#seal(peer, effect)
      case 'open':
        return this.#open(peer, effect.sealed, effect.back)
      case 'persist':
        if (effect.bytes) peer.storage.set(effect.name, effect.bytes)
        else peer.storage.delete(effect.name)
        return
      case 'finish':
        return this.watcher?.finished(peer, effect)
      case 'watched':
        return this.watcher?.watched?.(peer, effect)
      case 'drawn':
        this.schedule.push(this.nowMs + this.random.between(0, seekAgainMs), { type: 'seeks', peer, drawn: true })
        return
      case 'linked':
      case 'unlinked':
      case 'mail':
      case 'channelOpened':
      case 'channelMessage':
      case 'channelClosed':
        return
    }
  }

  #seal(peer: VirtualPeer, { id, to, body, carriage }: Extract<OverlayEffect, { type: 'seal' }>): void {
    const sealed = this.#letters.seal(peer.contact, to, body)
    if (carriage.by === 'meetingPoint') this.meetingPoint.carry(to, sealed, this.nowMs)
    else this.#inbox.push({ type: 'sealed', id, to, route: carriage.route, sealed })
  }

  #open(peer: VirtualPeer, sealed: Uint8Array, back: Extract<OverlayEffect, { type: 'open' }>['back']): void {
    const letter = this.#letters.open(sealed)
    if (!letter?.to.equals(peer.contact.id)) return
    const event: OverlayEvent = { type: 'letter', from: letter.from, body: letter.body, back }
    // An effect's own letter waits its turn; one from the meeting point is what happens now.
    if (back.by === 'overlay') this.#inbox.push(event)
    else this.tell(peer, event)
  }

  #lostLink(peer: VirtualPeer): void {
    peer.openLinks -= 1
    if (peer.openLinks === 0 && peer.alive) this.#seek(peer, seekAgainMs / 10)
  }

  /** Once per peer at a time: to the meeting point, after a while that is never the same for two. */
  #seek(peer: VirtualPeer, afterMs: number): void {
    if (peer.seeking) return
    peer.seeking = true
    this.schedule.push(this.nowMs + afterMs * (1 + this.random.share()), { type: 'seeks', peer, drawn: false })
  }

  #setWake(peer: VirtualPeer): void {
    const wakeAtMs = Math.max(peer.overlay.wakeAtMs, this.nowMs)
    if (!peer.alive || wakeAtMs >= peer.wakeAtMs || wakeAtMs === Infinity) return
    peer.wakeAtMs = wakeAtMs
    this.schedule.push(wakeAtMs, peer.wake)
  }

  #unlist(peer: VirtualPeer): void {
    const last = this.alive.pop()!
    if (last !== peer) {
      this.alive[peer.place] = last
      last.place = peer.place
    }
    peer.place = -1
  }

  #remove(peer: VirtualPeer, crashed: boolean): void {
    peer.alive = false
    peer.wake.peer = undefined
    this.network.vanish(peer, crashed, this.nowMs)
    this.meetingPoint.leave(peer)
    this.#byIndex.delete(peer.index)
    const asked = this.meetingPoint.runsLow
    if (asked) this.tell(asked, { type: 'drawn', count: 1 })
  }

  #newcomer(): Identity {
    return { contact: contactOf(publicKey(this.random.bytes(publicKeyBytes))), storage: new Map() }
  }

  #note(peer: VirtualPeer, what: number, detail: number): void {
    this.hash.mixTime(this.nowMs)
    this.hash.mix(peer.index)
    this.hash.mix(what)
    this.hash.mix(detail)
  }
}
