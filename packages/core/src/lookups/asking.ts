import { LateMap } from '../late-map.js'
import type { FreshIds } from '../fresh-ids.js'
import type { Key } from '../keys/key.js'
import { arrive } from './arrival.js'
import type { Asker, AskingEffect, AskingEvent, AskingParts } from './asking-event.js'
import type { Delivering, DeliveringEvent } from './delivering.js'
import { Errands, isBackground, reportOf } from './errands.js'
import type { Found } from './lookup.js'
import { replicas, type StoreOrder } from '../wire/message.js'
import { type OperationId, Operations, type OperationsEffect, type Outcome, type Purpose } from './operations.js'
import type { PlacementSeek, Placements, PlacementsEvent } from './placements.js'
import type { Contact } from '../keys/public-key.js'
import type { RecordRoom } from '../records/record-room.js'
import { recordId } from '../records/record.js'
import { type Posed, posedBy } from './posed.js'
import type { Repair } from './read-repair.js'
import type { Refresh, RefreshEffect } from './refresh.js'
import { Requests, type RequestsEffect } from './requests.js'
import { Seeking, type SeekingEffect, type Sought } from './seeking.js'
import { LookupHost } from './lookup-host.js'
import type { RoutingTable } from '../links/routing-table.js'
import type { AppOperation, Turns } from './turns.js'
import { WritesUnderWay } from './writes-under-way.js'
import { isThin, unwritten } from './writing.js'

/** Questions and answers, put together: lookups and what they are made for, the requests they consist of, and what others are answered. */
export class Asking {
  readonly #self: Contact
  readonly #table: RoutingTable
  readonly #ids: FreshIds
  readonly #records: RecordRoom
  readonly #requests = new Requests<Asker>()
  readonly #operations: Operations
  readonly #seeking: Seeking
  /** Most peers write nothing, and nothing arrives at them, most of the time: made when there is something. */
  #delivering: Delivering | undefined
  #placements: Placements | undefined
  /** Writes whose place a routed lookup has found. */
  readonly #placed = new LateMap<OperationId, { readonly target: Key; readonly purpose: Purpose }>()
  /** Comes late: until then nobody is looked for but whom apps ask for. */
  #refresh: Refresh | undefined
  readonly #errands = new Errands()
  readonly #writes = new WritesUnderWay()
  /** What the app asks for before what it is made with is there begins at once. */
  #turns: Turns | undefined
  #dueMs: number | undefined
  /** Who judges records, and knows how many peers there are. */
  readonly host: LookupHost

  constructor(self: Contact, table: RoutingTable, ids: FreshIds, records: RecordRoom, parts: AskingParts | undefined) {
    this.#self = self
    this.#table = table
    this.#ids = ids
    this.#records = records
    this.#refresh = parts?.newRefresh(table, ids)
    this.host = new LookupHost(self, table, records, parts)
    this.#seeking = new Seeking(table, ids, this.host)
    this.#operations = new Operations(table.self, this.host)
  }

  handle(event: AskingEvent, nowMs: number): AskingEffect[] {
    this.#dueMs = undefined
    const effects = this.#take(event, nowMs)
    for (let next = this.#turns?.next(); next; next = this.#turns?.next()) effects.push(...this.#begin(next, nowMs))
    const kept = this.host.takeEffects()
    return kept ? [...effects, { type: 'records', effects: kept }] : effects
  }

  /** Asked for after every message, so remembered until the next event. Infinity: waiting for nothing. */
  get wakeAtMs(): number {
    return (this.#dueMs ??= Math.min(
      this.#requests.wakeAtMs ?? Infinity,
      this.#operations.wakeAtMs ?? Infinity,
      this.#seeking.wakeAtMs ?? Infinity,
      this.#delivering?.wakeAtMs ?? Infinity,
      this.#placements?.wakeAtMs ?? Infinity,
      this.#refresh?.wakeAtMs ?? Infinity,
    ))
  }

  /** Whether what may come late is here. */
  get isWhole(): boolean {
    return this.host.parts !== undefined
  }

