import { compareRecords, type Record, recordHash, recordId } from '@hashtab/core'

/** A version of a record that its writer was told is kept. */
export interface Acknowledged {
  readonly record: Record
  readonly atMs: number
  /** Somebody else has confirmed it, or was not asked to. */
  readonly all: boolean
  /** Which peer wrote it. */
  readonly writer: number
}

/** All that was ever signed in one world, by whomever, and what of it was acknowledged. */
export class Ledger {
  readonly #signed = new Set<string>()
  readonly #acknowledged = new Map<string, Acknowledged[]>()

  sign<T extends Record>(record: T): T {
    this.#signed.add(nameOf(record))
    return record
  }

  isSigned(record: Record): boolean {
    return this.#signed.has(nameOf(record))
  }

  acknowledge(acknowledged: Acknowledged): void {
    const id = recordId(acknowledged.record)
    this.#acknowledged.set(id, [...(this.#acknowledged.get(id) ?? []), acknowledged])
  }

  /** Of each record the newest acknowledged version that counts. */
  newest(counts: (acknowledged: Acknowledged) => boolean): Acknowledged[] {
    return [...this.#acknowledged.values()].flatMap((versions) => {
      const [newest] = versions.filter(counts).sort((a, b) => compareRecords(b.record, a.record))
      return newest ? [newest] : []
    })
  }
}

function nameOf(record: Record): string {
  return `${recordId(record)} ${Buffer.from(recordHash(record)).toString('hex')}`
}
