import type { Key } from './keys/key.js'
import { sourceOf, wayBack } from './links/relay.js'
import type { Link, LinkId } from './links/routing-table.js'
import { Machines } from './machines.js'
import type { Call, OverlayEffect, OverlayEvent } from './overlay-event.js'
import type { OverlayOptions } from './overlay-options.js'
import type { OverlayStatus } from './overlay-status.js'
import type { Record } from './records/record.js'
import { type Answer, type Envelope, type Message, type Payload, protocolVersion, type Question, type Seek } from './wire/message.js'

/**
 * One peer of the table: all its machines, put together. Events in, effects out, nothing else: no clock, no socket, no promise.
 * Invariants: 1. effects are in the order in which they are to be done; 2. every operation handed in is finished once, unless cancelled;
 * 3. a link that goes on breaking the rules is ended (`Guard`).
 */
export class Overlay {
  readonly self: Key
  readonly #machines: Machines

  constructor(options: OverlayOptions) {
    this.self = options.contact.id
    this.#machines = new Machines(options)
  }

  handle(event: OverlayEvent, nowMs: number): OverlayEffect[] {
    this.#machines.nowMs = nowMs
    const out = (this.#machines.out = [])
    this.#take(event)
    // Whoever carries them out has them alone: a million overlays remember none.
    this.#machines.out = []
    return out
  }

  /** The earliest deadline of all machines: wake the overlay then, or later. */
  get wakeAtMs(): number {
    return Math.min(
      this.#machines.linking.wakeAtMs,
      this.#machines.asking.wakeAtMs,
      this.#machines.post.wakeAtMs,
      this.#machines.records.wakeAtMs(this.#machines.nowMs, this.#machines.unixS),
      this.#machines.forwarding.wakeAtMs ?? Infinity,
      this.#machines.goOnAtMs,
      this.#machines.surroundedAtMs,
      this.#machines.watches.wakeAtMs,
    )
  }

  get status(): OverlayStatus {
    return {
      role: this.#machines.table.role,
      links: this.#machines.table.linkCount,
      siblings: this.#machines.table.siblings().length,
      estimatedPeers: this.#machines.asking.host.estimatedPeers,
      recordsKept: this.#machines.records.count,
      pendingWrites: this.#machines.records.pending,
      watches: this.#machines.watches.count,
      watchesLive: this.#machines.watches.liveCount(this.#machines.nowMs),
      messagesDropped: this.#machines.dropped,
    }
  }

  /** The highest seq seen for a record of this id (`recordId`); undefined: none. */
  seqSeen(id: string): bigint | undefined {
    return this.#machines.records.seqSeen(id)
  }

  isLinkedTo(id: Key): boolean {
    return this.#machines.table.linkTo(id) !== undefined
  }

  /** Sets the wall clock anew: it may have been put right while the machine slept. */
  setWallClock(unixMs: number, nowMs: number): void {
    this.#machines.unixOffsetMs = unixMs - nowMs
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
      case 'sealing':
        return this.#machines.toLinking(event)
      case 'resumed':
        this.#machines.toLinking(event)
        return this.#machines.toWatches(event)
      case 'received':
        return this.#received(event.link, event.message)
      case 'malformed':
        return this.#machines.fault(event.link)
      case 'letter':
        return this.#machines.toPost(event)
      case 'late':
        this.#machines.late = event.parts
        this.#machines.toLinking({ ...event.parts, type: 'late' })
        this.#machines.toAsking({ ...event.parts, type: 'late' })
        this.#machines.toRecords({ ...event.parts, type: 'late' })
        this.#machines.toPost({ ...event.parts, type: 'late' })
        return this.#machines.toWatches({ ...event.parts, type: 'late' })
      case 'drawn':
        this.#draw(event.count)
        return
      case 'restored':
        return this.#machines.toRecords({ type: 'restored', stored: event.stored })
      case 'woke':
        return this.#woke()
      default:
        return this.#call(event)
    }
  }

