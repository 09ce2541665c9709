/** Counters behind the highest that are still told apart: relays reorder, and more than this is on its way at no time. A power of two. */
export const replayWindowSize = 2_048

const wordBits = 32

/**
 * Which counters have come: each is taken once, in any order, and none that is too old to tell (RFC 6479).
 * Invariant: `take` answers true at most once for each counter.
 */
export class ReplayWindow {
  /** One word more than the window, so that a word is emptied before a counter of the window falls into it again. */
  readonly #words = new Uint32Array(replayWindowSize / wordBits + 1)
  #highest = -1

  /** Whether this counter could still be taken. */
  allows(counter: number): boolean {
    if (counter > this.#highest) return true
    return counter > this.#highest - replayWindowSize && (this.#words[this.#word(counter)]! & bitOf(counter)) === 0
  }

  /** Takes it; false: it was, or it is too old to tell. */
  take(counter: number): boolean {
    if (!this.allows(counter)) return false
    this.#advance(counter)
    this.#words[this.#word(counter)]! |= bitOf(counter)
    return true
  }

  #advance(counter: number): void {
    const from = Math.floor(this.#highest / wordBits)
    const to = Math.floor(counter / wordBits)
    if (counter <= this.#highest) return
    for (let word = Math.max(from + 1, to - this.#words.length + 1); word <= to; word++) this.#words[word % this.#words.length] = 0
    this.#highest = counter
  }

  #word(counter: number): number {
    return Math.floor(counter / wordBits) % this.#words.length
  }
}

function bitOf(counter: number): number {
  return 1 << (counter % wordBits)
}
