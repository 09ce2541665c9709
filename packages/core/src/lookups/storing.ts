import type { FreshIds } from '../fresh-ids.js'
import type { Key } from '../keys/key.js'
import { LateMap } from '../late-map.js'
import type { Record } from '../records/record.js'
import { avoidMax, type MessageId, type Placed, type StoreOrder } from '../wire/message.js'
import type { OperationId } from './operations.js'
import { placementTimeoutMs } from './placements.js'
import { RoundTrips } from './round-trips.js'

/** Paths of one routed store: the second when the first is slow. What they do not settle is written with care. */
export const storePathsMax = 2
/** Hops that time-outs are reckoned with: a path among ten thousand peers, and one more to the other replicas. */
const hopsReckoned = 4
/** Routed stores under way at one time; more are written with care at once. */
export const storingMax = 128
/** Paths remembered after the end of their store, whose answers come too late. */
const overMax = storePathsMax * storingMax

export type StoringEvent =
  | { type: 'start'; operation: OperationId; order: StoreOrder }
  /** `from`: the replica that the path ended at; `route`: the peers it passed on the way there. */
  | { type: 'answered'; id: MessageId; from: Key; route: readonly Key[]; replicas: readonly Placed[]; newer: Record | undefined }
  | { type: 'setOut'; id: MessageId; via: Key }
  /** No link to set out on, or none that acknowledged. */
  | { type: 'nowhere' | 'lost'; id: MessageId }
  | { type: 'cancelled'; operation: OperationId }
  | { type: 'woke' }

export type StoringEffect =
  | { type: 'seek'; id: MessageId; target: Key; want: 'peers'; avoid: readonly Key[]; store: StoreOrder }
  /** What a path came to. `passed`: the peers it set out to, and the one it ended at, as that says: who else it passed is the answerer's to invent, and honest replicas would be left out. */
  | { type: 'placed'; operation: OperationId; order: StoreOrder; answer: PlacedAnswer; passed: readonly Key[] }
  /** No path led to a replica. */
  | { type: 'unplaced'; operation: OperationId; order: StoreOrder }

export interface PlacedAnswer {
  readonly from: Key
  readonly route: readonly Key[]
  readonly replicas: readonly Placed[]
  readonly newer: Record | undefined
}

interface Path {
  readonly id: MessageId
  readonly sentMs: number
  readonly deadlineMs: number
  /** The peers it set out to: of several, all but the last did not acknowledge. */
  readonly vias: Key[]
  isOver: boolean
}

interface Store {
  readonly operation: OperationId
  readonly order: StoreOrder
  readonly paths: Path[]
  hedgeAtMs: number | undefined
}

/**
 * The routed store: the record itself is sent along the path of a routed lookup, to the quickest of its replicas, which hands it to the others and gathers their receipts.
 * So it takes one path, and one round trip between replicas. Whether the answer may be believed is for `Asking` to say.
 * Invariants: 1. every store ends once, `placed` or `unplaced`, unless it is cancelled; 2. at most `storePathsMax` paths, and no two begin with the same peer.
 */
export class Storing {
  readonly #ids: FreshIds
  readonly #stores = new LateMap<OperationId, Store>()
  /** Paths whose answers come too late. */
  readonly #over = new LateMap<MessageId, true>()
  readonly #roundTrips = new RoundTrips()

  constructor(ids: FreshIds) {
    this.#ids = ids
  }

  handle(event: StoringEvent, nowMs: number): StoringEffect[] {
    switch (event.type) {
      case 'start': {
        const { operation, order } = event
        if (this.#stores.size >= storingMax) return [{ type: 'unplaced', operation, order }]
        const store: Store = { operation, order, paths: [], hedgeAtMs: undefined }
        this.#stores.set(operation, store)
        return this.#begin(store, nowMs)
      }
      case 'answered':
        return this.#answered(event, nowMs)
      case 'setOut': {
        const path = this.#pathOf(event.id)?.[1]
        path?.vias.push(event.via)
        return []
      }
      case 'nowhere':
      case 'lost': {
        const [store, path] = this.#pathOf(event.id) ?? []
        if (!store || !path) return []
        path.isOver = true
        if (event.type === 'nowhere') store.hedgeAtMs = undefined
        return this.#decide(store, nowMs)
      }
      case 'cancelled': {
        const store = this.#stores.get(event.operation)
        if (store) this.#end(store)
        return []
      }
      case 'woke':
        return [...this.#stores.values()].flatMap((store) => this.#woke(store, nowMs))
    }
  }

  get wakeAtMs(): number | undefined {
    let earliest = Infinity
    for (const { paths, hedgeAtMs } of this.#stores.values()) {
      earliest = Math.min(earliest, hedgeAtMs ?? Infinity)
      for (const { isOver, deadlineMs } of paths) if (!isOver) earliest = Math.min(earliest, deadlineMs)
    }
    return earliest === Infinity ? undefined : earliest
  }

  /** Whether an answer of this id belongs here. */
  awaits(id: MessageId): boolean {
    return this.#over.has(id) || this.#pathOf(id) !== undefined
  }

  #answered({ id, from, route, replicas, newer }: Extract<StoringEvent, { type: 'answered' }>, nowMs: number): StoringEffect[] {
    const [store, path] = this.#pathOf(id) ?? []
    if (!store || !path) return []
    this.#roundTrips.note(nowMs - path.sentMs, hopsReckoned)
    this.#end(store)
    const { operation, order, paths } = store
    const passed = [from, ...paths.flatMap(({ vias }) => vias)]
    return [{ type: 'placed', operation, order, answer: { from, route, replicas, newer }, passed }]
  }

  #woke(store: Store, nowMs: number): StoringEffect[] {
    const late = store.paths.filter(({ isOver, deadlineMs }) => !isOver && deadlineMs <= nowMs)
    for (const path of late) path.isOver = true
    const isHedged = store.hedgeAtMs !== undefined && store.hedgeAtMs <= nowMs
    if (isHedged) return this.#begin(store, nowMs)
    return late.length > 0 ? this.#decide(store, nowMs) : []
  }

  #decide(store: Store, nowMs: number): StoringEffect[] {
    if (store.paths.some(({ isOver }) => !isOver)) return []
    if (store.hedgeAtMs !== undefined) return this.#begin(store, nowMs)
    this.#end(store)
    return [{ type: 'unplaced', operation: store.operation, order: store.order }]
  }

  #begin(store: Store, nowMs: number): StoringEffect[] {
    const { paths, order } = store
    const avoid = paths.flatMap(({ vias }) => vias).slice(-avoidMax)
    const id = this.#ids.message()
    const isPatient = order.all || order.ifSeq !== undefined
    const deadlineMs = nowMs + this.#roundTrips.timeoutMs(hopsReckoned) + (isPatient ? placementTimeoutMs : 0)
    paths.push({ id, sentMs: nowMs, deadlineMs, vias: [], isOver: false })
    store.hedgeAtMs = paths.length < storePathsMax ? nowMs + this.#roundTrips.slowMs(hopsReckoned) : undefined
    return [{ type: 'seek', id, target: order.record.key, want: 'peers', avoid, store: order }]
  }

  #pathOf(id: MessageId): readonly [Store, Path] | undefined {
    for (const store of this.#stores.values()) {
      const path = store.paths.find((one) => one.id === id)
      if (path) return [store, path]
    }
    return undefined
  }

  #end(store: Store): void {
    this.#stores.delete(store.operation)
    for (const { id } of store.paths) this.#over.set(id, true)
    for (const id of this.#over.keys()) {
      if (this.#over.size <= overMax) break
      this.#over.delete(id)
    }
  }
}