  #call(call: Call): void {
    switch (call.type) {
      case 'read':
        this.#machines.toSurrounding({ ...call, type: 'began' })
        return this.#machines.toAsking({ ...call, unixS: this.#machines.unixS })
      case 'write':
        // A write on a condition is ours only once it is met: see `wrote`.
        if (call.ifSeq === undefined) this.#machines.toRecords({ type: 'owned', record: call.record })
        return this.#machines.toAsking({ ...call, unixS: this.#machines.unixS })
      case 'watch':
        return this.#machines.toWatches(call)
      case 'mail':
        return this.#machines.toPost(call)
      case 'connect':
      case 'channelSend':
      case 'channelClose':
        return this.#machines.toPost(call)
      case 'cancel':
        this.#machines.toAsking(call)
        this.#machines.toSurrounding({ type: 'cancelled', operation: call.operation })
        this.#machines.toWatches(call)
        return this.#machines.toPost(call)
      case 'sealed': {
        const { id, to, route, sealed } = call
        return this.#machines.passOn(this.#machines.relay.dispatch(to, route, { type: 'letter', id, sealed }), id)
      }
      case 'become':
        return this.#machines.toLinking(call)
      case 'leave':
        this.#machines.toRecords({ type: 'leaving' })
        this.#machines.toWatches({ type: 'leaving' })
        for (const link of this.#machines.table.links()) this.#machines.send(link.link, { type: 'leaving' })
        return
    }
  }

