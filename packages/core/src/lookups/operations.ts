import { LateMap } from '../late-map.js'
import { Key } from '../keys/key.js'
import { type Found, Lookup, type LookupEffect } from './lookup.js'
import { type Answer, type Question, type Receipt, replicas, type Want } from '../wire/message.js'
import type { Contact } from '../keys/public-key.js'
import type { Brought, Repair, RepairsOf } from './read-repair.js'
import { Reading } from './reading.js'
import type { Record } from '../records/record.js'
import { Writing, type Written } from './writing.js'

/** An operation that takes longer than this ends with what it has. */
export const operationTimeoutMs = 20_000
/** Operations under way at one time; more are answered as if nobody were there. */
export const operationsMax = 256

export type OperationId = number

/** What a lookup is made for. */
export type Purpose =
  /** To know who is there: joining, and refreshing a bucket. */
  | { readonly type: 'look' }
  /** To find one peer, and a way to it. */
  | { readonly type: 'locate' }
  | { readonly type: 'read'; readonly want: Exclude<Want, 'peers'> }
  | { readonly type: 'write'; readonly record: Record; readonly ifSeq: bigint | undefined }

type WritePurpose = Purpose & { readonly type: 'write' }

/** Who asked a question, in terms of operations. */
export interface OperationAsker {
  readonly for: 'operation'
  readonly operation: OperationId
  readonly step: 'find' | 'store'
}

export type Outcome =
  | { readonly type: 'looked'; readonly closest: readonly Found[] }
  | { readonly type: 'located'; readonly contact: Contact | undefined; readonly route: readonly Key[] }
  /**
   * The best record of each publisher, the newest first. `asked`: peers that were asked.
   * `complete`: the lookup came to its end; else it was cut short, or nobody answered, and what it did not find may be there.
   * `crowded`: the peers it ended at are so close to the key as they hardly would be by chance.
   */
  | {
      readonly type: 'read'
      readonly records: readonly Record[]
      readonly asked: number
      readonly complete: boolean
      readonly crowded?: true
    }
  | Written

export type OperationsEvent =
  | {
      type: 'start'
      operation: OperationId
      target: Key
      purpose: Purpose
      seeds: readonly Found[]
      answered: readonly Key[]
      here: readonly Record[]
    }
  /** A routed lookup has found where to write: the peers closest to the target. */
  | { type: 'place'; operation: OperationId; target: Key; purpose: WritePurpose; closest: readonly Found[] }
  | { type: 'answered'; asker: OperationAsker; from: Key; route: readonly Key[]; answer: Answer }
  | { type: 'late'; asker: OperationAsker; from: Key }
  | { type: 'silent'; asker: OperationAsker; from: Key }
  | { type: 'cancelled'; operation: OperationId }
  | { type: 'woke' }

export type OperationsEffect =
  | { type: 'ask'; asker: OperationAsker; to: Key; route: readonly Key[]; question: Question; tries: number }
  | { type: 'finish'; operation: OperationId; target: Key; outcome: Outcome; closest: readonly Found[] }
  | Repair

interface Operation {
  readonly id: OperationId
  readonly target: Key
  readonly purpose: Purpose
  readonly lookup: Lookup
  readonly reading: Reading | undefined
  /** Who answered, and with what. */
  readonly brought: Brought[]
  writing: Writing | undefined
  closest: readonly Found[]
  deadlineMs: number
  isCutShort: boolean
}

/** The judge of records, and the keeper of those this peer is itself a replica for: lent by the overlay. */
export interface OperationsHost {
  /** Whether the record is what it says, filed where it belongs, and not expired. */
  holds(record: Record): boolean
  /** Whether a newer version of it was seen. */
  isBehind(record: Record): boolean
  repairs(...of: Parameters<RepairsOf>): readonly Repair[]
  keep(record: Record, ifSeq: bigint | undefined, nowMs: number): Receipt
  /** Whether these may be the closest to a target that there are. */
  isPlausible(target: Key, closest: readonly Contact[]): boolean
  /** Whether this peer may be a replica itself. */
  serves(): boolean
  /** The linked peers closest to a target: at most `replicas`. */
  closestLinked(target: Key): readonly Contact[]
}

/**
 * The asked lookups under way, each with what it is made for: reading what it meets, or writing to where it ends.
 * Invariants: 1. every operation finishes once, by its deadline, unless it is cancelled; 2. no record leaves here that does not hold.
 */
export class Operations {
  readonly #self: Key
  readonly #host: OperationsHost
  readonly #operations = new LateMap<OperationId, Operation>()

