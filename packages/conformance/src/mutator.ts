/** Bytes that mean something to a parser of bencode or of SDP. */
const telling = Array.from('deil:-0123456789\r\n =', (character) => character.charCodeAt(0))
/** Numbers that sit on a bound. */
const numbers = [
  '0',
  '-0',
  '00',
  '-1',
  '16',
  '255',
  '16384',
  '32768',
  '65536',
  '4294967296',
  '9007199254740992',
  '9223372036854775808',
  '9'.repeat(40),
]
/** Bytes that one change adds at most. */
const addedMax = 64

/** Makes bad inputs of good ones, the same of the same seed: one to four changes each, as a parser's enemy would make them. */
export class Mutator {
  #state: number

  /** `seed`: an integer. */
  constructor(seed: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b) >>> 0 || 1
  }

  /** Another input, of one of these. */
  mutated(good: readonly Uint8Array[]): Uint8Array {
    let bytes = good[this.below(good.length)]!
    for (let changes = 1 + this.below(4); changes > 0; changes--) bytes = this.#changed(bytes, good)
    return bytes
  }

  /** A whole number from 0 to below `bound`. */
  below(bound: number): number {
    // Marsaglia 2003, xorshift.
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state = (this.#state ^ (this.#state << 5)) >>> 0
    return this.#state % bound
  }

  #changed(bytes: Uint8Array, good: readonly Uint8Array[]): Uint8Array {
    const at = this.below(bytes.length + 1)
    const to = at + this.below(Math.min(addedMax, bytes.length - at) + 1)
    switch (this.below(9)) {
      case 0:
        return this.#with(bytes, (copy) => (copy[at % copy.length]! ^= 1 << this.below(8)))
      case 1:
        return this.#with(bytes, (copy) => (copy[at % copy.length] = this.below(256)))
      case 2:
        return this.#with(bytes, (copy) => (copy[at % copy.length] = telling[this.below(telling.length)]!))
      case 3:
        return bytes.slice(0, at)
      case 4:
        return joined(bytes.subarray(0, at), bytes.subarray(to))
      case 5:
        return joined(bytes.subarray(0, to), bytes.subarray(at))
      case 6:
        return joined(bytes.subarray(0, at), textBytes(numbers[this.below(numbers.length)]!), bytes.subarray(to))
      case 7: {
        const other = good[this.below(good.length)]!
        return joined(bytes.subarray(0, at), other.subarray(this.below(other.length + 1)))
      }
      default:
        return joined(bytes.subarray(0, at), this.#noise(), bytes.subarray(at))
    }
  }

  #with(bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
    if (bytes.length === 0) return this.#noise()
    const copy = bytes.slice()
    change(copy)
    return copy
  }

  /** Any bytes, or the same one again and again: deep nesting is made of that. */
  #noise(): Uint8Array {
    const noise = new Uint8Array(1 + this.below(addedMax))
    if (this.below(2) === 0) return noise.fill(telling[this.below(telling.length)]!)
    return noise.map(() => this.below(256))
  }
}

function textBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