  #woke(): void {
    const nowMs = this.#machines.nowMs
    if ((this.#machines.forwarding.wakeAtMs ?? Infinity) <= nowMs) this.#machines.toForwarding({ type: 'woke' })
    if (this.#machines.goOnAtMs <= nowMs) this.#machines.goOn()
    if (this.#machines.surroundedAtMs <= nowMs) this.#machines.toSurrounding({ type: 'woke' })
    if (this.#machines.linking.wakeAtMs <= nowMs) this.#machines.toLinking({ type: 'woke' })
    if (this.#machines.asking.wakeAtMs <= nowMs) this.#machines.toAsking({ type: 'woke' })
    if (this.#machines.post.wakeAtMs <= nowMs) this.#machines.toPost({ type: 'woke' })
    if (this.#machines.records.wakeAtMs(nowMs, this.#machines.unixS) <= nowMs) this.#machines.toRecords({ type: 'woke' })
    if (this.#machines.watches.wakeAtMs <= nowMs) this.#machines.toWatches({ type: 'woke' })
  }

  #received(id: LinkId, message: Message): void {
    const link = this.#machines.table.byLinkId(id)
    if (!link) return
    link.lastHeardMs = this.#machines.nowMs
    link.isSilent = false
    if (!this.#machines.guard.admits(link, message, this.self, this.#machines.nowMs)) {
      this.#machines.drop()
      if (message.type === 'neighbours') this.#machines.toLinking({ type: 'broken', link: id })
      return
    }
    switch (message.type) {
      case 'hello':
        if (message.version !== protocolVersion) this.#machines.toLinking({ type: 'broken', link: id })
        return
      case 'wants':
      case 'role':
      case 'neighbours':
      case 'leaving':
      case 'strangers':
        return this.#machines.toLinking({ type: 'said', link, message })
      case 'draw':
        this.#machines.out.push({ type: 'drawn' })
        return
      case 'spoken':
        return this.#machines.toPost({ type: 'spoken', from: link.contact, body: message.body })
      case 'seek':
        return this.#seek(link, message)
      case 'taken':
      case 'declined':
        return this.#acknowledged(message, link)
      case 'envelope':
        return this.#envelope(link, message)
    }
  }

  /** Full peers are called: a hidden tab is to be left in peace. */
  #draw(count: number): void {
    const full = [...this.#machines.table.links()].filter(({ role }) => role === 'full')
    for (const { link } of full.slice(0, count)) this.#machines.send(link, { type: 'draw' })
  }

  #seek(link: Link, seek: Seek): void {
    if (!seek.path.at(-1)?.equals(link.contact.id)) return this.#machines.fault(link.link)
    if (!this.#machines.relay.allows(link, this.#machines.nowMs)) return this.#machines.drop()
    this.#machines.toForwarding({ type: 'seek', seek, from: link })
  }

  #envelope(link: Link, envelope: Envelope): void {
    const outcome = this.#machines.relay.take(envelope, link, this.#machines.nowMs)
    // Where whoever asked first has gone, others may wait for it all the same.
    if (outcome.type === 'forward' || outcome.type === 'undeliverable') this.#machines.passing(envelope, link.link)
    if (outcome.type !== 'arrived') return this.#machines.passOn(outcome, undefined, link)
    const { payload } = envelope
    switch (payload.type) {
      case 'request': {
        const answer = this.#answer(payload.question, envelope, link)
        if (!answer) return this.#machines.drop()
        // Who passes another's bad record on may not know; who brings its own does.
        if (answer.type === 'receipt' && answer.receipt === 'refused' && envelope.path.length === 1) this.#machines.fault(link.link)
        return this.#machines.passOn(this.#machines.relay.answer(envelope, { type: 'response', id: payload.id, answer }), undefined)
      }
      case 'response':
        return this.#answered(payload, envelope, link)
      case 'undeliverable':
      case 'forgotten':
        return this.#noticed(payload, link)
      case 'letter':
        this.#machines.out.push({
          type: 'open',
          sealed: payload.sealed,
          back: { by: 'overlay', route: wayBack(envelope) },
          via: link.contact.id,
        })
        return
      case 'secret':
        return this.#machines.toPost({ type: 'secret', secret: payload, from: sourceOf(envelope), back: wayBack(envelope) })
    }
  }

  /** The next peer of a seek has taken it, or declines it. */
  #acknowledged(message: Extract<Message, { type: 'taken' | 'declined' }>, link: Link): void {
    const effects = this.#machines.forwarding.handle({ ...message, link: link.link }, this.#machines.nowMs)
    if (effects.length === 0) return this.#unasked(link)
    this.#machines.onForwarding(effects)
  }

  #answered({ id, answer }: Extract<Payload, { type: 'response' }>, envelope: Envelope, link: Link): void {
    const from = sourceOf(envelope)
    if (this.#machines.linking.awaits(id)) return this.#machines.toLinking({ type: 'answered', id, from, answer })
    const event = { type: 'answered', id, from, route: wayBack(envelope), answer } as const
    const effects = this.#machines.asking.handle(event, this.#machines.nowMs)
    // Of what is known to be late nothing comes at all.
    if (effects.every(({ type }) => type === 'unasked')) this.#unasked(link)
    this.#machines.onAsking(effects)
  }

  /** Something that we sent went nowhere, or was written under keys that its reader has forgotten. */
  #noticed(notice: Extract<Payload, { type: 'undeliverable' | 'forgotten' }>, link: Link): void {
    const isOurs = notice.type === 'undeliverable' ? this.#machines.undeliverable(notice.id) : this.#machines.tellPost(notice)
    if (!isOurs) this.#unasked(link)
  }

  /** Nothing waits for what came over the link. */
  #unasked(link: Link): void {
    if (!this.#machines.guard.allows(link, 'unasked', this.#machines.nowMs)) this.#machines.fault(link.link)
  }

  /** Undefined: it is not to be answered, so that it comes again. */
  #answer(question: Question, envelope: Envelope, link: Link): Answer | undefined {
    if (question.type === 'store' && !this.#machines.mayJudge(question.record, link, 'store')) return { type: 'receipt', receipt: 'full' }
    if (question.type === 'watch' || question.type === 'changed') {
      const mayJudge = (record: Record) => this.#machines.mayJudge(record, link, 'changed')
      const { answer, effects } = this.#machines.watches.answer(question, envelope, mayJudge, this.#machines.nowMs, this.#machines.unixS)
      this.#machines.onWatches(effects)
      return answer
    }
    const { answer, effects } = this.#machines.answering.answer(question, envelope, this.#machines.nowMs, this.#machines.unixS)
    this.#machines.onRecords(effects)
    return answer
  }
}
