import { judgeRecord, type Key, type Record, type RecordKind } from '@hashtab/core'
import { verifyCheaply } from '../cheap-signature.js'
import type { Ledger } from './ledger.js'
import type { Violations } from './violation.js'

/** Whether what readers are given was signed, and for the key that they asked for. */
export class Genuineness {
  readonly #ledger: Ledger
  readonly #violations: Violations

  constructor(ledger: Ledger, violations: Violations) {
    this.#ledger = ledger
    this.#violations = violations
  }

  given(record: Record, target: Key, kind: RecordKind, unixS: number): void {
    const verdict = judgeRecord(record, verifyCheaply, unixS)
    const isAsked = record.kind === kind && record.key.equals(target)
    if (isAsked && verdict === 'valid' && this.#ledger.isSigned(record)) return
    this.#violations.found('genuine', `a ${record.kind} record under ${target.hex} that nobody signed for it (${verdict})`)
  }
}
