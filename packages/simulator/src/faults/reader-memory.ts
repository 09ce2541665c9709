import { compareRecords, type Record, recordId } from '@hashtab/core'
import type { Violations } from './violation.js'

/** What each reader was given last of each record: never an older version after a newer one. */
export class ReaderMemory {
  readonly #given = new Map<string, Record>()
  readonly #violations: Violations

  constructor(violations: Violations) {
    this.#violations = violations
  }

  /** `reader`: one tab, from its opening to its end. */
  given(reader: number, record: Record): void {
    const name = `${reader} ${recordId(record)}`
    const before = this.#given.get(name)
    if (before && compareRecords(record, before) < 0) {
      this.#violations.found('reader', `reader ${reader} had seq ${seqOf(before)} of ${recordId(record)}, and is given ${seqOf(record)}`)
      return
    }
    this.#given.set(name, record)
  }
}

export function seqOf(record: Record): bigint {
  return record.kind === 'content' ? 0n : record.seq
}
