import { type Record, recordId } from '../records/record.js'
import { recordVersion, versionsDigest } from '../records/record-version.js'

/** Publishers under one key whose versions one watch remembers, and delivers: as many as a read brings. */
export const deliveredMax = 512

interface Last {
  readonly version: string
  readonly expiresUnixS: number
  /** Some version of it was shown: then its deletion is news, too. */
  readonly shown: boolean
}

/**
 * What one watch has delivered. Invariants: 1. of one record every version is delivered once at most, and none after a later one;
 * 2. a deletion is delivered only of what was; 3. no more than `deliveredMax` records are remembered, the expired ones not at all.
 */
export class Delivered {
  readonly #last = new Map<string, Last>()

  /** Whether the record is later than what was delivered. To be asked before it is judged, which is dear. */
  isNews(record: Record): boolean {
    const before = this.#last.get(recordId(record))
    return !before || recordVersion(record) > before.version
  }

  /** Notes a record that is news and holds; whether the app is to be told. */
  take(record: Record, unixS: number): boolean {
    if (record.kind === 'content') return false
    const id = recordId(record)
    const before = this.#last.get(id)
    if (!before && this.#last.size >= deliveredMax) this.#forgetExpired(unixS)
    if (!before && this.#last.size >= deliveredMax) return false
    const isDeletion = record.value.length === 0
    const shown = before?.shown === true
    this.#last.set(id, { version: recordVersion(record), expiresUnixS: record.expiresUnixS, shown: !isDeletion })
    return !isDeletion || shown
  }

  /** One name for all that was delivered and is not over its time. */
  digest(unixS: number): string {
    this.#forgetExpired(unixS)
    return versionsDigest(Array.from(this.#last, ([id, { version }]) => [id, version] as const))
  }

  #forgetExpired(unixS: number): void {
    for (const [id, { expiresUnixS }] of this.#last) if (expiresUnixS <= unixS) this.#last.delete(id)
  }
}