  constructor(self: Key, host: OperationsHost) {
    this.#self = self
    this.#host = host
  }

  handle(event: OperationsEvent, nowMs: number): OperationsEffect[] {
    switch (event.type) {
      case 'start':
        return this.#start(event, nowMs)
      case 'place': {
        const { operation: id, target, purpose, closest } = event
        const operation = this.#begun(id, target, purpose, [], nowMs)
        operation.closest = closest
        return this.#write(operation, purpose, nowMs)
      }
      case 'answered':
        return this.#answered(event, nowMs)
      case 'late': {
        const operation = this.#operations.get(event.asker.operation)
        if (!operation) return []
        if (event.asker.step === 'find') return this.#look(operation, operation.lookup.handle({ type: 'late', from: event.from }), nowMs)
        operation.writing?.noteLate(event.from)
        return operation.writing?.isEnough ? [this.#finish(operation, operation.writing.outcome())] : []
      }
      case 'silent': {
        const operation = this.#operations.get(event.asker.operation)
        if (!operation) return []
        if (event.asker.step === 'find') return this.#look(operation, operation.lookup.handle({ type: 'silent', from: event.from }), nowMs)
        return this.#wrote(operation, event.from, undefined)
      }
      case 'cancelled':
        this.#operations.delete(event.operation)
        return []
      case 'woke':
        return [...this.#operations.values()]
          .filter(({ deadlineMs }) => deadlineMs <= nowMs)
          .flatMap((operation) => this.#cutShort(operation, nowMs))
    }
  }

  get wakeAtMs(): number | undefined {
    let earliest: number | undefined
    for (const { deadlineMs } of this.#operations.values()) if (earliest === undefined || deadlineMs < earliest) earliest = deadlineMs
    return earliest
  }

  #start(event: Extract<OperationsEvent, { type: 'start' }>, nowMs: number): OperationsEffect[] {
    const { operation: id, target, purpose, here } = event
    const seeds = this.#operations.size < operationsMax ? event.seeds : []
    const operation = this.#begun(id, target, purpose, seeds, nowMs, event.answered)
    operation.reading?.offer(here)
    return this.#look(operation, operation.lookup.handle({ type: operation.reading?.satisfied ? 'stopped' : 'started' }), nowMs)
  }

  #begun(id: OperationId, target: Key, purpose: Purpose, seeds: readonly Found[], nowMs: number, answered: readonly Key[] = []): Operation {
    const operation: Operation = {
      id,
      target,
      purpose,
      lookup: new Lookup(this.#self, target, seeds, answered, (closest) => this.#host.isPlausible(target, closest)),
      reading: purpose.type === 'read' ? new Reading(target, purpose.want, (record) => this.#host.holds(record)) : undefined,
      brought: [],
      writing: undefined,
      closest: [],
      deadlineMs: nowMs + operationTimeoutMs,
      isCutShort: false,
    }
    this.#operations.set(id, operation)
    return operation
  }

  #answered(event: Extract<OperationsEvent, { type: 'answered' }>, nowMs: number): OperationsEffect[] {
    const operation = this.#operations.get(event.asker.operation)
    if (!operation) return []
    const { answer, from, route } = event
    if (answer.type === 'receipt') return this.#wrote(operation, from, answer)
    if (answer.type !== 'found') return []
    operation.reading?.offer(answer.records)
    if (operation.reading) operation.brought.push({ from, route, records: answer.records })
    const effects = operation.lookup.handle({ type: 'answered', from, route, contacts: answer.contacts })
    const located = operation.purpose.type === 'locate' && answer.contacts.some((contact) => contact.id.equals(operation.target))
    const seenEnough = (operation.reading?.satisfied || located) && !operation.lookup.finished
    return this.#look(operation, seenEnough ? operation.lookup.handle({ type: 'stopped' }) : effects, nowMs, answer.contacts)
  }

  #look(operation: Operation, effects: readonly LookupEffect[], nowMs: number, named: readonly Contact[] = []): OperationsEffect[] {
    const { purpose, target, id } = operation
    return effects.flatMap((effect): OperationsEffect[] => {
      if (effect.type === 'finish') return this.#looked(operation, effect, named, nowMs)
      const want = purpose.type === 'read' ? purpose.want : 'peers'
      const asker: OperationAsker = { for: 'operation', operation: id, step: 'find' }
      return [{ type: 'ask', asker, to: effect.to, route: effect.route, question: { type: 'find', target, want }, tries: 1 }]
    })
  }

  #looked(
    operation: Operation,
    found: Extract<LookupEffect, { type: 'finish' }>,
    named: readonly Contact[],
    nowMs: number,
  ): OperationsEffect[] {
    const { purpose, target, lookup, reading } = operation
    operation.closest = found.closest
    switch (purpose.type) {
      case 'look':
        return [this.#finish(operation, { type: 'looked', closest: found.closest })]
      case 'locate': {
        const contact = [...found.closest.map((one) => one.contact), ...named].find(({ id }) => id.equals(target))
        return [this.#finish(operation, { type: 'located', contact, route: lookup.routeTo(target) ?? [] })]
      }
      case 'read': {
        const records = reading!.best((record) => this.#host.isBehind(record))
        // A lookup that was stopped, by what it found or by its time, has not come to the closest.
        const isAtEnd = !reading!.satisfied && !operation.isCutShort
        return [
          this.#finish(operation, { type: 'read', records, asked: found.asked, complete: isComplete(operation) }),
          ...(isAtEnd ? this.#host.repairs(records, operation.brought, found.closest) : []),
        ]
      }
      case 'write':
        return this.#write(operation, purpose, nowMs)
    }
  }

  #write(operation: Operation, purpose: WritePurpose, nowMs: number): OperationsEffect[] {
    const { record, ifSeq } = purpose
    const closer = operation.closest.filter(({ contact }) => Key.compare(operation.target, contact.id, this.#self) < 0)
    const isReplica = this.#host.serves() && closer.length < replicas
    const others = operation.closest.slice(0, isReplica ? replicas - 1 : replicas)
    operation.deadlineMs = nowMs + operationTimeoutMs
    operation.writing = new Writing(
      record,
      ifSeq,
      others.map(({ contact }) => contact.id),
    )
    if (isReplica && others.length > 0) operation.writing.noteHere(this.#host.keep(record, ifSeq, nowMs))
    if (others.length === 0) return [this.#finish(operation, operation.writing.outcome())]
    return askToStore(operation.id, purpose, others)
  }

  #wrote(operation: Operation, from: Key, answer: Extract<Answer, { type: 'receipt' }> | undefined): OperationsEffect[] {
    const { writing } = operation
    if (!writing) return []
    const newer = answer?.newer && this.#host.holds(answer.newer) ? answer.newer : undefined
    writing.note(from, answer && { receipt: answer.receipt, ...(newer && { newer }) })
    if (writing.isEnough) return [this.#finish(operation, writing.outcome())]
    if (!writing.done) return []
    return this.#widened(operation, writing) ?? [this.#finish(operation, writing.outcome())]
  }

  /** Nobody whom the lookup found confirmed: they may have been made up by whoever named them. Then those we are linked to keep it. */
  #widened({ id, target, purpose, closest }: Operation, writing: Writing): OperationsEffect[] | undefined {
    const { storedElsewhere, conflict, newer } = writing.outcome()
    if (writing.widened || storedElsewhere > 0 || conflict || newer || purpose.type !== 'write') return undefined
    const asked = new Set(closest.map(({ contact }) => contact.id.hex))
    const others = this.#host.closestLinked(target).filter(({ id: other }) => !asked.has(other.hex))
    if (others.length === 0) return undefined
    writing.widen(others.map((contact) => contact.id))
    const linked = others.map((contact): Found => ({ contact, route: [] }))
    return askToStore(id, purpose, linked)
  }

  /** Its time is over: a lookup ends with what it has, a write that has begun as it stands. */
  #cutShort(operation: Operation, nowMs: number): OperationsEffect[] {
    if (operation.writing) return [this.#finish(operation, operation.writing.outcome())]
    operation.isCutShort = true
    return this.#look(operation, operation.lookup.handle({ type: 'stopped' }), nowMs)
  }

  #finish(operation: Operation, outcome: Outcome): OperationsEffect {
    this.#operations.delete(operation.id)
    return { type: 'finish', operation: operation.id, target: operation.target, outcome, closest: operation.closest }
  }
}

function askToStore(operation: OperationId, { record, ifSeq }: WritePurpose, others: readonly Found[]): OperationsEffect[] {
  const question: Question = { type: 'store', record, ...(ifSeq !== undefined && { ifSeq }) }
  const asker: OperationAsker = { for: 'operation', operation, step: 'store' }
  return others.map(({ contact, route }) => ({ type: 'ask', asker, to: contact.id, route, question, tries: 2 }))
}

function isComplete({ reading, closest, isCutShort }: Operation): boolean {
  return reading?.satisfied === true || (closest.length > 0 && !isCutShort)
}
