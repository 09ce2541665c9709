import type { FreshIds } from '../fresh-ids.js'
import { Key } from '../keys/key.js'
import { LateMap } from '../late-map.js'
import { decodeStored, encodeStored, type KeptRecord } from './kept-record.js'
import { isMalformed } from '../bencode/malformed.js'
import { type Receipt, replicas, type Want } from '../wire/message.js'
import type { OverlayEffect } from '../overlay-event.js'
import { OwnRecords, type OwnRecordsEffect } from './own-records.js'
import type { Contact, Verify } from '../keys/public-key.js'
import { RecordStore, type StoreChange } from './record-store.js'
import { judgeRecord } from './record-verdict.js'
import { compareRecords, type Record, recordId } from './record.js'
import { type VersionDigest, versionDigest } from './record-version.js'
import type { NewReplication, Replication, ReplicationEffect, ReplicationEvent } from './replication.js'
import { ReplicaView } from './replica-view.js'
import type { RoutingTable } from '../links/routing-table.js'

/**
 * What others wrote is kept this long after stepping down: who was away for less has it still. By then the other replicas have heard (3 s), looked over
 * what they keep (2 s), and will push it anew to whoever comes back.
 */
export const leafKeepsMs = 10_000

export type RecordRoomEvent =
  /** Our own record, signed here just now; its write follows. Whether it is kept, `obstacle` says. */
  | { type: 'owned'; record: Record }
  | { type: 'restored'; stored: ReadonlyMap<string, Uint8Array> }
  /** A write of our own record, or one that was handed in, has ended. `stored`: `storedElsewhere`, and this peer where it is a replica itself. `isMet`: it was made on a condition, that is met. `newer`: what a replica has instead. `crowded`: who has it may be made up. */
  | {
      type: 'wrote'
      record: Record
      stored: number
      storedElsewhere: number
      wanted: number
      isMet: boolean
      newer: Record | undefined
      crowded: boolean
    }
  | { type: 'pushed'; id: string; to: Key }
  | { type: 'notPushed'; id: string; to: Key }
  /** What a peer that was asked to compare these has and lacks; undefined: it did not say. */
  | { type: 'compared'; to: Contact; compared: readonly Compared[]; lacking: readonly VersionDigest[] | undefined }
  /** These peers came or went, or may have: links, and whom linked peers say they are linked to. */
  | { type: 'changed'; contacts: readonly Contact[] }
  | { type: 'leaving' }
  | { type: 'late'; newReplication: NewReplication }
  /** This peer is no replica any more: what it has of others is handed over, and dropped after `leafKeepsMs`. */
  | { type: 'steppedDown' }
  /** It is one again. */
  | { type: 'steppedUp' }
  | { type: 'woke' }

/** One record, by its id, and the version of it that was compared. */
export interface Compared {
  readonly id: string
  readonly version: VersionDigest
}

export type RecordRoomEffect =
  | Extract<OverlayEffect, { type: 'persist' }>
  | { type: 'push'; id: string; record: Record; to: Contact; route: readonly Key[] }
  | { type: 'compare'; compared: readonly Compared[]; to: Contact; route: readonly Key[] }
  /** Write our own record anew, or hand another's in. `all`: it counts as written only when others confirm it. */
  | { type: 'rewrite'; record: Record; all: boolean }
  /** This record, or this version of it, is kept here now. */
  | { type: 'kept'; record: Record }

/** Everything about the records this peer has, put together: the store, their replication, and the care for its own. */
export class RecordRoom {
  readonly #table: RoutingTable
  readonly #verify: Verify
  readonly #store: RecordStore
  readonly #view: ReplicaView
  readonly #share: () => number
  /** What it is made with may come late. */
  #replication: Replication | undefined
  /** What it is to be told first, by the record's id. */
  readonly #early = new LateMap<string, Extract<ReplicationEvent, { type: 'kept' }>>()
  readonly #own = new OwnRecords()
  #dueMs: number | undefined
  #dropAtMs: number | undefined

  /** `newReplication`: left out, it comes as an event. */
  constructor(table: RoutingTable, verify: Verify, ids: FreshIds, newReplication?: NewReplication) {
    this.#table = table
    this.#verify = verify
    this.#store = new RecordStore({ self: table.self })
    this.#view = new ReplicaView(table)
    this.#share = () => ids.share()
    this.#replication = newReplication?.(table, this.#view, this.#share)
  }

