import { LateSet } from '../late-set.js'
import type { Held } from './held.js'

/** Records handed in at one time: each takes a lookup. */
export const handedInMax = 4
/** Milliseconds before others are, when so many are. */
export const handInGapMs = 5_000

/** Nobody knows here who is responsible for this record: a lookup tells, and it is written there. */
export interface HandInEffect {
  readonly type: 'handIn'
  readonly id: string
}

/** Records of which this peer does not know who is responsible, that are being written to whoever is. Invariant: at most `handedInMax` at a time. */
export class HandIns {
  readonly #underWay = new LateSet<string>()

  /** Hands in as many as may be; the others' turn comes a little later. */
  begin(misplaced: readonly Held[], nowMs: number): HandInEffect[] {
    const effects: HandInEffect[] = []
    for (const held of misplaced) {
      if (this.#underWay.has(held.id)) continue
      if (this.#underWay.size >= handedInMax) held.repairAtMs = nowMs + handInGapMs
      else {
        this.#underWay.add(held.id)
        effects.push({ type: 'handIn', id: held.id })
      }
    }
    return effects
  }

  ended(id: string): void {
    this.#underWay.delete(id)
  }
}
