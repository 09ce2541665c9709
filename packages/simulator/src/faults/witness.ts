import { type Key, type LinkLimits, type Message, type Record, type RecordKind } from '@hashtab/core'
import type { Simulation } from '../simulation.js'
import type { VirtualPeer } from '../virtual-peer.js'
import type { Finish, Watcher } from '../watcher.js'
import { Bounds } from './bounds.js'
import { Genuineness } from './genuineness.js'
import { HolderMemory } from './holder-memory.js'
import type { Ledger } from './ledger.js'
import { OperationsUnderWay } from './operations-under-way.js'
import { ReaderMemory } from './reader-memory.js'
import type { Violations } from './violation.js'

interface Read {
  readonly target: Key
  readonly kind: RecordKind
  readonly startedMs: number
  readonly told: ((records: readonly Record[], tookMs: number) => void) | undefined
}

/** Begins what apps ask for, sees what comes of it and what is sent, and has all of it checked. */
export class Witness implements Watcher {
  readonly #simulation: Simulation
  readonly #ledger: Ledger
  readonly #genuineness: Genuineness
  readonly #readers: ReaderMemory
  readonly #holders: HolderMemory
  readonly #reads = new Map<number, Read>()
  readonly #writes = new Map<number, { readonly record: Record; readonly all: boolean }>()
  readonly #watches = new Map<number, Place>()
  readonly operations: OperationsUnderWay
  readonly bounds: Bounds

  /** `honest`: the honest peer of this id that is there. */
  constructor(
    simulation: Simulation,
    ledger: Ledger,
    violations: Violations,
    limits: LinkLimits,
    honest: (idHex: string) => VirtualPeer | undefined,
  ) {
    this.#simulation = simulation
    this.#ledger = ledger
    this.#genuineness = new Genuineness(ledger, violations)
    this.#readers = new ReaderMemory(violations)
    this.#holders = new HolderMemory(violations, honest)
    this.operations = new OperationsUnderWay(violations)
    this.bounds = new Bounds(violations, limits)
    simulation.watcher = this
  }

  read(peer: VirtualPeer, target: Key, kind: RecordKind, told?: Read['told']): void {
    const operation = this.#simulation.nextOperation()
    this.#reads.set(operation, { target, kind, startedMs: this.#simulation.nowMs, told })
    this.operations.begin(operation, peer, 'read', this.#simulation.nowMs)
    this.#simulation.tell(peer, { type: 'read', operation, target, want: kind })
  }

  write(peer: VirtualPeer, record: Record, all: boolean): void {
    const operation = this.#simulation.nextOperation()
    this.#writes.set(operation, { record, all })
    this.operations.begin(operation, peer, 'write', this.#simulation.nowMs)
    this.#simulation.tell(peer, { type: 'write', operation, record, all })
  }

  watch(peer: VirtualPeer, target: Key, kind: 'owned' | 'open'): void {
    const operation = this.#simulation.nextOperation()
    this.#watches.set(operation, { target, kind })
    this.#simulation.tell(peer, { type: 'watch', operation, target, want: kind })
  }

  finished(peer: VirtualPeer, { operation, outcome }: Finish): void {
    this.operations.end(operation)
    if (outcome.type === 'written') return this.#wrote(peer, operation, outcome)
    if (outcome.type !== 'read') return
    const read = this.#reads.get(operation)
    this.#reads.delete(operation)
    if (!read) return
    for (const record of outcome.records) this.#given(peer, record, read.target, read.kind)
    read.told?.(outcome.records, this.#simulation.nowMs - read.startedMs)
  }

  watched(peer: VirtualPeer, { operation, record }: Parameters<NonNullable<Watcher['watched']>>[1]): void {
    const place = this.#watches.get(operation)
    if (place) this.#given(peer, record, place.target, place.kind)
  }

  sent(message: Message): void {
    this.#holders.sent(message)
    this.bounds.sent(message)
  }

  #given({ index }: VirtualPeer, record: Record, target: Key, kind: RecordKind): void {
    this.#genuineness.given(record, target, kind, Math.floor(this.#simulation.unixMs / 1_000))
    this.#readers.given(index, record)
  }

  #wrote(peer: VirtualPeer, operation: number, outcome: Extract<Finish['outcome'], { type: 'written' }>): void {
    const write = this.#writes.get(operation)
    this.#writes.delete(operation)
    const { stored, storedElsewhere, wanted, newer, conflict } = outcome
    if (!write || newer || conflict || storedElsewhere === 0 || 2 * stored <= wanted) return
    this.#ledger.acknowledge({ ...write, atMs: this.#simulation.nowMs, writer: peer.index })
  }
}

interface Place {
  readonly target: Key
  readonly kind: RecordKind
}
