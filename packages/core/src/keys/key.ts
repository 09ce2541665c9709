import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'

/** Bytes in a key: 160 bits, as in the Kademlia paper (Maymounkov & Mazières 2002, section 2). */
export const keyBytes = 20
export const keyBits = keyBytes * 8

/**
 * A point of the 160-bit key space, immutable. Peers' ids and records' keys are both points of it.
 * Held as five 32-bit words, so that distances cost a few integer operations.
 */
export class Key {
  /** Not `#words`: what compares objects (a test, a debugger) takes all keys for equal when it cannot see into them. */
  private readonly words: Uint32Array
  #hex: string | undefined

  private constructor(words: Uint32Array) {
    this.words = words
  }

  /** The key with these 20 bytes, big-endian. Throws a `RangeError` at any other length. */
  static fromBytes(bytes: Uint8Array): Key {
    if (bytes.length !== keyBytes) throw new RangeError(`A key has ${keyBytes} bytes, not ${bytes.length}.`)
    const view = new DataView(bytes.buffer, bytes.byteOffset, keyBytes)
    return new Key(Uint32Array.from({ length: 5 }, (_, i) => view.getUint32(i * 4)))
  }

  /** The key that prints as these 40 hex digits. Throws a `RangeError` at anything else. */
  static fromHex(hex: string): Key {
    if (!/^[0-9a-f]{40}$/i.test(hex)) throw new RangeError('A key is written as 40 hex digits.')
    return Key.fromBytes(hexToBytes(hex))
  }

  /** The key of these bytes: the first 20 bytes of their SHA-256. */
  static hash(bytes: Uint8Array): Key {
    return Key.fromBytes(sha256(bytes).subarray(0, keyBytes))
  }

  /** 40 lower-case hex digits. */
  get hex(): string {
    return (this.#hex ??= bytesToHex(this.toBytes()))
  }

  toString(): string {
    return this.hex
  }

  /** A fresh copy of the 20 bytes, big-endian. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(keyBytes)
    const view = new DataView(bytes.buffer)
    this.words.forEach((word, i) => view.setUint32(i * 4, word))
    return bytes
  }

  equals(other: Key): boolean {
    return this === other || compareDistance(this, this, other) === 0
  }

  /** The length in bits of the prefix shared with another key: 160 when they are equal. Bucket i holds the peers that share i bits. */
  sharedBits(other: Key): number {
    for (let i = 0; i < 5; i++) {
      const difference = (this.words[i]! ^ other.words[i]!) >>> 0
      if (difference !== 0) return i * 32 + Math.clz32(difference)
    }
    return keyBits
  }

  /** The bit at this place, 0 being the most significant. */
  bit(place: number): 0 | 1 {
    return ((this.words[place >>> 5]! >>> (31 - (place & 31))) & 1) as 0 | 1
  }

  /** The XOR distance to another key as a share of the key space, 0 to 1, to 53 bits: for estimates, not for comparisons. */
  distanceShare(other: Key): number {
    let share = 0
    for (let i = 4; i >= 0; i--) share = (share + ((this.words[i]! ^ other.words[i]!) >>> 0)) / 2 ** 32
    return share
  }

  /** This key with one bit turned over and every bit after it taken from `filling`: a key in the bucket of that many shared bits. */
  inBucket(sharedBits: number, filling: Key): Key {
    const words = this.words.map((word, i) => {
      const keptHere = Math.min(Math.max(sharedBits - i * 32, 0), 32)
      const mask = keptHere === 0 ? 0 : (0xffffffff << (32 - keptHere)) >>> 0
      return ((word & mask) | (filling.words[i]! & ~mask)) >>> 0
    })
    const place = sharedBits >>> 5
    const bit = (1 << (31 - (sharedBits & 31))) >>> 0
    words[place] = ((words[place]! & ~bit) | (~this.words[place]! & bit)) >>> 0
    return new Key(words)
  }

  /** Negative when `a` is closer to `target` than `b`, positive when farther, 0 when they are the same key. */
  static compare(target: Key, a: Key, b: Key): number {
    return compareDistance(target, a, b)
  }

  static wordsOf(key: Key): Uint32Array {
    return key.words
  }
}

function compareDistance(target: Key, a: Key, b: Key): number {
  const t = Key.wordsOf(target)
  const x = Key.wordsOf(a)
  const y = Key.wordsOf(b)
  for (let i = 0; i < 5; i++) {
    const difference = ((t[i]! ^ x[i]!) >>> 0) - ((t[i]! ^ y[i]!) >>> 0)
    if (difference !== 0) return difference
  }
  return 0
}
