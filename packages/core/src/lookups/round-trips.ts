/** Milliseconds taken for one hop's round trip before any was measured: the Internet's median with room to spare. */
export const firstRttMs = 300
/** Nobody is late sooner: a message queue in a busy tab holds an answer up for this long. */
export const lateMinMs = 250
/** A second path is not tried sooner: answers within one room must not set it off. */
export const slowMinMs = 100
/** No time-out is shorter: a busy tab's event loop may stand still for this long. */
export const timeoutMinMs = 750
/** No time-out is longer, however many hops: a lookup must go on. */
export const timeoutMaxMs = 6_000
/** No question waits longer for its answer, asked twice: this peer stood still meanwhile. */
export const standstillMs = 3 * timeoutMaxMs

/**
 * How long to wait for an answer: a smoothed mean of the round trip per hop plus four deviations (RFC 6298, section 2),
 * as Rhea et al. 2004 found best for DHTs under churn.
 */
export class RoundTrips {
  #meanMs = firstRttMs
  #deviationMs = firstRttMs / 2
  #measured = false

  /** Notes a round trip over this many hops. */
  note(rttMs: number, hops: number): void {
    // A clock that jumped tells nothing of the way.
    if (rttMs > standstillMs) return
    const perHopMs = Math.min(rttMs / hops, timeoutMaxMs)
    if (!this.#measured) {
      this.#measured = true
      this.#meanMs = perHopMs
      this.#deviationMs = perHopMs / 2
      return
    }
    this.#deviationMs += (Math.abs(perHopMs - this.#meanMs) - this.#deviationMs) / 4
    this.#meanMs += (perHopMs - this.#meanMs) / 8
  }

  /** How long nine of ten answers take: after that a second path is tried beside the first. */
  slowMs(hops: number): number {
    return Math.min(Math.max(hops * (this.#meanMs + 1.6 * this.#deviationMs), slowMinMs), timeoutMaxMs)
  }

  /** How long an answer takes at most, as a rule: whoever takes longer is late, and others are asked meanwhile. */
  lateMs(hops: number): number {
    const expectedMs = hops * (this.#meanMs + 4 * this.#deviationMs)
    return Math.min(Math.max(expectedMs, lateMinMs), timeoutMaxMs)
  }

  /** How long to wait for an answer before it is given up. */
  timeoutMs(hops: number): number {
    return Math.max(this.lateMs(hops), timeoutMinMs)
  }
}
