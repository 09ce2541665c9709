import { LateSet } from '../late-set.js'
import { LateMap } from '../late-map.js'
import type { FreshIds } from '../fresh-ids.js'
import type { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import type { RoutingTable } from '../links/routing-table.js'
import type { Record } from '../records/record.js'
import type { MessageId, Want } from '../wire/message.js'
import type { Found } from './lookup.js'
import { operationsMax, type OperationId, type Purpose } from './operations.js'
import { Reading } from './reading.js'
import type { Brought, Repair, RepairsOf } from './read-repair.js'
import { RoundTrips } from './round-trips.js'
import { closestOf } from './path-answer.js'
import { pathsMax, RoutedLookup, type RoutedLookupEffect } from './routed-lookup.js'

/** Hops that time-outs are reckoned with before any answer came, and as their unit afterwards: a path among ten thousand peers. */
const hopsReckoned = 3
/** Paths remembered after the end of their search: as many as may still be under way. */
const overMax = pathsMax * operationsMax

export type SeekingEvent =
  /** `avoid`: peers that no path is to pass. */
  | { type: 'start'; operation: OperationId; target: Key; purpose: Purpose; here: readonly Record[]; avoid: readonly Key[] }
  | { type: 'answered'; id: MessageId; from: Key; route: readonly Key[]; contacts: readonly Contact[]; records: readonly Record[] }
  | { type: 'setOut'; id: MessageId; via: Key }
  | { type: 'nowhere' | 'lost'; id: MessageId }
  | { type: 'cancelled'; operation: OperationId }
  | { type: 'woke' }

export type SeekingEffect =
  | { type: 'seek'; id: MessageId; target: Key; want: Want; avoid: readonly Key[] }
  /** `believed`: this is what there is; else it is to be asked for with care. `closest`: the peers closest to the target, and the ways to them. */
  | { type: 'sought'; sought: Sought; believed: boolean }
  | Repair

export interface Sought {
  readonly operation: OperationId
  readonly target: Key
  readonly purpose: Purpose
  readonly records: readonly Record[]
  readonly closest: readonly Found[]
  /** Who ended a path. */
  readonly answered: readonly Key[]
  readonly asked: number
}

/** The judges of what comes in: lent by `Asking`. */
export interface SeekingHost {
  holds(record: Record): boolean
  /** Whether a newer version of it was seen. */
  isBehind(record: Record): boolean
  repairs(...of: Parameters<RepairsOf>): readonly Repair[]
  /** Whether peers crowd around a target, these being the closest of them. */
  isCrowded(target: Key, contacts: readonly Contact[]): boolean
  /** Whether these may be the closest to a target that there are. */
  isPlausible(target: Key, contacts: readonly Contact[]): boolean
}

interface Search {
  readonly operation: OperationId
  readonly target: Key
  readonly purpose: Purpose
  readonly reading: Reading | undefined
  readonly lookup: RoutedLookup
  /** Who answered, and with what. */
  readonly brought: Brought[]
}

interface Path {
  readonly search: Search
  readonly sentMs: number
  /** The linked peer that it set out to last. */
  via: Key | undefined
}

/**
 * The routed lookups under way, each with what it is made for.
 * Invariants: 1. every one is answered by one `sought`, unless it is cancelled; 2. no record leaves here that does not hold.
 */
export class Seeking {
  readonly #table: RoutingTable
  readonly #ids: FreshIds
  readonly #host: SeekingHost
  readonly #searches = new LateMap<OperationId, Search>()
  /** Whose path each seek is. */
  readonly #paths = new LateMap<MessageId, Path>()
  /** Paths of searches that are over: their answers come too late, and are none that nobody asked for. */
  readonly #over = new LateSet<MessageId>()
  readonly #roundTrips = new RoundTrips()

  constructor(table: RoutingTable, ids: FreshIds, host: SeekingHost) {
    this.#table = table
    this.#ids = ids
    this.#host = host
  }

  handle(event: SeekingEvent, nowMs: number): SeekingEffect[] {
    switch (event.type) {
      case 'start':
        return this.#start(event, nowMs)
      case 'answered':
        return this.#answered(event, nowMs)
      case 'setOut':
      case 'nowhere':
      case 'lost': {
        const path = this.#paths.get(event.id)
        if (path && event.type === 'setOut') path.via = event.via
        return path ? this.#run(path.search, path.search.lookup.handle(event, nowMs), nowMs) : []
      }
      case 'cancelled': {
        const search = this.#searches.get(event.operation)
        if (search) this.#end(search)
        return []
      }
      case 'woke':
        return [...this.#searches.values()]
          .filter(({ lookup }) => (lookup.wakeAtMs ?? Infinity) <= nowMs)
          .flatMap((search) => this.#run(search, search.lookup.handle(event, nowMs), nowMs))
    }
  }

  get wakeAtMs(): number | undefined {
    let earliest: number | undefined
    for (const { lookup } of this.#searches.values()) {
      const { wakeAtMs } = lookup
      if (wakeAtMs !== undefined && (earliest === undefined || wakeAtMs < earliest)) earliest = wakeAtMs
    }
    return earliest
  }

  /** Whether an answer of this id belongs here. */
  awaits(id: MessageId): boolean {
    return this.#paths.has(id) || this.#over.has(id)
  }

  #start({ operation, target, purpose, here, avoid }: Extract<SeekingEvent, { type: 'start' }>, nowMs: number): SeekingEffect[] {
    const reading = purpose.type === 'read' ? new Reading(target, purpose.want, (record) => this.#host.holds(record)) : undefined
    reading?.offer(here)
    const first = this.#ids.message()
    const lookup = new RoutedLookup({
      target,
      want: purpose.type === 'read' ? purpose.want : 'peers',
      avoid,
      newId: () => this.#ids.messageBeside(first),
      slowMs: this.#roundTrips.slowMs(hopsReckoned),
      timeoutMs: this.#roundTrips.timeoutMs(hopsReckoned),
    })
    const search: Search = { operation, target, purpose, reading, lookup, brought: [] }
    const found = { operation, target, purpose, records: reading?.best() ?? [], closest: [], answered: [], asked: 0 }
    if (reading?.satisfied) return [{ type: 'sought', sought: found, believed: true }]
    if (this.#searches.size >= operationsMax) return [{ type: 'sought', sought: found, believed: false }]
    this.#searches.set(operation, search)
    return this.#run(search, lookup.handle({ type: 'started' }, nowMs), nowMs)
  }

  #answered(event: Extract<SeekingEvent, { type: 'answered' }>, nowMs: number): SeekingEffect[] {
    const { id, from, route, contacts, records } = event
    const path = this.#paths.get(id)
    if (!path) return []
    // One answer a path: whatever comes again is not even judged.
    this.#paths.delete(id)
    this.#over.keep(id, overMax)
    const { search, via } = path
    const link = via && this.#table.linkTo(via)
    if (link) link.fruitless = 0
    this.#roundTrips.note(nowMs - path.sentMs, hopsReckoned)
    const hasRecord = search.reading?.offer(records) ?? false
    if (search.reading) search.brought.push({ from, route, records })
    // What proves itself needs nobody to vouch for it.
    const isPlausible = search.reading?.satisfied || this.#host.isPlausible(search.target, contacts)
    const answer = { from, route, contacts, hasRecord, isPlausible }
    return this.#run(search, search.lookup.handle({ type: 'answered', id, answer }, nowMs), nowMs)
  }

  #run(search: Search, effects: readonly RoutedLookupEffect[], nowMs: number): SeekingEffect[] {
    return effects.flatMap((effect): SeekingEffect[] => {
      if (effect.type === 'seek') {
        this.#paths.set(effect.id, { search, sentMs: nowMs, via: undefined })
        return [effect]
      }
      if (effect.answers.length > 0) this.#blame(search, nowMs)
      this.#end(search)
      const { operation, target, purpose, reading } = search
      const closest = closestOf(target, effect.answers).filter(({ contact }) => !contact.id.equals(this.#table.self))
      const sought = {
        operation,
        target,
        purpose,
        records: reading?.best((record) => this.#host.isBehind(record)) ?? [],
        closest,
        answered: effect.answers.map(({ from }) => from),
        asked: effect.asked,
      }
      const believed = effect.believed && !this.#isDoubted(search, closest)
      return [{ type: 'sought', sought, believed }, ...this.#host.repairs(sought.records, search.brought, closest)]
    })
  }

  /** Other paths have brought something: those that are late by now may never. */
  #blame(search: Search, nowMs: number): void {
    for (const { search: whose, via, sentMs } of this.#paths.values()) {
      if (whose !== search || !via || nowMs - sentMs < this.#roundTrips.slowMs(hopsReckoned)) continue
      const link = this.#table.linkTo(via)
      if (link) link.fruitless += 1
    }
  }

  /** Where another lookup has met a newer version meanwhile, that is to be found; and where peers crowd around the target, what few paths bring of what changes, or deny, is theirs to choose: all of the closest are heard. */
  #isDoubted({ target, purpose, reading }: Search, closest: readonly Found[]): boolean {
    if (purpose.type !== 'read' || reading?.satisfied) return false
    if (reading?.best().some((record) => this.#host.isBehind(record))) return true
    return this.#host.isCrowded(
      target,
      closest.map(({ contact }) => contact),
    )
  }

  #end(search: Search): void {
    this.#searches.delete(search.operation)
    for (const [id, one] of this.#paths) {
      if (one.search !== search) continue
      this.#paths.delete(id)
      this.#over.keep(id, overMax)
    }
  }
}
