/**
 * The one source of chance of a simulation: xoshiro128** (Blackman & Vigna 2018), its state spread from the seed by splitmix32.
 * The same seed gives the same draws in the same order, everywhere.
 */
export class RandomSource {
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: number) {
    let state = seed >>> 0
    const next = () => {
      state = (state + 0x9e3779b9) >>> 0
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
      return (mixed ^ (mixed >>> 15)) >>> 0
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = next()
  }

  /** A whole number from 0 to 2³²−1. */
  uint32(): number {
    const result = Math.imul(rotated(Math.imul(this.#b, 5), 7), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = rotated(this.#d, 11)
    return result
  }

  /** A number from 0 up to, not including, 1. */
  share(): number {
    return this.uint32() / 2 ** 32
  }

  /** A whole number from 0 up to, not including, `bound`. */
  below(bound: number): number {
    return Math.floor(this.share() * bound)
  }

  between(low: number, high: number): number {
    return low + this.share() * (high - low)
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.share())
  }

  /** Mean 0, deviation 1 (Box & Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.share())) * Math.cos(2 * Math.PI * this.share())
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += 4) {
      const word = this.uint32()
      for (let i = 0; i < 4 && at + i < length; i++) bytes[at + i] = word >>> (8 * i)
    }
    return bytes
  }

  /** So many bytes as hex digits. */
  hex(length: number): string {
    return Buffer.from(this.bytes(length)).toString('hex')
  }

  /** One of these, each as likely as any other; undefined: there are none. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)]
  }

  /** Up to `count` different ones of these. */
  sample<T>(items: readonly T[], count: number): T[] {
    const left = [...items]
    const taken = Math.min(count, left.length)
    for (let i = 0; i < taken; i++) {
      const other = i + this.below(left.length - i)
      const item = left[i]!
      left[i] = left[other]!
      left[other] = item
    }
    return left.slice(0, taken)
  }
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
