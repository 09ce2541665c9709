import { LateMap } from '../late-map.js'
import type { FreshIds } from '../fresh-ids.js'
import { Key } from '../keys/key.js'
import { Errands } from './errands.js'
import type { Found } from './lookup.js'
import {
  type Answer,
  type Envelope,
  type MessageId,
  type Question,
  replicas,
  type Seek,
  type Want,
  type WatchQuestion,
} from '../wire/message.js'
import { type OperationAsker, type OperationId, Operations, type OperationsEffect, type Outcome, type Purpose } from './operations.js'
import type { Contact } from '../keys/public-key.js'
import type { RecordRoom, RecordRoomEffect } from '../records/record-room.js'
import { type Record, recordId } from '../records/record.js'
import { recordsThatFit } from '../records/records-that-fit.js'
import { Refresh, type RefreshEffect } from './refresh.js'
import { sourceOf } from '../links/relay.js'
import { Requests, type RequestsEffect } from './requests.js'
import { Seeking, type SeekingEffect, type Sought } from './seeking.js'
import type { LinkId, RoutingTable } from '../links/routing-table.js'
import { LookupHost } from './lookup-host.js'
import type { WatchAsker } from '../watches/watch-room.js'
import { type Wrote, wrote, WritesUnderWay } from './writes-under-way.js'
import { isThin, unwritten } from './writing.js'

/** Who waits for an answer. */
type Asker =
  | OperationAsker
  | { readonly for: 'liveness'; readonly link: LinkId }
  | { readonly for: 'push'; readonly id: string }
  | WatchAsker

export type AskingEvent =
  | { type: 'read'; operation: OperationId; target: Key; want: Exclude<Want, 'peers'>; unixS: number }
  | { type: 'write'; operation: OperationId; record: Record; ifSeq?: bigint; unixS: number }
  | { type: 'rewrite'; record: Record; unixS: number }
  | { type: 'locate'; operation: OperationId; target: Key; unixS: number }
  | { type: 'push'; id: string; record: Record; to: Contact; route: readonly Key[]; unixS: number }
  | { type: 'ping'; link: LinkId; to: Key }
  /** A watch looks for the replicas of its key. */
  | { type: 'findReplicas'; topic: string; target: Key; unixS: number }
  | { type: 'pose'; asker: WatchAsker; to: Key; route: readonly Key[]; question: WatchQuestion; tries: number; unixS: number }
  | { type: 'cancel'; operation: OperationId }
  /** `route`: the peers it passed on its way here, the one nearest to here first. */
  | { type: 'answered'; id: MessageId; from: Key; route: readonly Key[]; answer: Answer }
  | { type: 'setOut'; id: MessageId; via: Key }
  | { type: 'nowhere' | 'lost'; id: MessageId }
  | { type: 'undeliverable'; id: MessageId }
  | { type: 'linked'; contact: Contact; sibling: boolean }
  | { type: 'unlinked'; contact: Contact; sibling: boolean }
  | { type: 'woke' }

export type AskingEffect =
  | { type: 'ask'; id: MessageId; to: Key; route: readonly Key[]; question: Question }
  | { type: 'seek'; id: MessageId; target: Key; want: Want; avoid: readonly Key[] }
  | { type: 'finish'; operation: OperationId; outcome: Outcome }
  | { type: 'located'; operation: OperationId; contact: Contact | undefined; route: readonly Key[] }
  | { type: 'found'; contacts: readonly Found[] }
  | { type: 'alive'; link: LinkId; rttMs: number }
  | { type: 'silent'; link: LinkId }
  /** A linked peer left a question unanswered: is it there? */
  | { type: 'troubled'; link: LinkId }
  | { type: 'pushed' | 'notPushed'; id: string; to: Key }
  | { type: 'replicasFound'; topic: string; closest: readonly Found[] }
  /** What was posed was answered; undefined: it was not. */
  | { type: 'replied'; asker: WatchAsker; answer: Answer | undefined }
  | Wrote
  | { type: 'records'; effects: readonly RecordRoomEffect[] }
  | { type: 'unasked' }

/** Questions and answers, put together: lookups and what they are made for, the requests they consist of, and what others are answered. */
export class Asking {
  readonly #self: Contact
  readonly #table: RoutingTable
  readonly #ids: FreshIds
  readonly #records: RecordRoom
  readonly #requests = new Requests<Asker>()
  readonly #operations: Operations
  readonly #seeking: Seeking
  /** Writes whose place a routed lookup has found. */
  readonly #placed = new LateMap<OperationId, { readonly target: Key; readonly purpose: Purpose }>()
  readonly #refresh: Refresh
  readonly #errands = new Errands()
  readonly #writes = new WritesUnderWay()
  #dueMs: number | undefined
  readonly #host: LookupHost

