import { Asking, type AskingEffect } from './lookups/asking.js'
import { FreshIds } from './fresh-ids.js'
import type { Key } from './keys/key.js'
import { Forwarding, type ForwardingEffect, newSeek } from './links/forwarding.js'
import { Guard } from './links/guard.js'
import { Linking, type LinkingEffect } from './links/linking.js'
import { desktopLinkLimits } from './links/link-policy.js'
import { type Answer, type Envelope, type Message, protocolVersion, type Question, type Seek } from './wire/message.js'
import type { Call, OverlayEffect, OverlayEvent } from './overlay-event.js'
import type { OverlayOptions } from './overlay-options.js'
import type { OverlayStatus } from './overlay-status.js'
import { Post, type PostEvent } from './letters/post.js'
import { RecordRoom, type RecordRoomEffect } from './records/record-room.js'
import { Relay, type RelayOutcome, sourceOf, wayBack } from './links/relay.js'
import { type Link, type LinkId, RoutingTable } from './links/routing-table.js'
import { WatchRoom, type WatchRoomEffect, type WatchRoomEvent } from './watches/watch-room.js'

/**
 * One peer of the table: all its machines, put together. Events in, effects out, nothing else: no clock, no socket, no promise.
 * Invariants: 1. effects are in the order in which they are to be done; 2. every operation handed in is finished once, unless cancelled;
 * 3. a link that goes on breaking the rules is ended (`Guard`).
 */
export class Overlay {
  readonly self: Key
  readonly #table: RoutingTable
  readonly #relay: Relay
  readonly #forwarding: Forwarding
  readonly #linking: Linking
  readonly #asking: Asking
  readonly #post: Post
  readonly #records: RecordRoom
  readonly #watches: WatchRoom
  readonly #guard = new Guard()
  #unixOffsetMs: number
  #dropped = 0
  #nowMs: number
  #out: OverlayEffect[] = []

  constructor(options: OverlayOptions) {
    const { contact, verify, random, nowMs } = options
    const ids = new FreshIds(random)
    const self = contact.id
    this.self = self
    this.#nowMs = nowMs
    this.#unixOffsetMs = options.unixMs - nowMs
    this.#table = new RoutingTable(self)
    this.#relay = new Relay(this.#table)
    this.#forwarding = new Forwarding(this.#table, (seek) => this.#records.answersHere(seek.target, seek.want, this.#unixS))
    this.#records = new RecordRoom(this.#table, verify, ids)
    this.#linking = new Linking(this.#table, ids, options.limits ?? desktopLinkLimits, nowMs)
    this.#asking = new Asking(contact, this.#table, ids, this.#records)
    this.#post = new Post(this.#table, ids, options.cipherSuite)
    this.#watches = new WatchRoom(this.#table, ids, this.#records)
  }

  handle(event: OverlayEvent, nowMs: number): OverlayEffect[] {
    this.#nowMs = nowMs
    this.#out = []
    this.#take(event)
    return this.#out
  }

  /** The earliest deadline of all machines: wake the overlay then, or later. */
  get wakeAtMs(): number {
    return Math.min(
      this.#linking.wakeAtMs,
      this.#asking.wakeAtMs,
      this.#post.wakeAtMs,
      this.#records.wakeAtMs(this.#nowMs, this.#unixS),
      this.#forwarding.wakeAtMs ?? Infinity,
      this.#watches.wakeAtMs,
    )
  }

  get status(): OverlayStatus {
    return {
      links: this.#table.linkCount,
      siblings: this.#table.siblings().length,
      estimatedPeers: this.#asking.estimatedPeers,
      recordsKept: this.#records.count,
      pendingWrites: this.#records.pending,
      watches: this.#watches.count,
      watchesLive: this.#watches.liveCount(this.#nowMs),
      messagesDropped: this.#dropped,
    }
  }

  /** The highest seq seen for a record of this id (`recordId`); undefined: none. */
  seqSeen(id: string): bigint | undefined {
    return this.#records.seqSeen(id)
  }

  isLinkedTo(id: Key): boolean {
    return this.#table.linkTo(id) !== undefined
  }

  /** Sets the wall clock anew: it may have been put right while the machine slept. */
  setWallClock(unixMs: number, nowMs: number): void {
    this.#unixOffsetMs = unixMs - nowMs
  }

