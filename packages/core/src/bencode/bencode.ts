import { malformed, type Malformed } from './malformed.js'

/**
 * What bencode can say (BEP 3). A dictionary's keys are byte strings, written here as strings of one character a byte (latin1).
 * An integer is decoded to a number when that is exact, else to a bigint; a byte string is always a plain `Uint8Array`.
 */
export type BencodeValue = number | bigint | Uint8Array | readonly BencodeValue[] | BencodeDictionary
export type BencodeDictionary = ReadonlyMap<string, BencodeValue>

/** Lists and dictionaries within each other: a message in an envelope with records in it needs 7. Bounds the stack. */
export const bencodeDepthMax = 16
/** Bytes of one dictionary key: ours have up to 8, BitTorrent's up to 20. Bounds what is made into a string. */
export const bencodeKeyBytesMax = 255

const integerMax = 2n ** 63n - 1n
const integerMin = -(2n ** 63n)
/** Digits of 2^63. */
const integerDigitsMax = 19
/** An integer of this many digits is exact in a number. */
const exactDigitsMax = 15

const digit0 = 0x30
const minus = 0x2d
const colon = 0x3a
const letterD = 0x64
const letterE = 0x65
const letterI = 0x69
const letterL = 0x6c

/**
 * The canonical bytes of a value: keys sorted as raw bytes, no other choice left.
 * Throws a `TypeError` for what is no `BencodeValue` (a fraction, a key beyond latin1) and a `RangeError` beyond 64 bits.
 */
export function encode(value: BencodeValue): Uint8Array {
  const bytes = new Uint8Array(encodedLength(value))
  write(bytes, 0, value)
  return bytes
}

/** How many bytes `encode` makes of a value. Throws as `encode` does. */
export function encodedLength(value: BencodeValue): number {
  if (value instanceof Uint8Array) return stringLength(value.length)
  if (typeof value === 'number' || typeof value === 'bigint') return 2 + integerLength(value)
  if (value instanceof Map) {
    let length = 2
    for (const [key, entry] of value as BencodeDictionary) length += stringLength(checkedKey(key).length) + encodedLength(entry)
    return length
  }
  if (!Array.isArray(value)) throw new TypeError(`Bencode has no ${typeof value}.`)
  let length = 2
  for (const entry of value as readonly BencodeValue[]) length += encodedLength(entry)
  return length
}

/**
 * The value of canonical bencode, or `Malformed`: leading zeros, a minus zero, integers beyond 64 bits, unsorted or doubled keys,
 * trailing bytes and too much depth are refused, so `encode(decode(bytes))` equals `bytes`. Never throws.
 * Byte strings are copies: keeping five bytes does not keep the whole message. The caller bounds the length of `bytes`.
 */
export function decode(bytes: Uint8Array, options: { readonly depthMax?: number } = {}): BencodeValue | Malformed {
  const reader = new Reader(bytes)
  const value = reader.value(options.depthMax ?? bencodeDepthMax)
  if (value === undefined) return malformed(reader.fault)
  if (reader.at !== bytes.length) return malformed('bytes after the end')
  return value
}

function stringLength(length: number): number {
  return digitsOf(length) + 1 + length
}

