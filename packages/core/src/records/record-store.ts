import { LateMap } from '../late-map.js'
import type { Key } from '../keys/key.js'
import { keptRecord, type KeptRecord, type RecordSource, type Role } from './kept-record.js'
import type { Verify } from '../keys/public-key.js'
import { judgeExpiry, judgeRecord, type RecordVerdict } from './record-verdict.js'
import { compareRecords, contradictsIfSeq, type Record, recordId, type RecordKind } from './record.js'
import { type VersionDigest, versionDigest } from './record-version.js'
import { SeenVersions } from './seen-versions.js'
import { defaultStoreQuotas, type QuotaName, type StoreQuotas } from './store-quotas.js'
import { StoreRoom } from './store-room.js'

/** What storage must follow: keep this under the id, or drop the id. */
export interface StoreChange {
  readonly id: string
  readonly kept: KeptRecord | undefined
}

/**
 * How a record is put. With `ifSeq` (BEP 44, `cas`): not where a higher seq is known; a store that is behind, or knows none, takes it.
 * 0n: only where a reader finds none; that one was there once, and has expired or was deleted, is no hindrance (but its seq is to be exceeded, always).
 */
export interface PutOptions extends RecordSource {
  readonly ifSeq?: bigint
}

/**
 * What became of a record that was put: the names are those of a `Receipt`. `stale`: a newer one is, or was, here;
 * `conflict`: `ifSeq` is behind what is known here; `full`: every record in that quota is worthier; `refused`: it does not hold.
 */
export type PutOutcome =
  | { readonly type: 'stored'; readonly kept: KeptRecord; readonly changes: readonly StoreChange[] }
  | { readonly type: 'same'; readonly changes: readonly StoreChange[] }
  | { readonly type: 'stale'; readonly newer: Record | undefined }
  | { readonly type: 'conflict'; readonly current: Record | undefined }
  | { readonly type: 'full'; readonly quota: QuotaName }
  | { readonly type: 'refused'; readonly why: Exclude<RecordVerdict, 'valid'> }

/** Seconds by which a same record must outlast the kept one to be written again: spares the disk. */
export const refreshStepS = 3_600

/**
 * The records one peer keeps. Pure: what changed is answered, for storage to follow.
 *
 * 1. It never goes back: of one id, the greater by `compareRecords` stays, and a seq below the highest seen is not taken in again,
 *    even after the record itself is gone (as far as `SeenVersions` remember).
 * 2. Nothing is let in that is not proved; the proof is asked for last, of records that would be kept.
 * 3. It stays within its quotas; this peer's own records never go to make room.
 */
export class RecordStore {
  readonly #room: StoreRoom
  readonly #kept = new LateMap<string, KeptRecord>()
  /** The ids of open records, by key: the one question that no id answers. */
  readonly #openIds = new LateMap<string, Set<string>>()
  readonly #read = new SeenVersions()
  /** What is not kept any more. Apart from what was read, of which nothing is to be forgotten for what strangers bring. */
  readonly #dropped = new SeenVersions()

  constructor({ self, quotas = defaultStoreQuotas }: { readonly self: Key; readonly quotas?: StoreQuotas }) {
    this.#room = new StoreRoom(self, quotas)
  }

