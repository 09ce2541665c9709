import type { Key } from '../keys/key.js'
import type { Receipt } from '../wire/message.js'
import { compareRecords, contradictsIfSeq, type Record, recordId } from '../records/record.js'

/** What became of a write at the replicas. */
export interface Written {
  readonly type: 'written'
  /** Replicas that confirmed, this peer included where it is one. */
  readonly stored: number
  /** Of these, other peers. */
  readonly storedElsewhere: number
  /** Replicas, this peer included where it is one. */
  readonly wanted: number
  /** The newest record that a replica has instead, judged. */
  readonly newer: Record | undefined
  /** The record is past the seq of the condition: this peer knows, or a replica has proved it. */
  readonly conflict: boolean
  /** Replicas that had no room. */
  readonly full: number
  /** This peer's own store had no room for the record, or it does not hold: nobody was asked. */
  readonly notKept: 'full' | 'refused' | undefined
  /** The peers that confirmed are so close to the key as they hardly would be by chance: somebody may have made them up to hide what is there. */
  readonly crowded: boolean
}

/**
 * One write at its replicas: who was asked, and what they said.
 * Invariants: 1. a conflict, or a newer record, counts from another peer only when it shows that record; 2. an answer counts once, and only from who was asked.
 */
export class Writing {
  readonly #record: Record
  readonly #ifSeq: bigint | undefined
  readonly #awaited: Set<string>
  readonly #late = new Set<string>()
  #wanted: number
  #storedHere = 0
  #storedElsewhere = 0
  #full = 0
  #conflict = false
  #widened = false
  #newer: Record | undefined

  constructor(record: Record, ifSeq: bigint | undefined, others: readonly Key[]) {
    this.#record = record
    this.#ifSeq = ifSeq
    this.#awaited = new Set(others.map((id) => id.hex))
    this.#wanted = others.length
  }

  /** What became of it at this peer, a replica itself. */
  noteHere(receipt: Receipt): void {
    this.#wanted += 1
    if (receipt === 'stored' || receipt === 'same') this.#storedHere = 1
    if (receipt === 'full') this.#full += 1
    if (receipt === 'conflict') this.#conflict = true
  }

  /** Another replica's receipt, or undefined: it stayed silent. `newer` is judged. */
  note(from: Key, answer: { receipt: Receipt; newer?: Record } | undefined): void {
    if (!this.#awaited.delete(from.hex) || !answer) return
    switch (answer.receipt) {
      case 'stored':
      case 'same':
        this.#storedElsewhere += 1
        return
      case 'full':
        this.#full += 1
        return
      case 'conflict':
        if (!answer.newer || !this.#contradicts(answer.newer)) return
        this.#conflict = true
        return this.#noteNewer(answer.newer)
      case 'stale':
        if (answer.newer && this.#isVersion(answer.newer) && compareRecords(answer.newer, this.#record) > 0) this.#noteNewer(answer.newer)
        return
      case 'refused':
        return
    }
  }

  /** A replica takes longer than is usual: it may be gone. */
  noteLate(from: Key): void {
    if (this.#awaited.has(from.hex)) this.#late.add(from.hex)
  }

  /** All but those who are late have answered, and most have it: nobody need wait for the rest, whom replication reaches. */
  get isEnough(): boolean {
    const others = [...this.#awaited].every((hex) => this.#late.has(hex))
    return others && this.#awaited.size > 0 && 2 * this.#storedElsewhere > this.#wanted
  }

  /** Most replicas have it, others than this peer among them. */
  get isMost(): boolean {
    return this.#storedElsewhere > 0 && 2 * (this.#storedHere + this.#storedElsewhere) > this.#wanted
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
    return {
      type: 'written',
      stored: this.#storedHere + this.#storedElsewhere,
      storedElsewhere: this.#storedElsewhere,
      wanted: this.#wanted,
      newer: this.#newer,
      conflict: this.#conflict,
      full: this.#full,
      notKept: undefined,
      crowded: false,
    }
  }

  #noteNewer(newer: Record): void {
    if (!this.#newer || compareRecords(newer, this.#newer) > 0) this.#newer = newer
  }

  #contradicts(newer: Record): boolean {
    return this.#isVersion(newer) && newer.kind !== 'content' && contradictsIfSeq(newer.seq, this.#ifSeq)
  }

  #isVersion(other: Record): boolean {
    return recordId(other) === recordId(this.#record)
  }
}

/** Fewer than half of those who should keep it confirmed: the place may be the wrong one. */
export function isThin({ storedElsewhere, wanted, conflict, newer }: Written): boolean {
  return !conflict && !newer && storedElsewhere * 2 < wanted
}

/** The outcome of a write that nobody was asked for. */
export function unwritten(why: 'full' | 'refused' | 'conflict' | undefined): Written {
  const notKept = why === 'conflict' ? undefined : why
  return {
    type: 'written',
    stored: 0,
    storedElsewhere: 0,
    wanted: 0,
    newer: undefined,
    conflict: why === 'conflict',
    full: 0,
    notKept,
    crowded: false,
  }
}
