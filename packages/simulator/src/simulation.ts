import { type Contact, isInside, type LinkId, type Message, Overlay, type OverlayEffect, type OverlayEvent } from '@hashtab/core'
import { HostileOverlay } from './adversaries/hostile-overlay.js'
import { cheapLateParts, cheapSealing } from './cheap-cipher.js'
import { verifyCheaply } from './cheap-signature.js'
import { EventHeap } from './event-heap.js'
import type { Happening } from './happening.js'
import type { LaidOutLinks } from './laid-out-links.js'
import { laidOutNeighbours } from './laid-out-neighbours.js'
import { LetterPress } from './letter-press.js'
import { MeetingPoint } from './meeting-point.js'
import { sizeOf } from './message-size.js'
import { RandomSource } from './random-source.js'
import { RunningHash } from './running-hash.js'
import type { SimulationOptions } from './simulation-options.js'
import { type Site, siteOf, type SiteOptions } from './site.js'
import { Traffic } from './traffic.js'
import { VirtualNetwork } from './virtual-network.js'
import { type Identity, newcomer, VirtualPeer } from './virtual-peer.js'
import type { Watcher } from './watcher.js'

/** Wall-clock time at which every simulation begins: the same for all, so that expiries do not depend on the day. */
export const beginsUnixMs = 1_800_000_000_000
/** A peer that is not in yet looks for company again after this long, and up to twice as long. */
export const seekAgainMs = 10_000
/** A peer that leaves stays this long, so that what it hands over is sent. */
export const farewellMs = 500

/**
 * Real overlays in virtual time: does for each of them what a driver does for one, carries out their effects in a virtual network, and goes
 * from one happening to the next. Everything that happens follows from the seed.
 */
export class Simulation {
  readonly random: RandomSource
  readonly schedule = new EventHeap<Happening>()
  readonly network: VirtualNetwork
  /** By their numbers. More are added with `addMeetingPoint`. */
  readonly meetingPoints: MeetingPoint[] = []
  readonly traffic = new Traffic()
  readonly hash = new RunningHash()
  /** In no particular order. */
  readonly alive: VirtualPeer[] = []
  watcher: Watcher | undefined
  /** In whole milliseconds, as all that happens does. */
  nowMs = 0
  /** Up to where everything has happened. */
  #passedMs = 0
  happenings = 0
  readonly #options: SimulationOptions
  readonly #siteOptions: SiteOptions
  readonly #byIndex = new Map<number, VirtualPeer>()
  readonly #letters = new LetterPress()
  readonly #randomBytes: (length: number) => Uint8Array
  readonly #inbox: OverlayEvent[] = []
  /** One list for all who are told of no other. */
  readonly #first: readonly MeetingPoint[]
  #indices = 0
  #operations = 0

