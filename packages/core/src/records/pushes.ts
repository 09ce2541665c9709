import type { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import { LateMap } from '../late-map.js'
import type { Held } from './held.js'

/** Pushes that wait for an answer at one time: what is pushed leaves room for what the app asks. */
export const pushesMax = 32
/** Milliseconds before the next push after one that failed: a link that is gone fails them all at once. */
export const goGapMs = 50

export interface Push {
  readonly held: Held
  readonly to: Contact
}

/**
 * Pushes to be sent, and those that wait for an answer.
 * Invariants: 1. at most `pushesMax` are under way; 2. of one record, one to each peer at a time; 3. after one that failed the next waits for `goGapMs`.
 */
export class Pushes {
  readonly #waiting = new LateMap<string, Push>()
  readonly #underWay = new LateMap<string, Push>()
  /** When waiting pushes go on after one that failed; else they do as others are answered. */
  #goAtMs: number | undefined

  add(held: Held, to: Contact): void {
    this.#waiting.set(nameOf(held.id, to.id), { held, to })
  }

  /** Whether nothing waits to be sent: what is found to be pushed waits in memory. */
  get isIdle(): boolean {
    return this.#waiting.size === 0
  }

  get wakeAtMs(): number | undefined {
    return this.#goAtMs
  }

  woke(): void {
    this.#goAtMs = undefined
  }

  /** What is to be sent now, as far as there is room. `isHeld`: whether this very record is kept still. */
  go(isHeld: (held: Held) => boolean): Push[] {
    const sent: Push[] = []
    for (const [name, push] of this.#waiting) {
      if (this.#underWay.size >= pushesMax) break
      if (this.#underWay.has(name)) continue
      this.#waiting.delete(name)
      if (!isHeld(push.held)) continue
      this.#underWay.set(name, push)
      sent.push(push)
    }
    return sent
  }

  /** The push that has ended, one way or the other. */
  ended(id: string, to: Key): Push | undefined {
    const name = nameOf(id, to)
    const push = this.#underWay.get(name)
    this.#underWay.delete(name)
    return push
  }

  failed(nowMs: number): void {
    this.#goAtMs ??= nowMs + goGapMs
  }
}

function nameOf(id: string, to: Key): string {
  return `${id} ${to.hex}`
}
