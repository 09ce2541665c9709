import { sha256 } from '@noble/hashes/sha2.js'
import { hexToBytes } from '@noble/hashes/utils.js'

/** Bytes in a key: 160 bits, as in the Kademlia paper (Maymounkov & Mazières 2002, section 2). */
export const keyBytes = 20
export const keyBits = keyBytes * 8
/** Bytes of a key that nobody finds another key for: it would take 2^64 tries. */
export const prefixBytes = 8

/**
 * A point of the 160-bit key space, immutable. Peers' ids and records' keys are both points of it.
 * Held as five signed 32-bit words, the first the most significant: distances cost a few integer operations, and a key is one small object.
 */
export class Key {
  // Not `#a`: what compares objects (a test, a debugger) takes all keys for equal when it cannot see into them.
  private readonly a: number
  private readonly b: number
  private readonly c: number
  private readonly d: number
  private readonly e: number
  #hex: string | undefined

  private constructor(words: Int32Array) {
    this.a = words[0]!
    this.b = words[1]!
    this.c = words[2]!
    this.d = words[3]!
    this.e = words[4]!
  }

  /** The key with these 20 bytes, big-endian. Throws a `RangeError` at any other length. */
  static fromBytes(bytes: Uint8Array): Key {
    if (bytes.length !== keyBytes) throw new RangeError(`A key has ${keyBytes} bytes, not ${bytes.length}.`)
    const view = new DataView(bytes.buffer, bytes.byteOffset, keyBytes)
    return new Key(Int32Array.from({ length: 5 }, (_, i) => view.getInt32(i * 4)))
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
    return (this.#hex ??= [this.a, this.b, this.c, this.d, this.e].map(hexOf).join(''))
  }

  /** The first `prefixBytes` bytes, as hex digits: enough to tell apart those in a list that was told before. */
  get prefix(): string {
    return this.hex.slice(0, 2 * prefixBytes)
  }

  toString(): string {
    return this.hex
  }

  /** A fresh copy of the 20 bytes, big-endian. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(keyBytes)
    const view = new DataView(bytes.buffer)
    this.#words().forEach((word, i) => view.setInt32(i * 4, word))
    return bytes
  }

  equals(other: Key): boolean {
    return this.a === other.a && this.b === other.b && this.c === other.c && this.d === other.d && this.e === other.e
  }

  /** Whether this key is the smaller number of the two. */
  isBefore(other: Key): boolean {
    return Key.compare(zero, this, other) < 0
  }

  /** The length in bits of the prefix shared with another key: 160 when they are equal. Bucket i holds the peers that share i bits. */
  sharedBits(other: Key): number {
    if (this.a !== other.a) return Math.clz32(this.a ^ other.a)
    if (this.b !== other.b) return 32 + Math.clz32(this.b ^ other.b)
    if (this.c !== other.c) return 64 + Math.clz32(this.c ^ other.c)
    if (this.d !== other.d) return 96 + Math.clz32(this.d ^ other.d)
    return 128 + Math.clz32(this.e ^ other.e)
  }

  /** The bit at this place, 0 being the most significant. */
  bit(place: number): 0 | 1 {
    return ((this.#words()[place >>> 5]! >>> (31 - (place & 31))) & 1) as 0 | 1
  }

  /** The first 32 bits, as a signed number: what distances are taken of where there are many. */
  get head(): number {
    return this.a
  }

  /** The first 32 bits of the XOR distance to another key: enough to tell most distances apart, quickly. */
  distanceHead(other: Key): number {
    return (this.a ^ other.a) >>> 0
  }

  /** The XOR distance to another key as a share of the key space, 0 to 1, to 53 bits: for estimates, not for comparisons. */
  distanceShare(other: Key): number {
    const theirs = other.#words()
    return this.#words().reduceRight((share, word, i) => (share + ((word ^ theirs[i]!) >>> 0)) / 2 ** 32, 0)
  }

  /** This key with one bit turned over and every bit after it taken from `filling`: a key in the bucket of that many shared bits. */
  inBucket(sharedBits: number, filling: Key): Key {
    const own = this.#words()
    const fill = filling.#words()
    const words = own.map((word, i) => {
      const keptHere = Math.min(Math.max(sharedBits - i * 32, 0), 32)
      const mask = keptHere === 0 ? 0 : 0xffffffff << (32 - keptHere)
      return (word & mask) | (fill[i]! & ~mask)
    })
    const place = sharedBits >>> 5
    const bit = 1 << (31 - (sharedBits & 31))
    words[place] = (words[place]! & ~bit) | (~own[place]! & bit)
    return new Key(words)
  }

  /** Negative when `a` is closer to `target` than `b`, positive when farther, 0 when they are the same key. */
  static compare(target: Key, a: Key, b: Key): number {
    if (a.a !== b.a) return ((target.a ^ a.a) >>> 0) - ((target.a ^ b.a) >>> 0)
    if (a.b !== b.b) return ((target.b ^ a.b) >>> 0) - ((target.b ^ b.b) >>> 0)
    if (a.c !== b.c) return ((target.c ^ a.c) >>> 0) - ((target.c ^ b.c) >>> 0)
    if (a.d !== b.d) return ((target.d ^ a.d) >>> 0) - ((target.d ^ b.d) >>> 0)
    return ((target.e ^ a.e) >>> 0) - ((target.e ^ b.e) >>> 0)
  }

  #words(): Int32Array {
    return Int32Array.of(this.a, this.b, this.c, this.d, this.e)
  }
}

/** 8 digits. Joined from a list they are one flat string: strings added up one by one stay a chain of their parts, ten times as large. */
function hexOf(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}

const zero = Key.fromBytes(new Uint8Array(keyBytes))
