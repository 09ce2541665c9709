import type { Key } from '../keys/key.js'
import type { Receipt } from '../wire/message.js'
import { compareRecords, type Record } from '../records/record.js'

/** What became of a write at the replicas. `newer`: the record that one of them has instead. */
export interface Written {
  readonly type: 'written'
  readonly stored: number
  readonly wanted: number
  readonly newer: Record | undefined
  readonly conflict: boolean
  readonly full: number
}

/** One write at its replicas: who was asked, and what they said. */
export class Writing {
  readonly #awaited: Set<string>
  #wanted: number
  #stored = 0
  #full = 0
  #conflict = false
  #widened = false
  #newer: Record | undefined

  constructor(replicas: readonly Key[]) {
    this.#awaited = new Set(replicas.map((id) => id.hex))
    this.#wanted = replicas.length
  }

  /** A replica's receipt, or undefined: it stayed silent. */
  note(from: Key, answer: { receipt: Receipt; newer?: Record } | undefined): void {
    if (!this.#awaited.delete(from.hex)) this.#wanted += 1
    switch (answer?.receipt) {
      case 'stored':
      case 'same':
        this.#stored += 1
        break
      case 'full':
        this.#full += 1
        break
      case 'conflict':
        this.#conflict = true
        break
      case 'stale':
      case 'refused':
      case undefined:
        break
    }
    if (answer?.newer && (!this.#newer || compareRecords(answer.newer, this.#newer) > 0)) this.#newer = answer.newer
  }

  /** Asks these too: nobody of the first confirmed. */
  widen(others: readonly Key[]): void {
    for (const { hex } of others) this.#awaited.add(hex)
    this.#wanted += others.length
    this.#widened = true
  }

  get widened(): boolean {
    return this.#widened
  }

  get done(): boolean {
    return this.#awaited.size === 0
  }

  outcome(): Written {
    return { type: 'written', stored: this.#stored, wanted: this.#wanted, newer: this.#newer, conflict: this.#conflict, full: this.#full }
  }
}
