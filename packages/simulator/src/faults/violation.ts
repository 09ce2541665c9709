/**
 * What must hold of every history, whatever fails:
 * `genuine`: nothing is returned that was not signed for its key. `reader`: what one reader is given of a record never goes back. `holder`: no holder serves less than it took, or hides what it keeps.
 * `durable`: what was acknowledged is there while fewer than the stated share fails. `recovery`: once faults stop, every get succeeds in time. `agreement`: all readers end up with the same versions.
 * `ends`: every operation ends, once and in time. `bounds`: links, records and messages stay within theirs.
 */
export const invariants = ['genuine', 'reader', 'holder', 'durable', 'recovery', 'agreement', 'ends', 'bounds'] as const
export type Invariant = (typeof invariants)[number]

export interface Violation {
  readonly invariant: Invariant
  readonly what: string
  readonly atMs: number
}

/** Told one by one: the first of them are enough to find out why. */
const toldMax = 20

/** What was found to be broken in one world. */
export class Violations {
  readonly #now: () => number
  readonly all: Violation[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  found(invariant: Invariant, what: string): void {
    if (this.all.length < toldMax) this.all.push({ invariant, what, atMs: this.#now() })
  }
}
