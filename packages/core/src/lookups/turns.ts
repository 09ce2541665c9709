import { LateMap } from '../late-map.js'
import { LateSet } from '../late-set.js'
import type { AskingEvent } from './asking-event.js'
import type { OperationId } from './operations.js'

/** Reads and writes of the app under way at one time: one that is made with care asks some ten peers at once, and `requestsMax` questions may wait for an answer. */
export const turnsMax = 48
/** Those that wait for their turn: 1 KB each, but for content that is written. More begin at once, and end with what they get. */
export const turnsWaitingMax = 4_096

/** A read or a write of the app. */
export type AppOperation = Extract<AskingEvent, { type: 'read' | 'write' }>

/**
 * What an app asks for in one go, a few at a time: hundreds of careful lookups at once drive out each other's questions, and none of them comes to an end.
 * Invariants: 1. at most `turnsMax` are under way, while no more than `turnsWaitingMax` wait; 2. the rest begin in their order, as others end.
 */
export class Turns {
  readonly #underWay = new LateSet<OperationId>()
  /** The oldest first. */
  readonly #waiting = new LateMap<OperationId, AppOperation>()

  /** Whether it may begin now; else it waits. */
  begins(operation: AppOperation): boolean {
    if (this.#underWay.size >= turnsMax && this.#waiting.size < turnsWaitingMax) {
      this.#waiting.set(operation.operation, operation)
      return false
    }
    this.#underWay.add(operation.operation)
    return true
  }

  /** It has come to its end, or is not wanted any more. */
  ended(operation: OperationId): void {
    this.#underWay.delete(operation)
    this.#waiting.delete(operation)
  }

  /** The one whose turn it is; undefined: none. */
  next(): AppOperation | undefined {
    if (this.#waiting.size === 0 || this.#underWay.size >= turnsMax) return undefined
    const [first] = this.#waiting.values()
    if (!first) return undefined
    this.#waiting.delete(first.operation)
    this.#underWay.add(first.operation)
    return first
  }
}
