import type { Clock } from '@hashtab/peer'

/** A clock that stands still until it is told to go on. Begins at 0, on 1 January 2025. */
export class ManualClock implements Clock {
  #nowMs = 0
  readonly #wakes: { atMs: number; callback: () => void }[] = []

  nowMs(): number {
    return this.#nowMs
  }

  unixMs(): number {
    return Date.UTC(2025, 0, 1) + this.#nowMs
  }

  wake(delayMs: number, callback: () => void): () => void {
    const wake = { atMs: this.#nowMs + delayMs, callback }
    this.#wakes.push(wake)
    return () => this.#drop(wake)
  }

  /** Calls back whatever is due within this time, in order of time, then of asking; also what is asked for meanwhile. */
  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs
    for (let wake = this.#next(endMs); wake !== undefined; wake = this.#next(endMs)) {
      this.#drop(wake)
      this.#nowMs = Math.max(this.#nowMs, wake.atMs)
      wake.callback()
    }
    this.#nowMs = endMs
  }

  /** How many calls are waiting: 0 when nothing was left behind. */
  get waiting(): number {
    return this.#wakes.length
  }

  #next(endMs: number) {
    const due = this.#wakes.filter((wake) => wake.atMs <= endMs)
    return due.reduce(
      (first: (typeof due)[number] | undefined, wake) => (first === undefined || wake.atMs < first.atMs ? wake : first),
      undefined,
    )
  }

  #drop(wake: { atMs: number; callback: () => void }): void {
    const place = this.#wakes.indexOf(wake)
    if (place >= 0) this.#wakes.splice(place, 1)
  }
}
