/** A budget: bursts up to `capacity`, then `perMs` a millisecond. Copes with any jump of the clock. */
export class TokenBucket {
  readonly #capacity: number
  readonly #perMs: number
  #tokens: number
  #atMs: number

  constructor(capacity: number, perMs: number, nowMs: number) {
    this.#capacity = capacity
    this.#perMs = perMs
    this.#tokens = capacity
    this.#atMs = nowMs
  }

  /** Takes the tokens if there are enough, down to `floor` (0, or a debt that only urgent callers may make). */
  take(count: number, nowMs: number, floor = 0): boolean {
    this.#fill(nowMs)
    if (this.#tokens - count < floor) return false
    this.#tokens -= count
    return true
  }

  /** Gives tokens back that were taken for nothing. */
  give(count: number, nowMs: number): void {
    this.#fill(nowMs)
    this.#tokens = Math.min(this.#capacity, this.#tokens + count)
  }

  /** Milliseconds until a token can be taken; 0 when one can be now. */
  waitMs(nowMs: number): number {
    this.#fill(nowMs)
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs)
  }

  /** Whether it is as it was at first: nothing is lost when it is forgotten. */
  isFull(nowMs: number): boolean {
    this.#fill(nowMs)
    return this.#tokens >= this.#capacity
  }

  #fill(nowMs: number): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + Math.max(0, nowMs - this.#atMs) * this.#perMs)
    this.#atMs = nowMs
  }
}
