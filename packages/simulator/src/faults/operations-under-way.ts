import type { VirtualPeer } from '../virtual-peer.js'
import type { Violations } from './violation.js'

/** A read is over by then: four routed paths, and a careful lookup. */
export const readWithinMs = 60_000
/** A write: the same, twice, and the answers of its replicas. */
export const writeWithinMs = 120_000

interface UnderWay {
  readonly peer: VirtualPeer
  readonly what: string
  readonly untilMs: number
}

/** What apps have asked for, from the call to its end: one end, in time, as long as the tab is open and awake. */
export class OperationsUnderWay {
  readonly #underWay = new Map<number, UnderWay>()
  readonly #ended = new Set<number>()
  readonly #violations: Violations
  begun = 0

  constructor(violations: Violations) {
    this.#violations = violations
  }

  begin(operation: number, peer: VirtualPeer, what: 'read' | 'write', nowMs: number): void {
    this.begun += 1
    this.#underWay.set(operation, { peer, what, untilMs: nowMs + (what === 'read' ? readWithinMs : writeWithinMs) })
  }

  end(operation: number): void {
    if (this.#ended.has(operation)) this.#violations.found('ends', `operation ${operation} ended twice`)
    if (this.#underWay.delete(operation)) this.#ended.add(operation)
  }

  /** Its tab is closed, or stands still: what it asked for may come to nothing. */
  forget(peer: VirtualPeer): void {
    for (const [operation, one] of this.#underWay) if (one.peer === peer) this.#underWay.delete(operation)
  }

  check(nowMs: number): void {
    for (const [operation, { peer, what, untilMs }] of this.#underWay) {
      if (untilMs > nowMs) continue
      this.#underWay.delete(operation)
      this.#violations.found('ends', `the ${what} ${operation} of peer ${peer.index} has not ended in time`)
    }
  }
}
