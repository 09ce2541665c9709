import type { FreshIds } from '../fresh-ids.js'
import { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import { LateMap } from '../late-map.js'
import type { RoutingTable } from '../links/routing-table.js'
import type { Record } from '../records/record.js'
import { type MessageId, type Receipt, replicas, type StoreOrder } from '../wire/message.js'
import { type Claim, Confirmations, type ConfirmationsEffect, type ConfirmationsEvent } from './confirmations.js'
import type { Found } from './lookup.js'
import type { OperationId } from './operations.js'
import { Storing, type StoringEffect, type StoringEvent } from './storing.js'
import { isThin, Writing, type Written } from './writing.js'

export type DeliveringEvent = StoringEvent | Exclude<ConfirmationsEvent, { type: 'claimed' }>

export type DeliveringEffect =
  | Extract<StoringEffect, { type: 'seek' }>
  | Extract<ConfirmationsEffect, { type: 'look' | 'ask' }>
  /** What became of the write. */
  | { type: 'written'; operation: OperationId; target: Key; outcome: Written; closest: readonly Found[] }
  /** The routed store settled nothing: write it where a lookup leads. `closest`: there. */
  | { type: 'unsettled'; operation: OperationId; order: StoreOrder; closest: readonly Found[] | undefined }
  /** What was told as written is not there: write it anew. */
  | { type: 'missing'; order: StoreOrder; closest: readonly Found[] | undefined }

/** What is known of the overlay, and the judge and keeper of records: lent by `Asking`. */
export interface DeliveringHost {
  /** Whether these may be the closest to a target that there are. */
  isPlausible(target: Key, contacts: readonly Contact[]): boolean
  holds(record: Record): boolean
  keep(record: Record, ifSeq: bigint | undefined, nowMs: number): Receipt
}

/** Makes the routed writes of one peer. */
export type NewDelivering = (table: RoutingTable, ids: FreshIds, host: DeliveringHost) => Delivering

/**
 * Writes by routed stores: sent, judged, and confirmed by somebody else. The caller is told as soon as most replicas have the record, and the confirmation follows;
 * whoever wants all is told after it.
 * Invariants: 1. every write is answered once, `written` or `unsettled`, unless it is cancelled; 2. what was not confirmed is written anew.
 */
export class Delivering {
  readonly #table: RoutingTable
  readonly #host: DeliveringHost
  readonly #storing: Storing
  readonly #confirmations = new Confirmations()
  /** Writes that are told of only once they are confirmed, by their confirmation. */
  readonly #untold = new LateMap<number, Extract<DeliveringEffect, { type: 'written' }>>()

  constructor(table: RoutingTable, ids: FreshIds, host: DeliveringHost) {
    this.#table = table
    this.#host = host
    this.#storing = new Storing(ids)
  }

  handle(event: DeliveringEvent, nowMs: number): DeliveringEffect[] {
    switch (event.type) {
      case 'looked':
      case 'compared':
        return this.#confirmed(this.#confirmations.handle(event))
      case 'cancelled':
        return [...this.#forget(event.operation), ...this.#stored(this.#storing.handle(event, nowMs), nowMs)]
      default:
        return this.#stored(this.#storing.handle(event, nowMs), nowMs)
    }
  }

  get wakeAtMs(): number | undefined {
    return this.#storing.wakeAtMs
  }

  /** Whether an answer of this id belongs here. */
  awaits(id: MessageId): boolean {
    return this.#storing.awaits(id)
  }

  #forget(operation: OperationId): DeliveringEffect[] {
    const untold = [...this.#untold].filter(([, written]) => written.operation === operation)
    return untold.flatMap(([confirmation]) => {
      this.#untold.delete(confirmation)
      return this.#confirmed(this.#confirmations.forget(confirmation))
    })
  }

  #stored(effects: readonly StoringEffect[], nowMs: number): DeliveringEffect[] {
    return effects.flatMap((effect): DeliveringEffect[] => {
      if (effect.type === 'seek') return [effect]
      const { operation, order } = effect
      if (effect.type === 'unplaced') return [{ type: 'unsettled', operation, order, closest: undefined }]
      return this.#judge(operation, effect, nowMs)
    })
  }

  #judge(operation: OperationId, claim: Claim, nowMs: number): DeliveringEffect[] {
    const { order, answer } = claim
    const target = order.record.key
    const { self } = this.#table
    const others = answer.replicas.map(({ contact }) => contact).filter(({ id }) => !id.equals(self))
    if (!this.#host.isPlausible(target, others)) return [{ type: 'unsettled', operation, order, closest: undefined }]
    const outcome = this.#outcomeOf(claim, nowMs)
    if (isThin(outcome)) return [{ type: 'unsettled', operation, order, closest: undefined }]
    const closest = others
      .map((contact) => ({ contact, route: contact.id.equals(answer.from) ? answer.route : [...answer.route, answer.from] }))
      .sort((a, b) => Key.compare(target, a.contact.id, b.contact.id))
    const written: DeliveringEffect = { type: 'written', operation, target, outcome, closest }
    if (outcome.conflict || outcome.newer) return [written]
    // On a condition only one writer may win: one peer's word is not enough to be told so.
    const waits = order.all || order.ifSeq !== undefined
    if (waits) this.#untold.set(this.#confirmations.next, written)
    return [...(waits ? [] : [written]), ...this.#confirmed(this.#confirmations.handle({ type: 'claimed', claim }))]
  }

  #outcomeOf({ order, answer }: Claim, nowMs: number): Written {
    const { record, ifSeq } = order
    const { self } = this.#table
    const others = answer.replicas
      .filter(({ contact }) => !contact.id.equals(self))
      .sort((a, b) => Key.compare(record.key, a.contact.id, b.contact.id))
    const closer = others.filter(({ contact }) => Key.compare(record.key, contact.id, self) < 0)
    const isReplica = closer.length < replicas && this.#table.role === 'full'
    const asked = isReplica ? others.slice(0, replicas - 1) : others
    const newer = answer.newer && this.#host.holds(answer.newer) ? answer.newer : undefined
    const writing = new Writing(
      record,
      ifSeq,
      asked.map(({ contact }) => contact.id),
    )
    for (const { contact, receipt } of asked) if (receipt) writing.note(contact.id, { receipt, ...(newer && { newer }) })
    // What another replica's condition kept out is not kept here either: it would spread from here.
    if (isReplica && !writing.outcome().conflict) writing.noteHere(this.#host.keep(record, ifSeq, nowMs))
    return writing.outcome()
  }

  #confirmed(effects: readonly ConfirmationsEffect[]): DeliveringEffect[] {
    return effects.flatMap((effect): DeliveringEffect[] => {
      if (effect.type === 'look' || effect.type === 'ask') return [effect]
      const { confirmation, claim } = effect
      const untold = this.#untold.get(confirmation)
      this.#untold.delete(confirmation)
      const { order } = claim
      if (effect.type === 'confirmed') return untold ? [untold] : []
      const { closest } = effect
      return untold ? [{ type: 'unsettled', operation: untold.operation, order, closest }] : [{ type: 'missing', order, closest }]
    })
  }
}
