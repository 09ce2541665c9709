/** A 64-bit fingerprint of a sequence of numbers, in two lanes of FNV-1a with different primes: not for security, only to tell two runs apart. */
export class RunningHash {
  #high = 0x811c9dc5
  #low = 0x9dc5811c

  /** Takes in one number by its 32 low bits. */
  mix(word: number): void {
    this.#high = Math.imul(this.#high ^ word, 0x01000193)
    this.#high ^= this.#high >>> 15
    this.#low = Math.imul(this.#low ^ word, 0x85ebca6b)
    this.#low ^= this.#low >>> 13
  }

  /** Takes in a time, to the microsecond. */
  mixTime(atMs: number): void {
    time[0] = Math.round(atMs * 1_000)
    this.mix(words[0]!)
    this.mix(words[1]!)
  }

  /** 16 hex digits. */
  get hex(): string {
    return [this.#high, this.#low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
  }
}

/** A number as its two halves: quicker than dividing. */
const time = new Float64Array(1)
const words = new Int32Array(time.buffer)