  constructor(options: SimulationOptions) {
    this.#options = options
    this.random = new RandomSource(options.seed)
    this.#randomBytes = (length) => this.random.bytes(length)
    const { latency, unlinkable = 0, loss = 0, nat, uplinkMbps } = options
    this.#siteOptions = { nat, uplinkMbps, hasPlaces: latency.model === 'geography' }
    this.network = new VirtualNetwork(this.schedule, this.random, { latency, unlinkable, loss }, (index) => this.#byIndex.get(index))
    this.#first = [this.addMeetingPoint()]
  }

  get unixMs(): number {
    return beginsUnixMs + this.nowMs
  }

  /** The first, to which everybody comes who is not told of others. */
  get meetingPoint(): MeetingPoint {
    return this.meetingPoints[0]!
  }

  addMeetingPoint(): MeetingPoint {
    const point = new MeetingPoint(this.meetingPoints.length, this.schedule, this.random)
    this.meetingPoints.push(point)
    return point
  }

  /** A peer stands at one more meeting point from now on. */
  standAt(peer: VirtualPeer, point: MeetingPoint): void {
    peer.points = [...peer.points, point]
    point.visit(peer, this.nowMs)
  }

  /** A tab is opened: of a newcomer, or of one who was here before. */
  join(identity: Identity = newcomer(this.random), points: readonly MeetingPoint[] = this.#first): VirtualPeer {
    const peer = this.#open(identity, points)
    if (peer.storage && peer.storage.size > 0) this.tell(peer, { type: 'restored', stored: new Map(peer.storage) })
    this.#seek(peer, 0)
    this.#setWake(peer)
    return peer
  }

  /** Where somebody stands. */
  siteOf(contact: Contact): Site {
    return siteOf(contact.publicKey, this.#siteOptions)
  }

  /**
   * Tabs that have been open for a while, with the links planned for them: the i-th peer has those of place i. Nobody says anything; what their
   * overlays want to do by themselves begins with the first event that each is told.
   */
  layOut(identities: readonly Identity[], links: LaidOutLinks): VirtualPeer[] {
    this.network.layOut(links, this.#indices + 1)
    const sites = identities.map(({ contact }) => this.siteOf(contact))
    const rttMs = (a: number, b: number) => Math.max(1, Math.round(2 * this.network.latencyMs(sites[a]!, sites[b]!)))
    const linksOf = laidOutNeighbours(identities, links, rttMs)
    return identities.map((identity, i) => {
      const peer = this.#open(identity)
      peer.wasLaidOut = true
      peer.openLinks = links.countOf(i)
      peer.overlay.handle({ type: 'laidOut', links: linksOf(i) }, this.nowMs)
      return peer
    })
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

  /** A tab is gone, and no other notices: what is sent to it is lost, its links seem open. */
  silence(peer: VirtualPeer): void {
    if (!peer.alive) return
    this.#unlist(peer)
    peer.alive = false
    if (peer.wake) peer.wake.peer = undefined
  }

  /** A tab is frozen: nothing happens in it until it thaws. */
  freeze(peer: VirtualPeer): void {
    peer.frozen ??= []
  }

  /** A frozen tab goes on: all that waited for it comes at once. */
  thaw(peer: VirtualPeer): void {
    const waited = peer.frozen ?? []
    peer.frozen = undefined
    for (const happening of waited) this.#happen(happening)
    if (peer.alive) this.tell(peer, { type: 'woke' })
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
      // Whole already; but what is read from an array of doubles stays one until it is rounded, and is no word in those that remember it.
      this.nowMs = Math.floor(this.schedule.nextMs)
      this.happenings += 1
      this.#happen(this.schedule.pop())
    }
    this.nowMs = Math.floor(untilMs)
    this.#passedMs = untilMs
  }

  /** Lets time pass. */
  run(forMs: number): void {
    this.runUntil(this.#passedMs + forMs)
  }

  #happen(happening: Happening): void {
    switch (happening.type) {
      case 'errand':
        return happening.errand.run(this.nowMs)
      case 'message': {
        const { to, message } = happening
        if (to.state !== 'open' || !to.peer.alive) return
        if (to.peer.frozen) return void to.peer.frozen.push(happening)
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
    if (peer.frozen && happening.type !== 'graceOver') return void peer.frozen.push(happening)
    // From the server to somebody whom it does not reach.
    if (this.network.isCutOff(peer) && (happening.type === 'met' || happening.type === 'carried')) return
    this.#note(peer, 3, happening.type.length)
    switch (happening.type) {
      case 'met':
        peer.named = Math.max(peer.named, happening.contacts.length)
        return this.tell(peer, { type: 'met', point: happening.point, contacts: happening.contacts })
      case 'carried':
        return this.#unseal(peer, happening.sealed, { by: 'meetingPoint', point: happening.point })
      case 'graceOver':
        return this.meetingPoints[happening.point]!.graceOver(peer)
      case 'seeks':
        peer.seeking = false
        if (isInside(peer.openLinks, peer.named) && !happening.drawn) return
        this.#visit(peer)
        return this.#seek(peer, seekAgainMs)
      case 'gone':
        return this.#remove(peer, false)
    }
  }

  #wake(peer: VirtualPeer | undefined): void {
    if (!peer || peer.wakeAtMs !== this.nowMs) return
    peer.wakeAtMs = Infinity
    // Whoever thaws looks what is due.
    if (peer.frozen) return
    if (peer.overlay.wakeAtMs > this.nowMs) return this.#setWake(peer)
    this.#note(peer, 2, 0)
    this.tell(peer, { type: 'woke' })
  }

  #linkEvent(happening: Extract<Happening, { type: 'described' | 'opened' | 'troubled' | 'closed' | 'deadline' }>): void {
    const { type, end } = happening
    if (type === 'deadline' && end.state !== 'making') return
    const { peer, link } = end
    if (!peer.alive) return
    if (peer.frozen) return void peer.frozen.push(happening)
    const wasOpen = end.state === 'open' || end.state === 'cut'
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
        return this.#send(peer, effect.link, effect.message)
      case 'end': {
        const wasOpen = this.network.isOpen(peer, effect.link)
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
        return this.#unseal(peer, effect.sealed, effect.back)
      case 'persist':
        if (effect.bytes) peer.storage = (peer.storage ?? new Map<string, Uint8Array>()).set(effect.name, effect.bytes)
        else peer.storage?.delete(effect.name)
        return
      case 'finish':
        return this.watcher?.finished(peer, effect)
      case 'watched':
        return this.watcher?.watched?.(peer, effect)
      case 'drawn':
        return this.#visit(peer)
      case 'linked':
      case 'unlinked':
      case 'mail':
      case 'channelOpened':
      case 'channelMessage':
      case 'channelClosed':
        return
    }
  }

  #send(peer: VirtualPeer, link: LinkId, message: Message): void {
    const bytes = sizeOf(message)
    const to = this.network.send(peer, link, message, bytes, this.nowMs)
    if (!to) return
    this.traffic.note(message, bytes)
    this.watcher?.sent(message, to, bytes)
  }

  #seal(peer: VirtualPeer, { id, to, body, carriage }: Extract<OverlayEffect, { type: 'seal' }>): void {
    const sealed = this.#letters.seal(peer.contact, to, body)
    if (carriage.by === 'meetingPoint') {
      if (!this.network.isCutOff(peer)) this.meetingPoints[carriage.point]!.carry(peer, to, sealed, this.nowMs)
    } else this.#inbox.push({ type: 'sealed', id, to, route: carriage.route, sealed })
  }

  #unseal(peer: VirtualPeer, sealed: Uint8Array, back: Extract<OverlayEffect, { type: 'open' }>['back']): void {
    const letter = this.#letters.open(sealed)
    if (!letter?.to.equals(peer.contact.id)) return
    const event: OverlayEvent = { type: 'letter', from: letter.from, body: letter.body, back }
    // An effect's own letter waits its turn; one from the meeting point is what happens now.
    if (back.by === 'overlay') this.#inbox.push(event)
    else this.tell(peer, event)
  }

