import type { Clock } from './ports/clock.js'

/** A difference between wall clock and monotonic clock that grows by more than this at once is a sleep. */
const sleepMinMs = 2_000

/**
 * The platform's time. `performance.now` stands still on some platforms while the machine sleeps (w3c/hr-time#115),
 * so a sleep is read off the wall clock and added.
 */
export class SystemClock implements Clock {
  #offsetMs = Date.now() - performance.now()
  #sleptMs = 0

  nowMs(): number {
    const monotonicMs = performance.now()
    const offsetMs = Date.now() - monotonicMs
    const grownMs = offsetMs - this.#offsetMs
    if (grownMs > sleepMinMs) this.#sleptMs += grownMs
    // A clock put back, or drifting, is taken as it is.
    if (grownMs > sleepMinMs || grownMs < 0) this.#offsetMs = offsetMs
    return monotonicMs + this.#sleptMs
  }

  unixMs(): number {
    return Date.now()
  }

  wake(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  }
}
