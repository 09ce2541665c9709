import { LateMap } from '../late-map.js'
import type { OperationId, Outcome } from './operations.js'
import type { Record } from '../records/record.js'
import { unwritten, type Written } from './writing.js'

/** A write of our own record has ended. `isMet`: it was made on a condition, that is met: another peer took it, for this one alone cannot know. `newer`: what a replica has instead. */
export interface Wrote {
  readonly type: 'wrote'
  readonly record: Record
  /** Replicas that have it: with this peer, where it is one of them itself, and without. */
  readonly stored: number
  readonly storedElsewhere: number
  readonly wanted: number
  readonly isMet: boolean
  readonly newer: Record | undefined
  /** Peers crowd around its key. */
  readonly crowded: boolean
}

/** The app's own writes, from their call to their end. */
export class WritesUnderWay {
  readonly #writes = new LateMap<OperationId, { readonly record: Record; readonly ifSeq: bigint | undefined }>()

  began(operation: OperationId, record: Record, ifSeq: bigint | undefined): void {
    this.#writes.set(operation, { record, ifSeq })
  }

  /** Nothing for operations that are no writes. */
  ended(operation: OperationId, outcome: Outcome): Wrote[] {
    const write = this.#writes.get(operation)
    this.#writes.delete(operation)
    if (!write || outcome.type !== 'written') return []
    const isMet = write.ifSeq !== undefined && !outcome.conflict && outcome.storedElsewhere > 0
    return [wrote(write.record, outcome, isMet)]
  }

  /** A write that its caller gave up on counts as unwritten: the record is written again later. */
  abandoned(operation: OperationId): Wrote[] {
    const write = this.#writes.get(operation)
    this.#writes.delete(operation)
    return write ? [wrote(write.record, unwritten(undefined), false)] : []
  }
}

export function wrote(record: Record, { stored, storedElsewhere, wanted, newer, crowded }: Written, isMet: boolean): Wrote {
  return { type: 'wrote', record, stored, storedElsewhere, wanted, isMet, newer, crowded }
}