  #take(event: AskingEvent, nowMs: number): AskingEffect[] {
    if ('unixS' in event) this.host.unixS = event.unixS
    switch (event.type) {
      case 'read':
        return this.#inTurn(event, nowMs)
      case 'write': {
        const obstacle = this.#records.obstacle(event.record, event.ifSeq, this.host.unixS)
        if (obstacle) return [{ type: 'finish', operation: event.operation, outcome: unwritten(obstacle) }]
        this.#writes.began(event.operation, event.record, event.ifSeq)
        return this.#inTurn(event, nowMs)
      }
      case 'rewrite':
        return this.#deliver(this.#errands.begin({ for: 'rewrite', record: event.record }), { record: event.record, all: event.all }, nowMs)
      case 'placement':
        return this.#arrived(event.seek, nowMs)
      case 'late':
        this.host.parts = event
        this.#refresh = event.newRefresh(this.#table, this.#ids)
        if (this.#table.linkCount > 0) this.#refresh.handle({ type: 'siblingsChanged' }, nowMs)
        return []
      case 'locate':
        return this.#start(this.#errands.begin({ for: 'locate', operation: event.operation }), event.target, { type: 'locate' }, nowMs)
      case 'push':
      case 'compare':
      case 'ping':
      case 'pose':
        return this.#ask(posedBy(event), nowMs)
      case 'findReplicas':
        return this.#start(this.#errands.begin({ for: 'watch', topic: event.topic }), event.target, { type: 'look' }, nowMs)
      case 'lookAround':
        return this.#start(this.#errands.begin({ ...event, for: 'surrounding' }), event.target, carefulLook, nowMs)
      case 'cancel':
        this.#turns?.ended(event.operation)
        this.#placed.delete(event.operation)
        this.#seeking.handle({ type: 'cancelled', operation: event.operation }, nowMs)
        this.#operations.handle({ type: 'cancelled', operation: event.operation }, nowMs)
        this.#errands.cancel(event.operation)
        return [...this.#delivered({ type: 'cancelled', operation: event.operation }, nowMs), ...this.#writes.abandoned(event.operation)]
      case 'answered': {
        const { id, from, route, answer } = event
        if (answer.type === 'placed' && this.#delivering?.awaits(id)) {
          const placed = { type: 'answered', id, from, route, replicas: answer.replicas, newer: answer.newer } as const
          return this.#delivered(placed, nowMs)
        }
        if (answer.type !== 'found' || !this.#seeking.awaits(id)) return this.#replied(this.#requests.handle(event, nowMs), nowMs)
        const { contacts, records } = answer
        return this.#sought(this.#seeking.handle({ type: 'answered', id, from, route, contacts, records }, nowMs), nowMs)
      }
      case 'setOut':
      case 'nowhere':
      case 'lost':
        return [...this.#sought(this.#seeking.handle(event, nowMs), nowMs), ...this.#delivered(event, nowMs)]
      case 'undeliverable':
        return this.#replied(this.#requests.handle(event, nowMs), nowMs)
      case 'linked':
      case 'unlinked': {
        if (event.sibling) this.#refresh?.handle({ type: 'siblingsChanged' }, nowMs)
        return event.type === 'linked' ? [] : this.#replied(this.#requests.handle({ type: 'linkLost', to: event.contact.id }, nowMs), nowMs)
      }
      case 'woke':
        return [
          ...this.#sought(this.#seeking.handle(event, nowMs), nowMs),
          ...this.#delivered(event, nowMs),
          ...this.#handedOn(event, nowMs),
          ...this.#replied(this.#requests.handle(event, nowMs), nowMs),
          ...this.#operated(this.#operations.handle(event, nowMs), nowMs),
          ...this.#refreshed(this.#refresh?.handle(event, nowMs) ?? [], nowMs),
        ]
    }
  }

  #inTurn(event: AppOperation, nowMs: number): AskingEffect[] {
    this.#turns ??= this.host.parts?.newTurns()
    return this.#turns?.begins(event) === false ? [] : this.#begin(event, nowMs)
  }

  #begin(event: AppOperation, nowMs: number): AskingEffect[] {
    const { operation } = event
    if (event.type === 'read') return this.#start(operation, event.target, { type: 'read', want: event.want }, nowMs)
    const { record, ifSeq, all = false } = event
    return this.#deliver(operation, { record, all, ...(ifSeq !== undefined && { ifSeq }) }, nowMs)
  }

  #start(operation: OperationId, target: Key, purpose: Purpose, nowMs: number, avoid: readonly Key[] = []): AskingEffect[] {
    const here = purpose.type === 'read' ? this.#records.here(target, purpose.want, this.host.unixS) : []
    return this.#sought(this.#seeking.handle({ type: 'start', operation, target, purpose, here, avoid }, nowMs), nowMs)
  }