function integerLength(value: number | bigint): number {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is no exact integer.`)
    return value < 0 ? 1 + digitsOf(-value) : digitsOf(value)
  }
  if (value > integerMax || value < integerMin) throw new RangeError('Integers have at most 64 bits.')
  return value.toString().length
}

function digitsOf(value: number): number {
  let digits = 1
  for (let power = 10; value >= power; power *= 10) digits++
  return digits
}

function checkedKey(key: string): string {
  if (key.length > bencodeKeyBytesMax) throw new RangeError(`A dictionary key has at most ${bencodeKeyBytesMax} bytes.`)
  for (let i = 0; i < key.length; i++) {
    if (key.charCodeAt(i) > 0xff) throw new TypeError('A dictionary key has one character a byte.')
  }
  return key
}

/** Writes a value that `encodedLength` has checked; answers where it ends. */
function write(bytes: Uint8Array, at: number, value: BencodeValue): number {
  if (value instanceof Uint8Array) {
    at = writeDigits(bytes, at, value.length)
    bytes[at++] = colon
    bytes.set(value, at)
    return at + value.length
  }
  if (typeof value === 'number' || typeof value === 'bigint') {
    bytes[at++] = letterI
    at = typeof value === 'number' ? writeInteger(bytes, at, value) : writeLatin1(bytes, at, value.toString())
    bytes[at++] = letterE
    return at
  }
  if (value instanceof Map) {
    const dictionary = value as BencodeDictionary
    bytes[at++] = letterD
    // Strings compare by code unit, and these hold one byte in each.
    for (const key of sorted([...dictionary.keys()])) {
      at = writeDigits(bytes, at, key.length)
      bytes[at++] = colon
      at = write(bytes, writeLatin1(bytes, at, key), dictionary.get(key)!)
    }
    bytes[at++] = letterE
    return at
  }
  bytes[at++] = letterL
  for (const entry of value as readonly BencodeValue[]) at = write(bytes, at, entry)
  bytes[at++] = letterE
  return at
}

function sorted(keys: string[]): string[] {
  for (let i = 1; i < keys.length; i++) {
    if (keys[i]! < keys[i - 1]!) return keys.sort((a, b) => (a < b ? -1 : 1))
  }
  return keys
}

function writeInteger(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 0) return writeDigits(bytes, at, value)
  bytes[at] = minus
  return writeDigits(bytes, at + 1, -value)
}

function writeDigits(bytes: Uint8Array, at: number, value: number): number {
  const end = at + digitsOf(value)
  for (let place = end - 1; place >= at; place--) {
    const rest = Math.floor(value / 10)
    bytes[place] = digit0 + (value - rest * 10)
    value = rest
  }
  return end
}

function writeLatin1(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i)
  return at + text.length
}

/** Reads one value from `at`. A method that meets something else notes the `fault` and answers `undefined`. */
class Reader {
  at = 0
  fault = ''
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  value(depthLeft: number): BencodeValue | undefined {
    const first = this.#bytes[this.at]
    if (first === letterI) return this.#integer()
    if (first !== letterL && first !== letterD) return this.#string()
    if (depthLeft <= 0) return this.#refuse('too deep')
    this.at++
    return first === letterL ? this.#list(depthLeft - 1) : this.#dictionary(depthLeft - 1)
  }

  #list(depthLeft: number): BencodeValue[] | undefined {
    const list: BencodeValue[] = []
    while (this.#bytes[this.at] !== letterE) {
      const value = this.value(depthLeft)
      if (value === undefined) return undefined
      list.push(value)
    }
    this.at++
    return list
  }

  #dictionary(depthLeft: number): Map<string, BencodeValue> | undefined {
    const dictionary = new Map<string, BencodeValue>()
    let previous: string | undefined
    while (this.#bytes[this.at] !== letterE) {
      const key = this.#key()
      if (key === undefined) return undefined
      if (previous !== undefined && key <= previous) return this.#refuse('keys unsorted or doubled')
      const value = this.value(depthLeft)
      if (value === undefined) return undefined
      dictionary.set(key, value)
      previous = key
    }
    this.at++
    return dictionary
  }

  #key(): string | undefined {
    const length = this.#stringLength()
    if (length === undefined) return undefined
    if (length > bencodeKeyBytesMax) return this.#refuse('key too long')
    const start = this.at
    this.at += length
    if (length === 1) return String.fromCharCode(this.#bytes[start]!)
    return String.fromCharCode(...this.#bytes.subarray(start, this.at))
  }

  #string(): Uint8Array | undefined {
    const length = this.#stringLength()
    if (length === undefined) return undefined
    const start = this.at
    this.at += length
    // Not `slice`: of a Node `Buffer` that would be a view.
    return new Uint8Array(this.#bytes.subarray(start, this.at))
  }

  /** The length before a string's colon, checked against what is left: nothing is allocated on a stranger's word. */
  #stringLength(): number | undefined {
    const bytes = this.#bytes
    const start = this.at
    let length = 0
    for (; ; this.at++) {
      const digit = bytes[this.at]! - digit0
      if (!(digit >= 0 && digit <= 9)) break
      length = length * 10 + digit
      if (length > bytes.length) return this.#refuse('string past the end')
    }
    const digits = this.at - start
    if (digits === 0) return this.#refuse(start < bytes.length ? 'no value begins so' : 'cut short')
    if (digits > 1 && bytes[start] === digit0) return this.#refuse('leading zero')
    if (bytes[this.at] !== colon) return this.#refuse('no colon after a length')
    this.at++
    if (length > bytes.length - this.at) return this.#refuse('string past the end')
    return length
  }

  #integer(): number | bigint | undefined {
    const bytes = this.#bytes
    const negative = bytes[this.at + 1] === minus
    const start = this.at + (negative ? 2 : 1)
    let end = start
    let value = 0
    for (; end - start <= integerDigitsMax; end++) {
      const digit = bytes[end]! - digit0
      if (!(digit >= 0 && digit <= 9)) break
      value = value * 10 + digit
    }
    const digits = end - start
    if (digits === 0) return this.#refuse('no integer')
    if (digits > integerDigitsMax) return this.#refuse('integer beyond 64 bits')
    if (bytes[start] === digit0 && (digits > 1 || negative)) return this.#refuse(digits > 1 ? 'leading zero' : 'minus zero')
    if (bytes[end] !== letterE) return this.#refuse('no end of an integer')
    this.at = end + 1
    if (digits <= exactDigitsMax) return negative ? -value : value
    return this.#longInteger(String.fromCharCode(...bytes.subarray(start, end)), negative)
  }

  #longInteger(digits: string, negative: boolean): number | bigint | undefined {
    const value = negative ? -BigInt(digits) : BigInt(digits)
    if (value > integerMax || value < integerMin) return this.#refuse('integer beyond 64 bits')
    const rounded = Number(value)
    return Number.isSafeInteger(rounded) ? rounded : value
  }

  #refuse(fault: string): undefined {
    this.fault = `bencode: ${fault}`
    return undefined
  }
}
