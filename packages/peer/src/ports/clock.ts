/** Time, as the driver needs it. */
export interface Clock {
  /** Monotonic milliseconds; jumps forward when the machine slept. */
  nowMs(): number
  /** Wall-clock milliseconds since 1970: for record expiry only. */
  unixMs(): number
  /** Calls back once, at or after `nowMs() + delayMs`; answers with the call that takes it back. */
  wake(delayMs: number, callback: () => void): () => void
}