  #deliver(operation: OperationId, order: StoreOrder, nowMs: number): AskingEffect[] {
    if (!this.host.parts) return this.#writeAt(operation, order, undefined, nowMs)
    this.#delivering ??= this.host.parts.newDelivering(this.#table, this.#ids, this.host)
    return this.#delivered({ type: 'start', operation, order }, nowMs)
  }

  #delivered(event: DeliveringEvent, nowMs: number): AskingEffect[] {
    const effects = this.#delivering?.handle(event, nowMs) ?? []
    return effects.flatMap((effect): AskingEffect[] => {
      switch (effect.type) {
        case 'seek':
          return [effect]
        case 'ask':
          return this.#ask(effect, nowMs)
        case 'look': {
          const { confirmation, target, avoid } = effect
          return this.#start(this.#errands.begin({ for: 'confirmation', confirmation }), target, { type: 'look' }, nowMs, avoid)
        }
        case 'written':
          return this.#finished({ ...effect, type: 'finish' }, nowMs)
        case 'unsettled':
          return this.#writeAt(effect.operation, effect.order, effect.closest, nowMs)
        case 'missing': {
          const { order, closest } = effect
          return this.#writeAt(this.#errands.begin({ for: 'rewrite', record: order.record }), order, closest, nowMs)
        }
      }
    })
  }

  #arrived(seek: PlacementSeek, nowMs: number): AskingEffect[] {
    if (!this.host.parts) return []
    this.#placements ??= this.host.parts.newPlacements(this.#self, this.host)
    return this.#handedOn(arrive(seek, this.host, nowMs), nowMs)
  }

  #handedOn(event: PlacementsEvent, nowMs: number): AskingEffect[] {
    const effects = this.#placements?.handle(event, nowMs) ?? []
    return effects.flatMap((effect) => (effect.type === 'ask' ? this.#ask(effect, nowMs) : [effect]))
  }

  /** Writes to each of the closest in turn, by this peer itself. `closest`: where a lookup has led already. */
  #writeAt(operation: OperationId, { record, ifSeq }: StoreOrder, closest: readonly Found[] | undefined, nowMs: number): AskingEffect[] {
    const purpose: Purpose = { type: 'write', record, ifSeq }
    return closest ? this.#place(operation, record.key, purpose, closest, nowMs) : this.#start(operation, record.key, purpose, nowMs)
  }

  #place(
    operation: OperationId,
    target: Key,
    purpose: Purpose & { readonly type: 'write' },
    closest: readonly Found[],
    nowMs: number,
  ): AskingEffect[] {
    this.#placed.set(operation, { target, purpose })
    return this.#operated(this.#operations.handle({ type: 'place', operation, target, purpose, closest }, nowMs), nowMs)
  }

  /** The asked lookup: for what the routed one could not settle. It begins with our own links, and with whom the routed one has named: they may be made up, and cost time then. */
  #startCareful({ operation, target, purpose, records, closest, answered }: Omit<Sought, 'asked'>, nowMs: number): AskingEffect[] {
    const linked = this.#table.closestLinks(target, replicas).map(({ contact }) => ({ contact, route: [] }))
    const seeds = [...linked, ...closest]
    const here = purpose.type === 'read' ? [...records, ...this.#records.here(target, purpose.want, this.host.unixS)] : []
    return this.#operated(this.#operations.handle({ type: 'start', operation, target, purpose, seeds, answered, here }, nowMs), nowMs)
  }

  #sought(effects: readonly SeekingEffect[], nowMs: number): AskingEffect[] {
    return effects.flatMap((effect): AskingEffect[] => {
      if (effect.type === 'seek') return [effect]
      if (effect.type === 'repair') return this.#repair(effect, nowMs)
      return effect.believed ? this.#settled(effect.sought, nowMs) : this.#unsettled(effect.sought, nowMs)
    })
  }

  #settled(sought: Sought, nowMs: number): AskingEffect[] {
    const { operation, target, purpose, closest, records, asked } = sought
    switch (purpose.type) {
      case 'read': {
        // Whoever keeps content need not be near it, nor know who is.
        if (purpose.want !== 'content' && closest.length === replicas) this.host.noteClosest(target, closest)
        const outcome: Outcome = { type: 'read', records, asked, complete: true }
        return this.#finished({ type: 'finish', operation, target, outcome, closest }, nowMs)
      }
      case 'write':
        return this.#place(operation, target, purpose, closest, nowMs)
      case 'locate': {
        const found = closest.find(({ contact }) => contact.id.equals(target))
        if (!found) return this.#startCareful(sought, nowMs)
        const outcome: Outcome = { type: 'located', contact: found.contact, route: this.#table.routeTo(target) ?? found.route }
        return this.#finished({ type: 'finish', operation, target, outcome, closest }, nowMs)
      }
      case 'look': {
        const confirmation = this.#errands.confirmation(operation)
        if (confirmation !== undefined) return this.#looked(operation, confirmation, closest, asked, nowMs)
        return this.#finished({ type: 'finish', operation, target, outcome: { type: 'looked', closest }, closest }, nowMs)
      }
    }
  }

  /** The lookup that a confirmation waits for has ended. */
  #looked(
    operation: OperationId,
    confirmation: number,
    closest: readonly Found[] | undefined,
    asked: number,
    nowMs: number,
  ): AskingEffect[] {
    this.#errands.end(operation)
    return this.#delivered({ type: 'looked', confirmation, closest, asked }, nowMs)
  }

  #unsettled(sought: Sought, nowMs: number): AskingEffect[] {
    const { operation, asked } = sought
    const confirmation = this.#errands.confirmation(operation)
    if (confirmation !== undefined) return this.#looked(operation, confirmation, undefined, asked, nowMs)
    // Who says to have nothing may not be who it says it is: all of the closest are asked.
    return this.#startCareful(sought.records.length > 0 ? sought : { ...sought, answered: [] }, nowMs)
  }

  #ask({ to, route, question, asker, tries }: Posed, nowMs: number): AskingEffect[] {
    const background = isBackground(asker, this.#errands)
    const event = { type: 'ask', id: this.#ids.message(), to, route, question, asker, tries, background } as const
    return this.#replied(this.#requests.handle(event, nowMs), nowMs)
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
          if (asker.for === 'placement') return this.#handedOn({ type: 'late', asker, from: to }, nowMs)
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
        if (answer?.newer && recordId(answer.newer) === asker.id) this.host.learn(answer.newer, to, nowMs)
        return [{ type: answer && answer.receipt !== 'full' ? 'pushed' : 'notPushed', id: asker.id, to }]
      }
      case 'comparison': {
        const lacking = effect.type === 'answered' && effect.answer.type === 'compared' ? effect.answer.lacking : undefined
        return [{ type: 'compared', to: asker.with, compared: asker.compared, lacking }]
      }
      case 'confirmation': {
        const lacking = effect.type === 'answered' && effect.answer.type === 'compared' ? effect.answer.lacking : undefined
        return this.#delivered({ type: 'compared', asker, lacking }, nowMs)
      }
      case 'placement': {
        const receipt = effect.type === 'answered' && effect.answer.type === 'receipt' ? effect.answer : undefined
        return this.#handedOn({ type: 'heard', asker, from: to, receipt }, nowMs)
      }
      case 'surrounding':
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
      return effect.type === 'repair' ? this.#repair(effect, nowMs) : this.#finished(effect, nowMs)
    })
  }

  #repair({ record, to, route }: Repair, nowMs: number): AskingEffect[] {
    return this.#ask({ to, route, question: { type: 'store', record }, asker: { for: 'push', id: recordId(record) }, tries: 1 }, nowMs)
  }

  #finished(effect: Extract<OperationsEffect, { type: 'finish' }>, nowMs: number): AskingEffect[] {
    const { operation, target, closest } = effect
    const outcome = this.host.judged(effect)
    const placed = this.#placed.get(operation)
    this.#placed.delete(operation)
    if (placed && outcome.type === 'written' && isThin(outcome))
      return this.#startCareful({ operation, ...placed, records: [], closest: [], answered: [] }, nowMs)
    // A read that found something may have ended early, or with others than the closest.
    const isNowhere = outcome.type === 'read' && outcome.complete && outcome.records.length === 0
    if (isNowhere || outcome.type === 'looked' || outcome.type === 'written') this.host.noteClosest(target, closest)
    this.#turns?.ended(operation)
    const errand = this.#errands.end(operation)
    if (operation > 0) return [...this.#writes.ended(operation, outcome), { type: 'finish', operation, outcome }]
    this.#refresh?.handle({ type: 'lookedUp', target }, nowMs)
    return reportOf(errand, outcome, closest)
  }

  #refreshed(effects: readonly RefreshEffect[], nowMs: number): AskingEffect[] {
    return effects.flatMap(({ target }) => this.#start(this.#errands.begin({ for: 'refresh' }), target, { type: 'look' }, nowMs))
  }
}

/** A lookup of what is nowhere: it ends with those of the closest that were asked themselves. */
const carefulLook: Purpose = { type: 'read', want: 'content' }
