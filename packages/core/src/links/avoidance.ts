import { LateMap } from '../late-map.js'
import type { Key } from '../keys/key.js'

/** Peers left alone at one time: the oldest entry makes room. */
export const avoidedMax = 1_024
/** A peer that did not answer a knock is left alone this long at first (its tab may be busy), and twice as long each further time. */
export const silenceMs = 3_000
/** A pair whose set-up failed is left alone this long the first, the second, and any further time: then it very likely cannot link (NATs); it is not taken for dead. */
export const failureMs = [5_000, 60_000, 3_600_000] as const
const avoidedMaxMs = 3_600_000

interface Avoided {
  readonly untilMs: number
  /** How often in a row: a busy tab that was silent is none that cannot be linked to. */
  readonly silent: number
  readonly failed: number
}

/** Peers that are not to be dialled for a while. Forgets by itself. */
export class Avoidance {
  readonly #avoided = new LateMap<string, Avoided>()

  /** `silent`: no answer to a knock; `failed`: agreed, but no link came of it. Answers with how often this was noted since the last link. */
  note(id: Key, what: 'silent' | 'failed', nowMs: number): number {
    const before = this.#timesOf(id)
    const times = before[what] + 1
    const lengthMs = what === 'silent' ? silenceMs * 2 ** (times - 1) : (failureMs[times - 1] ?? avoidedMaxMs)
    this.#put(id, { ...before, [what]: times, untilMs: nowMs + Math.min(lengthMs, avoidedMaxMs) })
    return times
  }

  /** The peer itself said when to come back. */
  noteUntil(id: Key, untilMs: number): void {
    this.#put(id, { ...this.#timesOf(id), untilMs })
  }

  /** A link came about: all is forgiven. */
  forgive(id: Key): void {
    this.#avoided.delete(id.hex)
  }

  includes(id: Key, nowMs: number): boolean {
    return this.untilMs(id) > nowMs
  }

  /** Until when this peer is left alone; in the past, or -Infinity: it is not. */
  untilMs(id: Key): number {
    return this.#avoided.get(id.hex)?.untilMs ?? -Infinity
  }

  #timesOf(id: Key): Omit<Avoided, 'untilMs'> {
    const { silent = 0, failed = 0 } = this.#avoided.get(id.hex) ?? {}
    return { silent, failed }
  }

  #put(id: Key, avoided: Avoided): void {
    this.#avoided.keep(id.hex, avoided, avoidedMax)
  }
}