  get #unixS(): number {
    return Math.floor((this.#nowMs + this.#unixOffsetMs) / 1_000)
  }

  #take(event: OverlayEvent): void {
    switch (event.type) {
      case 'described':
      case 'candidates':
      case 'opened':
      case 'closed':
      case 'troubled':
      case 'met':
      case 'laidOut':
        return this.#onLinking(this.#linking.handle(event, this.#nowMs))
      case 'received':
        return this.#received(event.link, event.message)
      case 'malformed':
        return this.#fault(event.link)
      case 'letter':
        return this.#toPost(event)
      case 'drawn':
        for (const link of [...this.#table.links()].slice(0, event.count)) this.#send(link.link, { type: 'draw' })
        return
      case 'restored':
        return this.#onRecords(this.#records.handle({ type: 'restored', stored: event.stored }, this.#nowMs, this.#unixS))
      case 'woke':
        return this.#woke()
      default:
        return this.#call(event)
    }
  }

  #call(call: Call): void {
    switch (call.type) {
      case 'read':
        return this.#onAsking(this.#asking.handle({ ...call, unixS: this.#unixS }, this.#nowMs))
      case 'write':
        // A write on a condition is ours only once it is met: see `wrote`.
        if (call.ifSeq === undefined)
          this.#onRecords(this.#records.handle({ type: 'owned', record: call.record }, this.#nowMs, this.#unixS))
        return this.#onAsking(this.#asking.handle({ ...call, unixS: this.#unixS }, this.#nowMs))
      case 'watch':
        return this.#watch(call)
      case 'mail':
        return this.#toPost(call)
      case 'connect':
      case 'channelSend':
      case 'channelClose':
        return this.#toPost(call)
      case 'cancel':
        this.#onAsking(this.#asking.handle(call, this.#nowMs))
        this.#watch(call)
        return this.#toPost(call)
      case 'sealed': {
        const { id, to, route, sealed } = call
        return this.#passOn(this.#relay.dispatch(to, route, { type: 'letter', id, sealed }), id)
      }
      case 'leave':
        this.#onRecords(this.#records.handle({ type: 'leaving' }, this.#nowMs, this.#unixS))
        this.#watch({ type: 'leaving' })
        for (const link of this.#table.links()) this.#send(link.link, { type: 'leaving' })
        return
    }
  }

  #woke(): void {
    const nowMs = this.#nowMs
    if ((this.#forwarding.wakeAtMs ?? Infinity) <= nowMs) this.#onForwarding(this.#forwarding.handle({ type: 'woke' }, nowMs))
    if (this.#linking.wakeAtMs <= nowMs) this.#onLinking(this.#linking.handle({ type: 'woke' }, nowMs))
    if (this.#asking.wakeAtMs <= nowMs) this.#onAsking(this.#asking.handle({ type: 'woke' }, nowMs))
    if (this.#post.wakeAtMs <= nowMs) this.#toPost({ type: 'woke' })
    if (this.#records.wakeAtMs(nowMs, this.#unixS) <= nowMs) this.#onRecords(this.#records.handle({ type: 'woke' }, nowMs, this.#unixS))
    if (this.#watches.wakeAtMs <= nowMs) this.#watch({ type: 'woke' })
  }

  #received(id: LinkId, message: Message): void {
    const link = this.#table.byLinkId(id)
    if (!link) return
    link.lastHeardMs = this.#nowMs
    if (!this.#guard.admits(link, message, this.self, this.#nowMs)) return this.#drop()
    switch (message.type) {
      case 'hello':
        if (message.version !== protocolVersion) this.#onLinking(this.#linking.handle({ type: 'broken', link: id }, this.#nowMs))
        return
      case 'wants':
      case 'neighbours':
      case 'leaving':
      case 'strangers':
        return this.#onLinking(this.#linking.handle({ type: 'said', link, message }, this.#nowMs))
      case 'draw':
        this.#out.push({ type: 'drawn' })
        return
      case 'spoken':
        return this.#toPost({ type: 'spoken', from: link.contact, body: message.body })
      case 'seek':
        return this.#seek(link, message)
      case 'taken':
      case 'declined':
        return this.#onForwarding(this.#forwarding.handle({ ...message, link: id }, this.#nowMs))
      case 'envelope':
        return this.#envelope(link, message)
    }
  }

  #seek(link: Link, seek: Seek): void {
    if (!seek.path.at(-1)?.equals(link.contact.id)) return this.#fault(link.link)
    if (!this.#relay.allows(link, this.#nowMs)) return this.#drop()
    this.#onForwarding(this.#forwarding.handle({ type: 'seek', seek, from: link }, this.#nowMs))
  }

  #onForwarding(effects: readonly ForwardingEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'arrived': {
          const { id, path } = effect.seek
          const answer = this.#asking.answerSeek(effect.seek, this.#unixS)
          const back = path.slice(1).reverse()
          this.#passOn(this.#relay.dispatch(path[0]!, back, { type: 'response', id, answer }), undefined)
          break
        }
        case 'setOut':
        case 'nowhere':
          this.#onAsking(this.#asking.handle(effect, this.#nowMs))
          break
        case 'troubled':
          this.#onLinking(this.#linking.handle(effect, this.#nowMs))
          break
        case 'acknowledged':
          this.#table.measured(effect.link, effect.afterMs)
          break
        case 'send':
          this.#out.push(effect)
      }
    }
  }

  #envelope(link: Link, envelope: Envelope): void {
    const outcome = this.#relay.take(envelope, link, this.#nowMs)
    if (outcome.type !== 'arrived') return this.#passOn(outcome, undefined, link)
    const { payload } = envelope
    switch (payload.type) {
      case 'request': {
        const answer = this.#answer(payload.question, envelope)
        // Who passes another's bad record on may not know; who brings its own does.
        if (answer.type === 'receipt' && answer.receipt === 'refused' && envelope.path.length === 1) this.#fault(link.link)
        return this.#passOn(this.#relay.answer(envelope, { type: 'response', id: payload.id, answer }), undefined)
      }
      case 'response': {
        if (this.#linking.awaits(payload.id)) {
          const event = { type: 'answered', id: payload.id, from: envelope.path[0]!, answer: payload.answer } as const
          return this.#onLinking(this.#linking.handle(event, this.#nowMs))
        }
        const effects = this.#asking.handle(
          { type: 'answered', id: payload.id, from: sourceOf(envelope), route: wayBack(envelope), answer: payload.answer },
          this.#nowMs,
        )
        const unasked = envelope.path.length === 1 && effects.some(({ type }) => type === 'unasked')
        if (unasked && !this.#guard.allows(link, 'unasked', this.#nowMs)) this.#fault(link.link)
        return this.#onAsking(effects)
      }
      case 'undeliverable':
        return this.#undeliverable(payload.id)
      case 'letter':
        this.#out.push({ type: 'open', sealed: payload.sealed, back: { by: 'overlay', route: wayBack(envelope) }, via: link.contact.id })
        return
      case 'secret':
        return this.#toPost({ type: 'secret', secret: payload, from: sourceOf(envelope), back: wayBack(envelope) })
      case 'forgotten':
        return this.#toPost(payload)
    }
  }

  #answer(question: Question, envelope: Envelope): Answer {
    if (question.type === 'watch' || question.type === 'changed') {
      const { answer, effects } = this.#watches.answer(question, envelope, this.#nowMs, this.#unixS)
      this.#onWatches(effects)
      return answer
    }
    const { answer, effects } = this.#asking.answer(question, envelope, this.#nowMs, this.#unixS)
    this.#onRecords(effects)
    return answer
  }

  #watch(event: WatchRoomEvent): void {
    this.#onWatches(this.#watches.handle(event, this.#nowMs, this.#unixS))
  }

  /** Does what the relay decided. `own`: the id of our own payload, to be told of when it goes nowhere. */
  #passOn(outcome: RelayOutcome, own: string | undefined, from?: Link): void {
    switch (outcome.type) {
      case 'forward':
        return this.#send(outcome.link.link, outcome.envelope)
      case 'undeliverable':
        if (outcome.notice) this.#send(outcome.notice.link.link, outcome.notice.envelope)
        if (own !== undefined) this.#undeliverable(own)
        return
      case 'dropped':
        if (outcome.reason === 'forged' && from) return this.#fault(from.link)
        return this.#drop()
      case 'arrived':
        return
    }
  }