  #lostLink(peer: VirtualPeer): void {
    peer.openLinks -= 1
    if (!peer.alive || isInside(peer.openLinks, peer.named)) return
    if (peer.openLinks === 0) this.#visit(peer)
    this.#seek(peer, seekAgainMs)
  }

  /** At once, as the driver does for who has lost its last link, or is called. */
  #visit(peer: VirtualPeer): void {
    if (!this.network.isCutOff(peer)) for (const point of peer.points) point.visit(peer, this.nowMs)
  }

  /** Once per peer at a time: to its meeting points, after a while that is never the same for two. */
  #seek(peer: VirtualPeer, afterMs: number): void {
    if (peer.seeking) return
    peer.seeking = true
    this.schedule.push(this.nowMs + afterMs * (1 + this.random.share()), { type: 'seeks', peer, drawn: false })
  }

  #setWake(peer: VirtualPeer): void {
    const wakeAtMs = Math.max(Math.ceil(peer.overlay.wakeAtMs), this.nowMs)
    if (!peer.alive || wakeAtMs >= peer.wakeAtMs || wakeAtMs === Infinity) return
    peer.wakeAtMs = wakeAtMs
    this.schedule.push(wakeAtMs, (peer.wake ??= { type: 'wake', peer }))
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
    if (peer.wake) peer.wake.peer = undefined
    this.network.vanish(peer, crashed, this.nowMs)
    this.#byIndex.delete(peer.index)
    for (const point of peer.points) {
      point.leave(peer)
      const asked = point.runsLow
      if (asked) this.tell(asked, { type: 'drawn', count: 1 })
    }
  }

  #open(identity: Identity, points = this.#first): VirtualPeer {
    const { nowMs, unixMs } = this
    const { limits } = this.#options
    const { contact, conducts } = identity
    const made = {
      contact,
      verify: verifyCheaply,
      late: cheapLateParts,
      sealing: cheapSealing,
      random: this.#randomBytes,
      nowMs,
      unixMs,
      ...(limits && { limits }),
    }
    const overlay = conducts ? new HostileOverlay(made, conducts, this.random) : new Overlay(made)
    const peer = new VirtualPeer((this.#indices += 1), identity, overlay, this.siteOf(contact), points)
    this.#byIndex.set(peer.index, peer)
    peer.place = this.alive.push(peer) - 1
    return peer
  }

  #note(peer: VirtualPeer, what: number, detail: number): void {
    this.hash.mixTime(this.nowMs)
    this.hash.mix(peer.index)
    this.hash.mix(what)
    this.hash.mix(detail)
  }
}
