import { TokenBucket } from '../token-bucket.js'

/** Connections that may be made at once after a quiet time: a whole table of links to begin with (32), and some that fail. */
export const dialBurst = 40
/** Connections a minute after that: Chromium frees a closed one only at garbage collection, and the 500th fails. */
export const dialsPerMinute = 6
/** Connections that siblings may make on credit, and our own app: they must not wait behind mere convenience. */
export const dialCredit = 24
/** Connections being set up at one time; Safari opens N² sockets for N of them (WebKit#73858), so two there. */
export const setUpsMax = 4

/** How many connections may be made: closed ones hold their slot in the browser, so creations are what is scarce. */
export class DialBudget {
  readonly #tokens: TokenBucket

  constructor(nowMs: number) {
    this.#tokens = new TokenBucket(dialBurst, dialsPerMinute / 60_000, nowMs)
  }

  /** Takes one connection's worth, or answers false. `onCredit`: by our own judgement it must not wait; what a knocker says of itself is no such judgement. */
  spend(onCredit: boolean, nowMs: number): boolean {
    return this.#tokens.take(1, nowMs, onCredit ? -dialCredit : 0)
  }

  /** Milliseconds until the next connection that fills a bucket may be made. */
  waitMs(nowMs: number): number {
    return this.#tokens.waitMs(nowMs)
  }
}