  #undeliverable(id: string): void {
    if (this.#linking.awaits(id)) return this.#onLinking(this.#linking.handle({ type: 'undeliverable', id }, this.#nowMs))
    this.#onAsking(this.#asking.handle({ type: 'undeliverable', id }, this.#nowMs))
    this.#toPost({ type: 'undeliverable', letter: id })
  }

  #drop(): void {
    this.#dropped += 1
  }

  #fault(id: LinkId): void {
    this.#drop()
    const link = this.#table.byLinkId(id)
    if (link && !this.#guard.allows(link, 'fault', this.#nowMs))
      this.#onLinking(this.#linking.handle({ type: 'broken', link: id }, this.#nowMs))
  }

  #send(link: LinkId, message: Message): void {
    this.#out.push({ type: 'send', link, message })
  }

  #onLinking(effects: readonly LinkingEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'linked':
          this.#out.push(effect)
          this.#onAsking(this.#asking.handle(effect, this.#nowMs))
          this.#onRecords(this.#records.handle({ type: 'changed', contacts: [effect.contact] }, this.#nowMs, this.#unixS))
          this.#toPost({ type: 'linked', to: effect.contact.id })
          this.#watch({ type: 'linked', contact: effect.contact })
          break
        case 'unlinked':
          this.#out.push(effect)
          this.#onForwarding(this.#forwarding.handle({ type: 'unlinked', link: effect.link }, this.#nowMs))
          this.#onAsking(this.#asking.handle(effect, this.#nowMs))
          this.#onRecords(this.#records.handle({ type: 'changed', contacts: [effect.contact] }, this.#nowMs, this.#unixS))
          this.#toPost({ type: 'unlinked', to: effect.contact.id })
          this.#watch({ type: 'unlinked', contact: effect.contact })
          break
        case 'neighboursChanged':
          this.#onRecords(this.#records.handle({ type: 'changed', contacts: effect.contacts }, this.#nowMs, this.#unixS))
          break
        case 'notIntroduced':
          this.#toPost({ type: 'introductionFailed', to: effect.id })
          break
        case 'write':
          this.#toPost({ ...effect, type: 'introduction' })
          break
        case 'end':
          this.#out.push(effect)
          this.#onForwarding(this.#forwarding.handle({ type: 'unlinked', link: effect.link }, this.#nowMs))
          break
        case 'ping':
          this.#onAsking(this.#asking.handle(effect, this.#nowMs))
          break
        case 'ask': {
          const question = { type: 'find', target: effect.target, want: 'peers' } as const
          this.#passOn(this.#relay.dispatch(effect.to, effect.route, { type: 'request', id: effect.id, question }), effect.id)
          break
        }
        default:
          this.#out.push(effect)
      }
    }
  }

  #onAsking(effects: readonly AskingEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'ask':
          this.#passOn(
            this.#relay.dispatch(effect.to, effect.route, { type: 'request', id: effect.id, question: effect.question }),
            effect.id,
          )
          break
        case 'alive':
        case 'silent':
        case 'troubled':
        case 'found':
          this.#onLinking(this.#linking.handle(effect, this.#nowMs))
          break
        case 'seek':
          this.#onForwarding(this.#forwarding.handle({ type: 'own', seek: newSeek(effect) }, this.#nowMs))
          break
        case 'located':
          this.#toPost(effect)
          break
        case 'pushed':
        case 'notPushed':
        case 'wrote':
          this.#onRecords(this.#records.handle(effect, this.#nowMs, this.#unixS))
          break
        case 'records':
          this.#onRecords(effect.effects)
          break
        case 'replicasFound':
        case 'replied':
          this.#watch(effect)
          break
        case 'unasked':
          this.#drop()
          break
        case 'finish':
          this.#out.push(effect)
      }
    }
  }

  #toPost(event: PostEvent): void {
    for (const effect of this.#post.handle(event, this.#nowMs, this.#unixS)) {
      switch (effect.type) {
        case 'dispatch': {
          const { to, route, payload } = effect
          this.#passOn(this.#relay.dispatch(to, route, payload), payload.type === 'secret' ? payload.id : undefined)
          break
        }
        case 'dropped':
          this.#drop()
          break
        case 'spoken':
          this.#send(effect.link, { type: 'spoken', id: effect.id, body: effect.body })
          break
        case 'locate':
          this.#onAsking(this.#asking.handle({ ...effect, unixS: this.#unixS }, this.#nowMs))
          break
        case 'introduce':
        case 'introduction':
        case 'introductionUndeliverable':
        case 'appWants':
          this.#onLinking(this.#linking.handle(effect, this.#nowMs))
          break
        default:
          this.#out.push(effect)
      }
    }
  }

  #onRecords(effects: readonly RecordRoomEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'push':
        case 'rewrite':
          this.#onAsking(this.#asking.handle({ ...effect, unixS: this.#unixS }, this.#nowMs))
          break
        case 'kept':
          this.#watch(effect)
          break
        default:
          this.#out.push(effect)
      }
    }
  }

  #onWatches(effects: readonly WatchRoomEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'watched' || effect.type === 'finish') this.#out.push(effect)
      else this.#onAsking(this.#asking.handle({ ...effect, unixS: this.#unixS }, this.#nowMs))
    }
  }
}
