import { FreshIds } from './fresh-ids.js'
import { Post, type PostEvent } from './letters/post.js'
import { Forwarding, type ForwardingEffect, type ForwardingEvent, type ForwardingHost, newSeek } from './links/forwarding.js'
import type { LateParts } from './late-parts.js'
import { Guard, type Judged } from './links/guard.js'
import { desktopLinkLimits } from './links/link-policy.js'
import { Linking, type LinkingEffect, type LinkingEvent } from './links/linking.js'
import { Relay, type RelayOutcome, wayBack } from './links/relay.js'
import { type Link, type LinkId, RoutingTable } from './links/routing-table.js'
import { Answering } from './lookups/answering.js'
import { Asking } from './lookups/asking.js'
import type { AskingEffect, AskingEvent } from './lookups/asking-event.js'
import type { PassingReads } from './lookups/passing-reads.js'
import type { Surrounding, SurroundingEvent } from './lookups/surrounding.js'
import type { OverlayEffect } from './overlay-event.js'
import type { OverlayOptions } from './overlay-options.js'
import type { Contact } from './keys/public-key.js'
import type { Record } from './records/record.js'
import { RecordRoom, type RecordRoomEffect, type RecordRoomEvent } from './records/record-room.js'
import { WatchRoom, type WatchRoomEffect, type WatchRoomEvent } from './watches/watch-room.js'
import type { Answer, Envelope, Message, Seek } from './wire/message.js'

/** The machines of one overlay, wired: what one of them orders is an event of another, a message, or an effect of the overlay. */
export class Machines implements ForwardingHost {
  readonly table: RoutingTable
  readonly relay: Relay
  readonly forwarding: Forwarding
  readonly linking: Linking
  readonly asking: Asking
  readonly answering: Answering
  readonly post: Post
  readonly records: RecordRoom
  readonly watches: WatchRoom
  readonly guard = new Guard()
  readonly #self: Contact
  /** What may come late, once it is here. */
  late: LateParts | undefined
  /** Made when the first question of another is passed on. */
  #passingReads: PassingReads | undefined
  /** Made when an app first reads, or the key of a write is crowded. */
  #surrounding: Surrounding | undefined
  /** What was ordered since the overlay's event began, in order. */
  out: OverlayEffect[] = []
  dropped = 0
  nowMs: number
  unixOffsetMs: number

  constructor(options: OverlayOptions) {
    const { contact, verify, random, nowMs } = options
    const ids = new FreshIds(random)
    this.#self = contact
    this.nowMs = nowMs
    this.unixOffsetMs = options.unixMs - nowMs
    this.late = options.late
    this.table = new RoutingTable(contact.id)
    this.relay = new Relay(this.table)
    this.forwarding = new Forwarding(this.table, this)
    this.records = new RecordRoom(this.table, verify, ids, options.late?.newReplication)
    this.linking = new Linking(this.table, ids, options.limits ?? desktopLinkLimits, nowMs, options.late, options.sealing)
    this.asking = new Asking(contact, this.table, ids, this.records, options.late)
    this.answering = new Answering(contact, this.table, this.records)
    this.post = new Post(this.table, ids, options.late?.newCorrespondence)
    this.watches = new WatchRoom(this.table, ids, this.records, options.late)
  }

  get unixS(): number {
    return Math.floor((this.nowMs + this.unixOffsetMs) / 1_000)
  }

  /** See `ForwardingHost`. */
  takes({ store }: Seek): boolean {
    return !store || this.asking.isWhole
  }