  handle(event: RecordRoomEvent, nowMs: number, unixS: number): RecordRoomEffect[] {
    this.#dueMs = undefined
    switch (event.type) {
      case 'owned':
        return this.#owned(event.record, nowMs, unixS)
      case 'restored':
        return this.#restored(event.stored, nowMs, unixS)
      case 'wrote': {
        const effects = event.isMet ? this.#owned(event.record, nowMs, unixS) : []
        this.#own.handle(event, nowMs)
        return [...effects, ...(event.newer ? this.#adopt(event.newer, nowMs, unixS) : []), ...this.#handedIn(event, nowMs, unixS)]
      }
      case 'changed':
        this.#own.handle({ type: 'linked' }, nowMs)
        return this.#replicate(this.#replicating(event, nowMs), nowMs)
      case 'pushed':
      case 'notPushed':
      case 'leaving':
        return this.#replicate(this.#replicating(event, nowMs), nowMs)
      case 'compared':
        return this.#compared(event, nowMs)
      case 'late': {
        this.#replication ??= event.newReplication(this.#table, this.#view, this.#share)
        const early = [...this.#early.values()]
        this.#early.clear()
        return early.flatMap((kept) => this.#replicate(this.#replicating(kept, nowMs), nowMs))
      }
      case 'steppedDown':
        this.#dropAtMs = nowMs + leafKeepsMs
        return this.#replicate(this.#replicating({ type: 'leaving' }, nowMs), nowMs)
      case 'steppedUp':
        this.#dropAtMs = undefined
        return []
      case 'woke':
        return [
          ...this.#changed(this.#store.sweep(unixS), nowMs),
          ...this.#dropped(nowMs),
          ...this.#replicate(this.#replicating(event, nowMs), nowMs),
          ...this.#rewrites(this.#own.handle({ type: 'woke', linked: this.#table.linkCount > 0 }, nowMs)),
        ]
    }
  }

  /** Asked for after every message, so remembered until something changes. Infinity: waiting for nothing. */
  wakeAtMs(nowMs: number, unixS: number): number {
    return (this.#dueMs ??= this.#earliestMs(nowMs, unixS))
  }

  #earliestMs(nowMs: number, unixS: number): number {
    const { earliestDropUnixS } = this.#store
    const sweepAtMs = earliestDropUnixS === undefined ? Infinity : nowMs + Math.max(1, earliestDropUnixS - unixS) * 1_000
    return Math.min(
      sweepAtMs,
      this.#dropAtMs ?? Infinity,
      this.#replication?.wakeAtMs ?? Infinity,
      this.#own.wakeAtMs(this.#table.linkCount > 0) ?? Infinity,
    )
  }

  /** Takes a record that a peer, or our own write, wants kept here as one of its replicas. */
  keep(
    record: Record,
    options: { from?: Key; ifSeq?: bigint },
    nowMs: number,
    unixS: number,
  ): { receipt: Receipt; newer?: Record; effects: RecordRoomEffect[] } {
    this.#dueMs = undefined
    const outcome = this.#store.put(record, { role: 'replica', ...options }, this.#verify, unixS)
    const { type: receipt } = outcome
    switch (outcome.type) {
      case 'stored': {
        const effects = this.#changed(outcome.changes, nowMs)
        this.#replicating({ type: 'kept', id: outcome.kept.id, key: record.key, elsewhere: true, own: outcome.kept.role === 'own' }, nowMs)
        if (outcome.kept.role === 'own') this.#own.handle({ type: 'superseded', record }, nowMs)
        return { receipt, effects }
      }
      case 'same':
        return { receipt, effects: this.#changed(outcome.changes, nowMs) }
      case 'stale':
        return { receipt, ...(outcome.newer && { newer: outcome.newer }), effects: [] }
      case 'conflict':
        return { receipt, ...(outcome.current && { newer: outcome.current }), effects: [] }
      case 'full':
      case 'refused':
        return { receipt, effects: [] }
    }
  }

  /** Whether a record met in a lookup is true and current, and not older than what was seen before. `isAsked`: this peer has asked for it, and remembers what is true as seen. */
  holds(record: Record, unixS: number, isAsked = true): boolean {
    // What is kept here may be behind, too: a newer version was read elsewhere.
    if (this.#store.isOlder(record)) return false
    const kept = this.kept(recordId(record))
    const isTrue = (kept && compareRecords(kept, record) === 0) || judgeRecord(record, this.#verify, unixS) === 'valid'
    if (isTrue && isAsked) this.#store.note(record)
    return isTrue
  }

  /** Whether to judge this record is to verify a signature: see `RecordStore.needsProof`. */
  needsProof(record: Record): boolean {
    return this.#store.needsProof(record)
  }

  /** Why our own record cannot be written, as this store knows already: it has no room for it, it does not hold, or its condition fails. */
  obstacle(record: Record, ifSeq: bigint | undefined, unixS: number): 'full' | 'refused' | 'conflict' | undefined {
    const outcome = this.#store.consider(record, { role: 'own', ...(ifSeq !== undefined && { ifSeq }) }, unixS)
    return outcome?.type === 'full' || outcome?.type === 'refused' || outcome?.type === 'conflict' ? outcome.type : undefined
  }

  here(target: Key, want: Want, unixS: number): Record[] {
    return want === 'peers' ? [] : this.#store.get(target, want, unixS)
  }

  /** Whether a seek may end here although others are closer: with content, which proves itself, or with what this peer keeps as one of the replicas. */
  answersHere(target: Key, want: Want, unixS: number): boolean {
    if (this.here(target, want, unixS).length === 0) return false
    if (want === 'content') return true
    return this.isReplica(target)
  }

  /** Whether this peer is one of the `replicas` closest to the key, as far as it can tell. */
  isReplica(key: Key): boolean {
    // In a large overlay most of whom this peer hears of is named once, and would not count: the siblings tell how far off it is all the same.
    if (this.#table.role === 'leaf' || this.#view.isFarOff(key)) return false
    const last = this.#view.closest(key, replicas)[replicas - 1]
    return !last || Key.compare(key, this.#table.self, last.id) < 0
  }

  /** The other peers closest to a key, but for those that may be made up: `ReplicaView`. */
  closest(key: Key, count: number): Contact[] {
    return this.#view.closest(key, count)
  }

  #replicating(event: ReplicationEvent, nowMs: number): ReplicationEffect[] {
    if (this.#replication) return this.#replication.handle(event, nowMs)
    if (event.type === 'kept') this.#early.set(event.id, event)
    if (event.type === 'dropped') this.#early.delete(event.id)
    return []
  }

  /** What a leaf kept of others, when its time is over. */
  #dropped(nowMs: number): RecordRoomEffect[] {
    if (this.#dropAtMs === undefined || nowMs < this.#dropAtMs) return []
    this.#dropAtMs = undefined
    return this.#changed(this.#store.dropReplicas(), nowMs)
  }

  /** Those of these versions that are not kept here. */
  lacking(versions: readonly VersionDigest[]): VersionDigest[] {
    return this.#store.lacking(versions)
  }

  /** What is kept under this `recordId`. */
  kept(id: string): Record | undefined {
    return this.#store.kept(id)?.record
  }

  seqSeen(id: string): bigint | undefined {
    return this.#store.highestSeq(id)
  }

  get count(): number {
    return this.#store.count
  }

  /** Own records that no other peer has confirmed yet. */
  get pending(): number {
    return this.#own.pending
  }

  #owned(record: Record, nowMs: number, unixS: number): RecordRoomEffect[] {
    const outcome = this.#store.put(record, { role: 'own' }, () => true, unixS)
    if (outcome.type !== 'stored' && outcome.type !== 'same') return []
    this.#own.handle({ type: 'owned', record, writing: true }, nowMs)
    this.#replicating({ type: 'kept', id: recordId(record), key: record.key, elsewhere: true, own: true }, nowMs)
    return this.#changed(outcome.changes, nowMs)
  }

  /** Takes the newer version of an own record for our own: its owner wrote it elsewhere. Where it has no room, ours is no longer written either. */
  #adopt(newer: Record, nowMs: number, unixS: number): RecordRoomEffect[] {
    const id = recordId(newer)
    if (!this.#own.has(id)) return []
    const outcome = this.#store.put(newer, { role: 'own' }, this.#verify, unixS)
    switch (outcome.type) {
      case 'stored':
        this.#own.handle({ type: 'superseded', record: newer }, nowMs)
        this.#replicating({ type: 'kept', id, key: newer.key, elsewhere: true, own: true }, nowMs)
        return this.#changed(outcome.changes, nowMs)
      case 'full':
        this.#own.handle({ type: 'dropped', id }, nowMs)
        return []
      default:
        return []
    }
  }

  #restored(stored: ReadonlyMap<string, Uint8Array>, nowMs: number, unixS: number): RecordRoomEffect[] {
    const effects: RecordRoomEffect[] = []
    const kept: KeptRecord[] = []
    for (const [name, bytes] of stored) {
      const one = decodeStored(bytes)
      if (isMalformed(one) || one.id !== name) effects.push({ type: 'persist', name, bytes: undefined, own: false })
      else kept.push(one)
    }
    effects.push(...this.#changed(this.#store.restore(kept, unixS), nowMs))
    for (const { id, record, role } of this.#store.records()) {
      this.#replicating({ type: 'kept', id, key: record.key, elsewhere: false, own: role === 'own' }, nowMs)
      if (role === 'own') this.#own.handle({ type: 'owned', record, writing: false }, nowMs)
    }
    return effects
  }

  /**
   * What became of a record that was handed in. Where others have a newer version, that is kept in its place, and is handed in next. Where the lookup has shown that this peer is a replica
   * itself, it counts as kept by nobody else: it stays.
   */
  #handedIn(
    { record, stored, storedElsewhere, newer, crowded }: Extract<RecordRoomEvent, { type: 'wrote' }>,
    nowMs: number,
    unixS: number,
  ): RecordRoomEffect[] {
    const id = recordId(record)
    const kept = this.#store.kept(id)
    const isCurrent = kept?.role === 'replica' && compareRecords(kept.record, record) === 0
    const isOthers = isCurrent && !newer && !crowded && stored === storedElsewhere
    const ended = this.#replicating({ type: 'handedIn', id, storedElsewhere: isOthers ? storedElsewhere : 0 }, nowMs)
    return [...(isCurrent && newer ? this.keep(newer, {}, nowMs, unixS).effects : []), ...this.#replicate(ended, nowMs)]
  }

  #changed(changes: readonly StoreChange[], nowMs: number): RecordRoomEffect[] {
    return changes.flatMap(({ id, kept }): RecordRoomEffect[] => {
      const persist = { type: 'persist', name: id, bytes: kept && encodeStored(kept), own: kept?.role === 'own' } as const
      if (kept) return [persist, { type: 'kept', record: kept.record }]
      this.#replicating({ type: 'dropped', id }, nowMs)
      this.#own.handle({ type: 'dropped', id }, nowMs)
      return [persist]
    })
  }

  #replicate(effects: readonly ReplicationEffect[], nowMs: number): RecordRoomEffect[] {
    return effects.flatMap((effect): RecordRoomEffect[] => {
      switch (effect.type) {
        case 'push': {
          const { id, to } = effect
          const kept = this.#store.kept(id)
          return kept ? [{ type: 'push', id, record: kept.record, to, route: this.#routeTo(to) }] : []
        }
        case 'compare': {
          const kept = effect.ids.flatMap((id) => this.#store.kept(id) ?? [])
          const compared = kept.map(({ id, record }) => ({ id, version: versionDigest(record) }))
          return [{ type: 'compare', compared, to: effect.to, route: this.#routeTo(effect.to) }]
        }
        case 'handIn': {
          const kept = this.#store.kept(effect.id)
          return kept ? [{ type: 'rewrite', record: kept.record, all: true }] : []
        }
        case 'drop':
          return this.#changed(this.#store.release(effect.id), nowMs)
      }
    })
  }

  #compared({ to, compared, lacking }: Extract<RecordRoomEvent, { type: 'compared' }>, nowMs: number): RecordRoomEffect[] {
    // What was replaced since was not compared.
    const current = compared.filter(({ id, version }) => {
      const kept = this.#store.kept(id)
      return kept && versionDigest(kept.record) === version
    })
    const ids = (some: readonly Compared[]) => some.map(({ id }) => id)
    if (!lacking) return this.#replicate(this.#replicating({ type: 'notCompared', to, ids: ids(current) }, nowMs), nowMs)
    const lacked = new Set(lacking)
    const has = ids(current.filter(({ version }) => !lacked.has(version)))
    const lacks = ids(current.filter(({ version }) => lacked.has(version)))
    return this.#replicate(this.#replicating({ type: 'compared', to, has, lacks }, nowMs), nowMs)
  }

  #routeTo({ id }: Contact): readonly Key[] {
    return this.#table.routeTo(id) ?? []
  }

  #rewrites(effects: readonly OwnRecordsEffect[]): RecordRoomEffect[] {
    return effects.map(({ record }) => ({ type: 'rewrite', record, all: false }))
  }
}
