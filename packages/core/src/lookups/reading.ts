import type { Key } from '../keys/key.js'
import { type Want } from '../wire/message.js'
import { compareRecords, recordId, type Record } from '../records/record.js'

/** Records kept while one lookup reads: every replica may bring its own set of publishers. */
export const readRecordsMax = 512

/**
 * What one lookup reads: the best record of each publisher among all that was offered.
 * Each is judged once, however many replicas bring it.
 */
export class Reading {
  readonly #target: Key
  readonly #want: Exclude<Want, 'peers'>
  readonly #holds: (record: Record) => boolean
  readonly #best = new Map<string, Record>()

  constructor(target: Key, want: Exclude<Want, 'peers'>, holds: (record: Record) => boolean) {
    this.#target = target
    this.#want = want
    this.#holds = holds
  }

  /** Takes what was answered. Whether any of it holds and is no older than what is known. */
  offer(records: readonly Record[]): boolean {
    let holds = false
    for (const record of records) {
      if (record.kind !== this.#want || !record.key.equals(this.#target)) continue
      const id = recordId(record)
      const before = this.#best.get(id)
      const order = before ? compareRecords(record, before) : 1
      if (order === 0) holds = true
      if (order <= 0) continue
      if (!before && this.#best.size >= readRecordsMax) continue
      if (!this.#holds(record)) continue
      this.#best.set(id, record)
      holds = true
    }
    return holds
  }

  /** Whether nothing better can come: content proves itself, anything signed may have a newer version at the next replica. */
  get satisfied(): boolean {
    return this.#want === 'content' && this.#best.size > 0
  }

  /** The newest first. `isBehind`: whether a newer version was seen meanwhile, elsewhere. */
  best(isBehind: (record: Record) => boolean = () => false): Record[] {
    return [...this.#best.values()].filter((record) => !isBehind(record)).sort((a, b) => compareRecords(b, a))
  }
}
