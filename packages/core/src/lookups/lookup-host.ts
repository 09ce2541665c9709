import type { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import type { RoutingTable } from '../links/routing-table.js'
import { type Record, recordId } from '../records/record.js'
import type { RecordRoom, RecordRoomEffect } from '../records/record-room.js'
import { type Receipt, replicas, type StoreOrder } from '../wire/message.js'
import type { ArrivalHost } from './arrival.js'
import type { AskingParts } from './asking-event.js'
import type { DeliveringHost } from './delivering.js'
import type { Found } from './lookup.js'
import type { OperationsHost, Outcome } from './operations.js'
import type { Kept, PlacementsHost } from './placements.js'
import { isPlausible } from './plausibility.js'
import type { Repair, RepairsOf } from './read-repair.js'
import type { SeekingHost } from './seeking.js'
import { SizeEstimate } from './size-estimate.js'

/** What lookups ask of the rest of the overlay: who judges records, who keeps them, who is near, and how many there are. One object, no closures: there may be a million. */
export class LookupHost implements SeekingHost, OperationsHost, DeliveringHost, PlacementsHost, ArrivalHost {
  readonly size = new SizeEstimate()
  readonly self: Contact
  readonly table: RoutingTable
  readonly #records: RecordRoom
  /** The wall clock, as of the event that is being handled. */
  unixS = 0
  /** What may come late: until then writes go where a lookup leads, what arrives is not answered, so that its writer goes on by other ways, and by reads no replica is mended, and no crowd seen. */
  parts: AskingParts | undefined
  #kept: RecordRoomEffect[] | undefined

  constructor(self: Contact, table: RoutingTable, records: RecordRoom, parts: AskingParts | undefined) {
    this.self = self
    this.table = table
    this.#records = records
    this.parts = parts
  }

  holds(record: Record, isAsked?: boolean): boolean {
    return this.#records.holds(record, this.unixS, isAsked)
  }

  /** Whether a newer version of it was seen: by another lookup, or in what is kept here. */
  isBehind(record: Record): boolean {
    return record.kind !== 'content' && record.seq < (this.#records.seqSeen(recordId(record)) ?? 0n)
  }

  isPlausible(target: Key, contacts: readonly Contact[]): boolean {
    return isPlausible(this.table, this.estimatedPeers, target, contacts)
  }

  isCrowded(target: Key, contacts: readonly Contact[]): boolean {
    return this.parts?.isCrowded(this.table, this.estimatedPeers, target, contacts) ?? false
  }

  repairs(...of: Parameters<RepairsOf>): readonly Repair[] {
    return this.parts?.repairsOf(...of) ?? []
  }

  /** Exact while every known peer is linked; read off the closest sets of lookups beyond. */
  get estimatedPeers(): number {
    const { linkCount } = this.table
    // A leaf is linked to few of those it knows.
    const isLeaf = this.table.role === 'leaf'
    const seen = (isLeaf ? Math.max(linkCount, this.table.serving) : linkCount) + 1
    const isMeshed = this.table.buckets.size === 0 && this.table.isMeshed
    return isMeshed || (linkCount < replicas && !isLeaf) ? seen : this.size.peers(seen)
  }

  /** Those that a lookup has come to, the closest first: how dense the overlay is there. */
  noteClosest(target: Key, closest: readonly Found[]): void {
    this.size.note(
      target,
      closest.map(({ contact }) => contact.id),
    )
  }

  /** By the lists of linked peers; where these say too little, by what lookups met: whoever crowds around a key makes that seem more than it is. */
  get siblingBits(): number {
    return this.table.siblingBitsToExpect || Math.floor(Math.log2(this.estimatedPeers / replicas))
  }

  closestLinked(target: Key): readonly Contact[] {
    return this.table.closestLinks(target, replicas).map(({ contact }) => contact)
  }

  /** How an operation ended; of a read or a write also whether peers crowd around its key. */
  judged({ target, outcome, closest }: { target: Key; outcome: Outcome; closest: readonly Found[] }): Outcome {
    if (outcome.type !== 'written' && outcome.type !== 'read') return outcome
    const contacts = closest.map(({ contact }) => contact)
    const crowded = this.isCrowded(target, contacts)
    if (outcome.type === 'written') return { ...outcome, crowded }
    return crowded ? { ...outcome, crowded } : outcome
  }

  /** Whether this peer may be a replica itself. */
  serves(): boolean {
    return this.table.role === 'full'
  }

  /** Takes a record that a write of ours found this peer to be a replica of. What follows from it: `takeEffects`. */
  keep(record: Record, ifSeq: bigint | undefined, nowMs: number): Receipt {
    return this.#keep(record, ifSeq === undefined ? {} : { ifSeq }, nowMs).receipt
  }

  /** Takes a record that arrived at this peer, one of its replicas. */
  keepArrived({ record, ifSeq }: StoreOrder, from: Key, nowMs: number): Kept {
    return this.#keep(record, { from, ...(ifSeq !== undefined && { ifSeq }) }, nowMs)
  }

  /** The other peers closest to a key, but for those that may be made up. */
  closestReplicas(key: Key): readonly Contact[] {
    return this.#records.closest(key, replicas)
  }

  /** What was pushed is old: the newer version is kept in its place, if it holds. */
  learn(newer: Record, from: Key, nowMs: number): void {
    this.#keep(newer, { from }, nowMs)
  }

  /** What followed from keeping records, since it was last asked for. */
  takeEffects(): readonly RecordRoomEffect[] | undefined {
    const effects = this.#kept
    this.#kept = undefined
    return effects
  }

  #keep(record: Record, options: Parameters<RecordRoom['keep']>[1], nowMs: number): Kept {
    const { receipt, newer, effects } = this.#records.keep(record, options, nowMs, this.unixS)
    if (effects.length > 0) this.#kept = [...(this.#kept ?? []), ...effects]
    return { receipt, newer }
  }
}