  /** Takes a record in, if it is newer, has room and proves itself, in this order. A record we have just signed needs no proof: `() => true`. */
  put(record: Record, options: PutOptions, verify: Verify, unixS: number): PutOutcome {
    const plan = this.#plan(record, options, unixS)
    if (plan.type === 'answer') return plan.outcome
    if (plan.proved) return { type: 'same', changes: this.#exchange(plan.kept, plan.victims) }
    const verdict = judgeRecord(record, verify, unixS)
    if (verdict !== 'valid') return { type: 'refused', why: verdict }
    return { type: 'stored', kept: plan.kept, changes: this.#exchange(plan.kept, plan.victims) }
  }

  /** What `put` would answer without a proof; undefined: it depends on the proof. Changes nothing. For callers that ration verification. */
  consider(record: Record, options: PutOptions, unixS: number): PutOutcome | undefined {
    const plan = this.#plan(record, options, unixS)
    if (plan.type === 'answer') return plan.outcome
    return plan.proved ? { type: 'same', changes: [] } : undefined
  }

  /** Whether to judge this record is to verify a signature: it is not content, nor kept already, nor older than what is known. For callers that ration verification. */
  needsProof(record: Record): boolean {
    if (record.kind === 'content') return false
    const kept = this.#kept.get(recordId(record))?.record
    return !(kept && compareRecords(record, kept) === 0) && !this.isOlder(record)
  }

  /** What is kept under a key and not over its time: at most one content or owned record; open ones newest first. */
  get(key: Key, kind: RecordKind, unixS: number): Record[] {
    const ids = kind === 'open' ? (this.#openIds.get(key.hex) ?? []) : [`${kind} ${key.hex}`]
    const records: Record[] = []
    for (const id of ids) {
      const kept = this.#kept.get(id)
      if (kept && kept.dropUnixS > unixS) records.push(kept.record)
    }
    return records.sort((a, b) => compareRecords(b, a))
  }

  /** Everything kept, for replication, republishing and digests. */
  records(): IterableIterator<KeptRecord> {
    return this.#kept.values()
  }

  /** What is kept under this `recordId`. */
  kept(id: string): KeptRecord | undefined {
    return this.#kept.get(id)
  }

  /** Those of these versions that are not kept. */
  lacking(versions: readonly VersionDigest[]): VersionDigest[] {
    const lacking = new Set(versions)
    for (const { record } of this.#kept.values()) {
      if (lacking.size === 0) break
      lacking.delete(versionDigest(record))
    }
    return [...lacking]
  }

  get count(): number {
    return this.#kept.size
  }

  /** The highest seq known of a record, kept or not: a reader that is offered less asks wider. */
  highestSeq(id: string): bigint | undefined {
    const kept = this.#kept.get(id)?.record
    const seqs = [kept?.kind === 'content' ? undefined : kept?.seq, this.#read.seqOf(id), this.#dropped.seqOf(id)]
    return seqs.reduce((highest, seq) => (seq !== undefined && seq > (highest ?? -1n) ? seq : highest))
  }

  /** Whether a newer version of it is kept or was seen. */
  isOlder(record: Record): boolean {
    const kept = this.#kept.get(recordId(record))?.record
    return (kept && compareRecords(record, kept) < 0) || this.#read.isOlder(record) || this.#dropped.isOlder(record)
  }

  /** Remembers the version of a record that proved itself elsewhere: one that was read. */
  note(record: Record): void {
    this.#read.note(record)
  }

  /** Drops a record that others keep now; not this peer's own. */
  release(id: string): StoreChange[] {
    const kept = this.#kept.get(id)
    return kept && kept.role !== 'own' ? this.#exchange(undefined, [kept]) : []
  }

  /** Drops what is over its time. */
  sweep(unixS: number): StoreChange[] {
    return this.#exchange(
      undefined,
      [...this.#kept.values()].filter((kept) => kept.dropUnixS <= unixS),
    )
  }

  /** Drops what others wrote: this peer is no replica any more. */
  dropReplicas(): StoreChange[] {
    return this.#exchange(
      undefined,
      [...this.#kept.values()].filter(({ role }) => role !== 'own'),
    )
  }

  /** When `sweep` next has something to do; undefined: nothing is kept. */
  get earliestDropUnixS(): number | undefined {
    let earliest: number | undefined
    for (const { dropUnixS } of this.#kept.values()) if (earliest === undefined || dropUnixS < earliest) earliest = dropUnixS
    return earliest
  }

  /** Takes back what storage kept, without proof: it proved itself when it came. Answers with what storage may drop. */
  restore(stored: Iterable<KeptRecord>, unixS: number): StoreChange[] {
    const changes: StoreChange[] = []
    for (const kept of stored) {
      const before = this.#kept.get(kept.id)
      if (before && compareRecords(before.record, kept.record) >= 0) continue
      const plan = kept.dropUnixS <= unixS ? undefined : this.#room.plan(kept, this.#kept, unixS)
      if (plan?.type !== 'room') {
        if (!before) changes.push({ id: kept.id, kept: undefined })
        continue
      }
      changes.push(...this.#exchange(kept, plan.victims).filter((change) => change.kept === undefined))
    }
    return changes
  }

  #plan(record: Record, options: PutOptions, unixS: number): PutPlan {
    const expiry = judgeExpiry(record, unixS)
    if (expiry !== 'valid') return answer({ type: 'refused', why: expiry })
    const id = recordId(record)
    const before = this.#kept.get(id)
    const order = before ? compareRecords(record, before.record) : 1
    if (before && order === 0) return this.#planSame(before, options, unixS)
    const newer = order < 0 ? before?.record : undefined
    if (record.kind !== 'content') {
      const seqHere = this.highestSeq(id)
      const contradicts = options.ifSeq === 0n ? isThere(before, unixS) : seqHere !== undefined && contradictsIfSeq(seqHere, options.ifSeq)
      if (contradicts) return answer({ type: 'conflict', current: before?.record })
    }
    if (this.isOlder(record)) return answer({ type: 'stale', newer })
    const role = before ? higherRole(before.role, options.role) : options.role
    return this.#planRoom(keptRecord(record, { ...options, role }, unixS), false, unixS)
  }

  /** The same bytes again: they may be kept for a better reason, or for longer. */
  #planSame(before: KeptRecord, options: PutOptions, unixS: number): PutPlan {
    const again = keptRecord(before.record, { ...options, role: higherRole(before.role, options.role) }, unixS)
    if (again.role === before.role && again.dropUnixS < before.dropUnixS + refreshStepS) return answer({ type: 'same', changes: [] })
    return this.#planRoom(
      { ...before, role: again.role, receivedUnixS: unixS, dropUnixS: Math.max(before.dropUnixS, again.dropUnixS) },
      true,
      unixS,
    )
  }

  #planRoom(kept: KeptRecord, proved: boolean, unixS: number): PutPlan {
    const plan = this.#room.plan(kept, this.#kept, unixS)
    return plan.type === 'full' ? answer(plan) : { type: 'keep', kept, proved, victims: plan.victims }
  }

  /** The one place where what is kept changes. */
  #exchange(kept: KeptRecord | undefined, victims: readonly KeptRecord[]): StoreChange[] {
    const changes: StoreChange[] = []
    for (const { id } of victims) {
      this.#drop(id)
      changes.push({ id, kept: undefined })
    }
    if (!kept) return changes
    this.#drop(kept.id)
    this.#kept.set(kept.id, kept)
    this.#room.add(kept)
    if (kept.record.kind === 'open')
      this.#openIds.set(kept.record.key.hex, (this.#openIds.get(kept.record.key.hex) ?? new Set()).add(kept.id))
    return [...changes, { id: kept.id, kept }]
  }

  #drop(id: string): void {
    const kept = this.#kept.get(id)
    if (!kept) return
    this.#kept.delete(id)
    this.#dropped.note(kept.record)
    this.#room.remove(kept)
    const openIds = this.#openIds.get(kept.record.key.hex)
    if (kept.record.kind === 'open' && openIds?.delete(id) && openIds.size === 0) this.#openIds.delete(kept.record.key.hex)
  }
}

/** What a put comes to: an answer at once, or room for it, which bytes that are here already need not prove themselves for. */
type PutPlan =
  | { readonly type: 'answer'; readonly outcome: PutOutcome }
  | { readonly type: 'keep'; readonly kept: KeptRecord; readonly proved: boolean; readonly victims: readonly KeptRecord[] }

function answer(outcome: PutOutcome): PutPlan {
  return { type: 'answer', outcome }
}

/** Whether a reader finds it: it is not over its time, and not deleted. */
function isThere(kept: KeptRecord | undefined, unixS: number): boolean {
  return kept !== undefined && kept.dropUnixS > unixS && kept.record.value.length > 0
}

function higherRole(a: Role, b: Role): Role {
  return a === 'own' ? a : b
}