  constructor(self: Contact, table: RoutingTable, ids: FreshIds, records: RecordRoom) {
    this.#self = self
    this.#table = table
    this.#ids = ids
    this.#records = records
    this.#refresh = new Refresh(table, ids)
    this.#host = new LookupHost(table, records)
    this.#seeking = new Seeking(table, ids, this.#host)
    this.#operations = new Operations(table.self, this.#host)
  }

  handle(event: AskingEvent, nowMs: number): AskingEffect[] {
    this.#dueMs = undefined
    const effects = this.#take(event, nowMs)
    const kept = this.#host.takeEffects()
    return kept ? [...effects, { type: 'records', effects: kept }] : effects
  }

  /** Asked for after every message, so remembered until the next event. Infinity: waiting for nothing. */
  get wakeAtMs(): number {
    return (this.#dueMs ??= Math.min(
      this.#requests.wakeAtMs ?? Infinity,
      this.#operations.wakeAtMs ?? Infinity,
      this.#seeking.wakeAtMs ?? Infinity,
      this.#refresh.wakeAtMs ?? Infinity,
    ))
  }

  get estimatedPeers(): number {
    return this.#host.estimatedPeers
  }

  /** What a seek for this is answered with where it ends: the closest peers that are known here, this one included, and the records. */
  answerSeek({ target, want, path }: Seek, unixS: number): Answer {
    // A leaf is none of the closest, unless it is the one that is looked for.
    const self = this.#table.role === 'full' || this.#self.id.equals(target) ? [this.#self] : []
    const sought = this.#table.linkTo(target)
    const leaf = sought?.role === 'leaf' ? [sought.contact] : []
    const known = [...self, ...leaf, ...this.#records.closest(target, replicas + 1)].filter(({ id }) => !id.equals(path[0]!))
    const contacts = known.sort((a, b) => Key.compare(target, a.id, b.id)).slice(0, replicas)
    return { type: 'found', contacts, records: recordsThatFit(this.#records.here(target, want, unixS)) }
  }

  /** The answer to a question that came in an envelope for us. */
  answer(
    question: Exclude<Question, WatchQuestion>,
    envelope: Envelope,
    nowMs: number,
    unixS: number,
  ): { answer: Answer; effects: readonly RecordRoomEffect[] } {
    switch (question.type) {
      case 'ping':
        return { answer: { type: 'pong' }, effects: [] }
      case 'find': {
        const asker = sourceOf(envelope)
        const contacts = this.#table.closestLinks(question.target, replicas + 1).filter(({ contact }) => !contact.id.equals(asker))
        const records = recordsThatFit(this.#records.here(question.target, question.want, unixS))
        return { answer: { type: 'found', contacts: contacts.slice(0, replicas).map(({ contact }) => contact), records }, effects: [] }
      }
      case 'store': {
        const { record, ifSeq } = question
        if (this.#table.role === 'leaf') return { answer: { type: 'receipt', receipt: 'full' }, effects: [] }
        const kept = this.#records.keep(record, { from: envelope.path.at(-1)!, ...(ifSeq !== undefined && { ifSeq }) }, nowMs, unixS)
        return { answer: { type: 'receipt', receipt: kept.receipt, ...(kept.newer && { newer: kept.newer }) }, effects: kept.effects }
      }
    }
  }

  #take(event: AskingEvent, nowMs: number): AskingEffect[] {
    if ('unixS' in event) this.#host.unixS = event.unixS
    switch (event.type) {
      case 'read':
        return this.#start(event.operation, event.target, { type: 'read', want: event.want }, nowMs)
      case 'write': {
        const { operation, record, ifSeq } = event
        const obstacle = this.#records.obstacle(record, ifSeq, this.#host.unixS)
        if (obstacle) return [{ type: 'finish', operation, outcome: unwritten(obstacle) }]
        this.#writes.began(operation, record, ifSeq)
        return this.#start(operation, record.key, { type: 'write', record, ifSeq }, nowMs)
      }
      case 'rewrite': {
        const operation = this.#errands.begin({ for: 'rewrite', record: event.record })
        return this.#start(operation, event.record.key, { type: 'write', record: event.record, ifSeq: undefined }, nowMs)
      }
      case 'locate':
        return this.#start(this.#errands.begin({ for: 'locate', operation: event.operation }), event.target, { type: 'locate' }, nowMs)
      case 'push': {
        const question: Question = { type: 'store', record: event.record }
        return this.#ask({ to: event.to.id, route: event.route, question, asker: { for: 'push', id: event.id }, tries: 2 }, nowMs)
      }
      case 'ping':
        return this.#ask(
          { to: event.to, route: [], question: { type: 'ping' }, asker: { for: 'liveness', link: event.link }, tries: 1 },
          nowMs,
        )
      case 'findReplicas':
        return this.#start(this.#errands.begin({ for: 'watch', topic: event.topic }), event.target, { type: 'look' }, nowMs)
      case 'pose':
        return this.#ask(event, nowMs)
      case 'cancel':
        this.#placed.delete(event.operation)
        this.#sought(this.#seeking.handle({ type: 'cancelled', operation: event.operation }, nowMs), nowMs)
        this.#operations.handle({ type: 'cancelled', operation: event.operation }, nowMs)
        this.#errands.cancel(event.operation)
        return this.#writes.abandoned(event.operation)
      case 'answered': {
        const { id, from, route, answer } = event
        if (answer.type !== 'found' || !this.#seeking.awaits(id)) return this.#replied(this.#requests.handle(event, nowMs), nowMs)
        const { contacts, records } = answer
        return this.#sought(this.#seeking.handle({ type: 'answered', id, from, route, contacts, records }, nowMs), nowMs)
      }
      case 'setOut':
      case 'nowhere':
      case 'lost':
        return this.#sought(this.#seeking.handle(event, nowMs), nowMs)
      case 'undeliverable':
        return this.#replied(this.#requests.handle(event, nowMs), nowMs)
      case 'linked':
      case 'unlinked': {
        if (event.sibling) this.#refresh.handle({ type: 'siblingsChanged' }, nowMs)
        return event.type === 'linked' ? [] : this.#replied(this.#requests.handle({ type: 'linkLost', to: event.contact.id }, nowMs), nowMs)
      }
      case 'woke':
        return [
          ...this.#sought(this.#seeking.handle(event, nowMs), nowMs),
          ...this.#replied(this.#requests.handle(event, nowMs), nowMs),
          ...this.#operated(this.#operations.handle(event, nowMs), nowMs),
          ...this.#refreshed(this.#refresh.handle(event, nowMs), nowMs),
        ]
    }
  }

  #start(operation: OperationId, target: Key, purpose: Purpose, nowMs: number): AskingEffect[] {
    const here = purpose.type === 'read' ? this.#records.here(target, purpose.want, this.#host.unixS) : []
    return this.#sought(this.#seeking.handle({ type: 'start', operation, target, purpose, here }, nowMs), nowMs)
  }

  /** The asked lookup: for what the routed one could not settle. It begins with our own links, and with whom the routed one has named: they may be made up, and cost time then. */
  #startCareful({ operation, target, purpose, records, closest, answered }: Omit<Sought, 'asked'>, nowMs: number): AskingEffect[] {
    const linked = this.#table.closestLinks(target, replicas).map(({ contact }) => ({ contact, route: [] }))
    const seeds = [...linked, ...closest]
    const here = purpose.type === 'read' ? [...records, ...this.#records.here(target, purpose.want, this.#host.unixS)] : []
    return this.#operated(this.#operations.handle({ type: 'start', operation, target, purpose, seeds, answered, here }, nowMs), nowMs)
  }

  #sought(effects: readonly SeekingEffect[], nowMs: number): AskingEffect[] {
    return effects.flatMap((effect): AskingEffect[] => {
      if (effect.type === 'seek') return [effect]
      if (effect.type === 'repair') {
        const { record, to, route } = effect
        return this.#ask({ to, route, question: { type: 'store', record }, asker: { for: 'push', id: recordId(record) }, tries: 1 }, nowMs)
      }
      return effect.believed ? this.#settled(effect.sought, nowMs) : this.#startCareful(effect.sought, nowMs)
    })
  }

  #settled(sought: Sought, nowMs: number): AskingEffect[] {
    const { operation, target, purpose, closest, records, asked } = sought
    switch (purpose.type) {
      case 'read': {
        // Whoever keeps content need not be near it, nor know who is.
        const ids = closest.map(({ contact }) => contact.id)
        if (purpose.want !== 'content' && ids.length === replicas) this.#host.size.note(target, ids)
        const outcome: Outcome = { type: 'read', records, asked, complete: true }
        return this.#finished({ type: 'finish', operation, target, outcome, closest }, nowMs)
      }
      case 'write':
        this.#placed.set(operation, { target, purpose })
        return this.#operated(this.#operations.handle({ type: 'place', operation, target, purpose, closest }, nowMs), nowMs)
      case 'locate': {
        const found = closest.find(({ contact }) => contact.id.equals(target))
        if (!found) return this.#startCareful(sought, nowMs)
        const outcome: Outcome = { type: 'located', contact: found.contact, route: this.#table.routeTo(target) ?? found.route }
        return this.#finished({ type: 'finish', operation, target, outcome, closest }, nowMs)
      }
      case 'look':
        return this.#finished({ type: 'finish', operation, target, outcome: { type: 'looked', closest }, closest }, nowMs)
    }
  }

  #ask(asked: { to: Key; route: readonly Key[]; question: Question; asker: Asker; tries: number }, nowMs: number): AskingEffect[] {
    const { to, route, question, asker, tries } = asked
    const background = this.#isBackground(asker)
    const event = { type: 'ask', id: this.#ids.message(), to, route, question, asker, tries, background } as const
    return this.#replied(this.#requests.handle(event, nowMs), nowMs)
  }

  /** What nobody waits for: pushes, rewrites and refreshes give way to what the app asks. */
  #isBackground(asker: Asker): boolean {
    if (asker.for === 'watch') return asker.side === 'holder'
    if (asker.for !== 'operation') return asker.for === 'push'
    return this.#errands.isBackground(asker.operation)
  }

  #replied(effects: readonly RequestsEffect<Asker>[], nowMs: number): AskingEffect[] {
    return effects.flatMap((effect): AskingEffect[] => {
      switch (effect.type) {
        case 'send':
          return [{ ...effect, type: 'ask' }]
        case 'unasked':
          return [effect]
        case 'late': {
          const { asker, to } = effect
          if (asker.for !== 'operation') return []
          return this.#operated(this.#operations.handle({ type: 'late', asker, from: to }, nowMs), nowMs)
        }
        case 'answered':
        case 'silent':
          return this.#told(effect, nowMs)
      }
    })
  }

  #told(effect: Extract<RequestsEffect<Asker>, { type: 'answered' | 'silent' }>, nowMs: number): AskingEffect[] {
    const { asker, to } = effect
    switch (asker.for) {
      case 'liveness':
        return [
          effect.type === 'answered' ? { type: 'alive', link: asker.link, rttMs: effect.rttMs } : { type: 'silent', link: asker.link },
        ]
      case 'push': {
        const answer = effect.type === 'answered' && effect.answer.type === 'receipt' ? effect.answer : undefined
        if (answer?.newer && recordId(answer.newer) === asker.id) this.#host.learn(answer.newer, to, nowMs)
        return [{ type: answer && answer.receipt !== 'full' ? 'pushed' : 'notPushed', id: asker.id, to }]
      }
      case 'watch':
        return [
          ...(effect.type === 'silent' ? this.#doubted(effect) : []),
          { type: 'replied', asker, answer: effect.type === 'answered' ? effect.answer : undefined },
        ]
      case 'operation': {
        if (effect.type === 'silent') {
          return [...this.#doubted(effect), ...this.#operated(this.#operations.handle({ type: 'silent', asker, from: to }, nowMs), nowMs)]
        }
        const { route, answer } = effect
        return this.#operated(this.#operations.handle({ type: 'answered', asker, from: to, route, answer }, nowMs), nowMs)
      }
    }
  }

  /** A linked peer that does not answer may be gone. */
  #doubted({ to, reason }: Extract<RequestsEffect<Asker>, { type: 'silent' }>): AskingEffect[] {
    const link = this.#table.linkTo(to)
    return link && reason === 'timedOut' ? [{ type: 'troubled', link: link.link }] : []
  }

  #operated(effects: readonly OperationsEffect[], nowMs: number): AskingEffect[] {
    return effects.flatMap((effect): AskingEffect[] => {
      if (effect.type === 'ask') return this.#ask(effect, nowMs)
      return this.#finished(effect, nowMs)
    })
  }

  #finished(effect: Extract<OperationsEffect, { type: 'finish' }>, nowMs: number): AskingEffect[] {
    const { operation, target, outcome, closest } = effect
    const placed = this.#placed.get(operation)
    this.#placed.delete(operation)
    if (placed && outcome.type === 'written' && isThin(outcome))
      return this.#startCareful({ operation, ...placed, records: [], closest: [], answered: [] }, nowMs)
    const isWhole = outcome.type === 'looked' || outcome.type === 'written'
    if (isWhole)
      this.#host.size.note(
        target,
        closest.map(({ contact }) => contact.id),
      )
    const errand = this.#errands.end(operation)
    // What an app's own lookup met is not noted: contacts lead to links, and a lookup is to make none.
    if (operation > 0) return [...this.#writes.ended(operation, outcome), { type: 'finish', operation, outcome }]
    this.#refresh.handle({ type: 'lookedUp', target }, nowMs)
    if (errand?.for === 'watch') return [{ type: 'replicasFound', topic: errand.topic, closest }]
    const found: AskingEffect = { type: 'found', contacts: closest }
    if (errand?.for === 'rewrite' && outcome.type === 'written') return [found, wrote(errand.record, outcome, false)]
    if (errand?.for !== 'locate' || outcome.type !== 'located') return [found]
    return [found, { type: 'located', operation: errand.operation, contact: outcome.contact, route: outcome.route }]
  }

  #refreshed(effects: readonly RefreshEffect[], nowMs: number): AskingEffect[] {
    return effects.flatMap(({ target }) => this.#start(this.#errands.begin({ for: 'refresh' }), target, { type: 'look' }, nowMs))
  }
}
