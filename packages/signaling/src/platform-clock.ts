import type { Clock } from '@hashtab/peer'

/** The time of the platform, browser or Node. */
export const platformClock: Clock = {
  nowMs: () => performance.now(),
  unixMs: () => Date.now(),
  wake(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}