  /** See `ForwardingHost`. */
  answersHere(seek: Seek): boolean {
    const { target, want, store } = seek
    if (store) return this.records.isReplica(target)
    if (this.#passingReads?.cached(seek, this.nowMs)) return true
    return this.records.answersHere(target, want, this.unixS)
  }

  /** See `ForwardingHost`. */
  waits(seek: Seek): boolean {
    return this.#passingReads?.waits(seek, this.nowMs) ?? false
  }

  /** When questions that wait for the answers to others are to be passed on; Infinity: none waits. */
  get goOnAtMs(): number {
    return this.#passingReads?.wakeAtMs ?? Infinity
  }

  goOn(seeks = this.#passingReads?.overdue(this.nowMs)): void {
    for (const seek of seeks ?? []) this.toForwarding({ type: 'goesOn', seek })
  }

  toLinking(event: LinkingEvent): void {
    this.#onLinking(this.linking.handle(event, this.nowMs, this.unixS))
  }

  toAsking(event: AskingEvent): void {
    this.onAsking(this.asking.handle(event, this.nowMs))
  }

  toForwarding(event: ForwardingEvent): void {
    this.onForwarding(this.forwarding.handle(event, this.nowMs))
  }

  toRecords(event: RecordRoomEvent): void {
    this.onRecords(this.records.handle(event, this.nowMs, this.unixS))
  }

  toSurrounding(event: SurroundingEvent): void {
    this.#surrounding ??= this.late?.newSurrounding(this.asking.host)
    for (const effect of this.#surrounding?.handle(event, this.nowMs) ?? []) {
      if (effect.type === 'finish') this.out.push(effect)
      else this.toAsking({ ...effect, unixS: this.unixS })
    }
  }

  /** When a search around a key is over; Infinity: there is none. */
  get surroundedAtMs(): number {
    return this.#surrounding?.wakeAtMs ?? Infinity
  }

  toWatches(event: WatchRoomEvent): void {
    this.onWatches(this.watches.handle(event, this.nowMs, this.unixS))
  }

  onForwarding(effects: readonly ForwardingEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'arrived':
          this.#arrived(effect.seek)
          break
        case 'setOut':
        case 'nowhere':
        case 'lost':
          this.toAsking(effect)
          break
        case 'troubled':
          this.toLinking(effect)
          break
        case 'acknowledged':
          this.table.measured(effect.link, effect.afterMs)
          break
        case 'send':
          if (effect.message.type === 'seek') this.#passed(effect.message, effect.link)
          this.send(effect.link, effect.message)
      }
    }
  }

  #passed(seek: Seek, to: LinkId): void {
    if (seek.path.length > 1) (this.#passingReads ??= this.late?.newPassingReads())?.passed(seek, to, this.nowMs)
  }

  /** An envelope that came over this link, and that this peer passes on for others. */
  passing(envelope: Envelope, from: LinkId): void {
    for (const effect of this.#passingReads?.passing(envelope, from, this.nowMs) ?? []) {
      if (effect.type === 'goesOn') this.toForwarding(effect)
      else this.passOn(this.relay.passAlong(effect.envelope), undefined)
    }
  }

  #arrived(seek: Seek): void {
    const { store } = seek
    if (!store) return this.#respond(seek, this.answering.answerSeek(seek, this.#passingReads?.cached(seek, this.nowMs), this.unixS))
    const from = this.table.linkTo(seek.path.at(-1)!)
    if (from && !this.guard.allows(from, 'store', this.nowMs)) return this.drop()
    // The writer goes on by itself, as from any replica that has no room.
    if (!this.mayJudge(store.record, from, 'store'))
      return this.#respond(seek, { type: 'placed', replicas: [{ contact: this.#self, receipt: 'full' }] })
    this.toAsking({ type: 'placement', seek: { ...seek, store }, unixS: this.unixS })
  }

  /** Whether this peer judges a record that came over the link for others; `from` undefined: the link is gone. */
  mayJudge(record: Record, from: Link | undefined, as: Judged): boolean {
    return !this.records.needsProof(record) || this.guard.allowsVerification(from, as, this.nowMs)
  }

  /** Back along the path that the question came. */
  #respond(seek: Seek, answer: Answer): void {
    const { id, path } = seek
    this.passOn(this.relay.dispatch(path[0]!, wayBack(seek), { type: 'response', id, answer }), undefined)
    this.goOn(this.#passingReads?.ended(id))
  }

  /** Does what the relay decided. `own`: the id of our own payload, to be told of when it goes nowhere. */
  passOn(outcome: RelayOutcome, own: string | undefined, from?: Link): void {
    switch (outcome.type) {
      case 'forward':
        return this.send(outcome.link.link, outcome.envelope)
      case 'undeliverable':
        if (outcome.notice) this.send(outcome.notice.link.link, outcome.notice.envelope)
        if (own !== undefined) this.undeliverable(own)
        return
      case 'dropped':
        if (outcome.reason === 'forged' && from) return this.fault(from.link)
        return this.drop()
      case 'arrived':
        return
    }
  }

  /** Whether anything came of it. */
  undeliverable(id: string): boolean {
    if (this.linking.awaits(id)) {
      this.toLinking({ type: 'undeliverable', id })
      return true
    }
    const effects = this.asking.handle({ type: 'undeliverable', id }, this.nowMs)
    this.onAsking(effects)
    return this.tellPost({ type: 'undeliverable', letter: id }) || effects.length > 0
  }

  drop(): void {
    this.dropped += 1
  }

  fault(id: LinkId): void {
    this.drop()
    const link = this.table.byLinkId(id)
    if (link && !this.guard.allows(link, 'fault', this.nowMs)) this.toLinking({ type: 'broken', link: id })
  }

  send(link: LinkId, message: Message): void {
    this.guard.asked(link, message)
    this.out.push({ type: 'send', link, message })
  }

  #onLinking(effects: readonly LinkingEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'linked':
          this.out.push(effect)
          this.toAsking(effect)
          this.toRecords({ type: 'changed', contacts: [effect.contact] })
          this.toPost({ type: 'linked', to: effect.contact.id })
          this.toWatches({ type: 'linked', contact: effect.contact })
          break
        case 'unlinked':
          this.out.push(effect)
          this.guard.forget(effect.link)
          this.toForwarding({ type: 'unlinked', link: effect.link })
          this.toAsking(effect)
          this.toRecords({ type: 'changed', contacts: [effect.contact] })
          this.toPost({ type: 'unlinked', to: effect.contact.id })
          this.toWatches({ type: 'unlinked', contact: effect.contact })
          break
        case 'neighboursChanged':
          this.toRecords({ type: 'changed', contacts: effect.contacts })
          break
        case 'tookRole':
          // Who serves again is given what it is responsible for by those who have it: they were told.
          this.toRecords({ type: effect.role === 'leaf' ? 'steppedDown' : 'steppedUp' })
          if (effect.role === 'leaf') this.toWatches({ type: 'leaving' })
          break
        case 'notIntroduced':
          this.toPost({ type: 'introductionFailed', to: effect.id })
          break
        case 'write':
          this.toPost({ ...effect, type: 'introduction' })
          break
        case 'end':
          this.out.push(effect)
          this.guard.forget(effect.link)
          this.toForwarding({ type: 'unlinked', link: effect.link })
          break
        case 'ping':
          this.toAsking(effect)
          break
        case 'ask':
          this.#ask({ ...effect, question: { type: 'find', target: effect.target, want: 'peers' } })
          break
        default:
          this.out.push(effect)
      }
    }
  }

  onAsking(effects: readonly AskingEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'ask':
          this.#ask(effect)
          break
        case 'alive':
        case 'silent':
        case 'troubled':
        case 'found':
          this.toLinking(effect)
          break
        case 'seek':
          this.toForwarding({ type: 'own', seek: newSeek(effect) })
          break
        case 'respond':
          this.#respond(effect.seek, effect.answer)
          break
        case 'located':
          this.toPost(effect)
          break
        case 'wrote':
          if (effect.crowded) this.toSurrounding({ type: 'crowded', record: effect.record })
          this.toRecords(effect)
          break
        case 'pushed':
        case 'notPushed':
        case 'compared':
          this.toRecords(effect)
          break
        case 'lookedAround':
          this.toSurrounding(effect)
          break
        case 'records':
          this.onRecords(effect.effects)
          break
        case 'replicasFound':
          this.toWatches(effect)
          break
        case 'replied': {
          const { asker } = effect
          if (asker.for === 'surrounding') this.toSurrounding({ type: 'replied', search: asker.search, answer: effect.answer })
          else this.toWatches({ ...effect, asker })
          break
        }
        case 'unasked':
          this.drop()
          break
        case 'finish':
          if (this.#surrounding) this.toSurrounding({ ...effect, type: 'finished' })
          else this.out.push(effect)
      }
    }
  }

  #ask({ id, to, route, question }: Omit<Extract<AskingEffect, { type: 'ask' }>, 'type'>): void {
    this.passOn(this.relay.dispatch(to, route, { type: 'request', id, question }), id)
  }

  toPost(event: PostEvent): void {
    this.tellPost(event)
  }

  /** Whether anything came of it. */
  tellPost(event: PostEvent): boolean {
    const effects = this.post.handle(event, this.nowMs, this.unixS)
    for (const effect of effects) {
      switch (effect.type) {
        case 'dispatch': {
          const { to, route, payload } = effect
          this.passOn(this.relay.dispatch(to, route, payload), payload.type === 'secret' ? payload.id : undefined)
          break
        }
        case 'dropped':
          this.drop()
          break
        case 'spoken':
          this.send(effect.link, { type: 'spoken', id: effect.id, body: effect.body })
          break
        case 'locate':
          this.toAsking({ ...effect, unixS: this.unixS })
          break
        case 'introduce':
        case 'introduction':
        case 'introductionUndeliverable':
        case 'appWants':
          this.toLinking(effect)
          break
        default:
          this.out.push(effect)
      }
    }
    return effects.length > 0
  }

  onRecords(effects: readonly RecordRoomEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'push':
        case 'compare':
        case 'rewrite':
          this.toAsking({ ...effect, unixS: this.unixS })
          break
        case 'kept':
          this.toWatches(effect)
          break
        default:
          this.out.push(effect)
      }
    }
  }

  onWatches(effects: readonly WatchRoomEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'watched' || effect.type === 'finish') this.out.push(effect)
      else this.toAsking({ ...effect, unixS: this.unixS })
    }
  }
}
