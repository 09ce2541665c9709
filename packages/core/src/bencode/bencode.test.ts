import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BencodeValue, bencodeDepthMax, bencodeKeyBytesMax, decode, encode, encodedLength } from './bencode.js'
import { isMalformed } from './malformed.js'

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes)
const dictionary = (entries: Record<string, BencodeValue>): Map<string, BencodeValue> => new Map(Object.entries(entries))

/** Any value in the form in which `decode` gives it back: safe integers are numbers, dictionaries are sorted. */
const anyValue = fc.letrec<{ value: BencodeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.maxSafeInteger(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .dictionary(fc.uint8Array({ maxLength: 6 }).map(text), tie('value'), { maxKeys: 5 })
      .map((entries) => new Map(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)))),
  ),
})).value

describe('bencode', () => {
  it.each<[string, BencodeValue]>([
    ['i0e', 0],
    ['i-42e', -42],
    ['i9007199254740991e', Number.MAX_SAFE_INTEGER],
    ['i9007199254740992e', 2n ** 53n],
    ['i-9007199254740992e', -(2n ** 53n)],
    ['i9223372036854775807e', 2n ** 63n - 1n],
    ['i-9223372036854775808e', -(2n ** 63n)],
    ['0:', new Uint8Array(0)],
    ['12:Hello World!', latin1('Hello World!')],
    ['le', []],
    ['l1:ai1eled1:bi2eee', [latin1('a'), 1, [], dictionary({ b: 2 })]],
    ['de', new Map()],
    ['d0:i0e1:ai1e2:aai2e1:\u00ffi3ee', dictionary({ '': 0, a: 1, aa: 2, '\u00ff': 3 })],
  ])('%s', (bytes, value) => {
    expect(decode(latin1(bytes))).toEqual(value)
    expect(text(encode(value))).toBe(bytes)
  })

  it('sorts keys as raw bytes', () => {
    expect(text(encode(dictionary({ b: 1, '\u00e9': 2, a: 3, B: 4 })))).toBe('d1:Bi4e1:ai3e1:bi1e1:\u00e9i2ee')
  })

  it('writes zero in one way, and small bigints as numbers', () => {
    expect(text(encode([-0, 0n, 5n, -5n]))).toBe('li0ei0ei5ei-5ee')
  })

  it.each([
    ['', 'cut short'],
    ['i', 'no integer'],
    ['ie', 'no integer'],
    ['i-e', 'no integer'],
    ['i1', 'no end of an integer'],
    ['i1.5e', 'no end of an integer'],
    ['i+1e', 'no integer'],
    ['i-0e', 'minus zero'],
    ['i00e', 'leading zero'],
    ['i01e', 'leading zero'],
    ['i-01e', 'leading zero'],
    ['i9223372036854775808e', 'beyond 64 bits'],
    ['i-9223372036854775809e', 'beyond 64 bits'],
    [`i${'9'.repeat(400)}e`, 'beyond 64 bits'],
    ['1', 'no colon'],
    ['1a', 'no colon'],
    ['2:a', 'past the end'],
    ['01:a', 'leading zero'],
    ['00:', 'leading zero'],
    ['-1:a', 'no value begins so'],
    ['99999999999999999999:a', 'past the end'],
    ['l', 'cut short'],
    ['li1e', 'cut short'],
    ['d', 'cut short'],
    ['d1:a', 'cut short'],
    ['d1:ae', 'no value begins so'],
    ['di1ei1ee', 'no value begins so'],
    ['d1:bi1e1:ai1ee', 'unsorted'],
    ['d1:ai1e1:ai1ee', 'doubled'],
    ['i1ei1e', 'after the end'],
    ['e', 'no value begins so'],
    [`d${bencodeKeyBytesMax + 1}:${'k'.repeat(bencodeKeyBytesMax + 1)}i1ee`, 'key too long'],
  ])('refuses %s', (bytes, why) => {
    const value = decode(latin1(bytes))
    if (!isMalformed(value)) throw new Error('It was decoded.')
    expect(value.malformed).toContain(why)
  })

  it('goes as deep as it may, and no deeper', () => {
    const nested = (depth: number) => latin1('l'.repeat(depth) + 'e'.repeat(depth))
    expect(isMalformed(decode(nested(bencodeDepthMax)))).toBe(false)
    expect(isMalformed(decode(nested(bencodeDepthMax + 1)))).toBe(true)
    expect(isMalformed(decode(nested(1_000_000)))).toBe(true)
    expect(isMalformed(decode(latin1('i1e'), { depthMax: 0 }))).toBe(false)
    expect(isMalformed(decode(latin1('le'), { depthMax: 0 }))).toBe(true)
  })

  it('copies strings, also out of a Buffer', () => {
    const message = Buffer.from('5:hello')
    const value = decode(message) as Uint8Array
    message.fill(0)
    expect(text(value)).toBe('hello')
    expect(value.buffer.byteLength).toBe(5)
    expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype)
  })

  it('throws at our own faults', () => {
    expect(() => encode(1.5)).toThrow(TypeError)
    expect(() => encode(Number.NaN)).toThrow(TypeError)
    expect(() => encode(2 ** 53)).toThrow(TypeError)
    expect(() => encode(2n ** 63n)).toThrow(RangeError)
    expect(() => encode('text' as unknown as BencodeValue)).toThrow(TypeError)
    expect(() => encode(dictionary({ '\u0100': 1 }))).toThrow(TypeError)
    expect(() => encode(dictionary({ ['k'.repeat(256)]: 1 }))).toThrow(RangeError)
  })

  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encode(value)
        expect(bytes.length).toBe(encodedLength(value))
        expect(decode(bytes)).toEqual(value)
      }),
    )
  })

  it('never throws, and whatever it decodes was canonical', () => {
    const nearlyBencode = fc
      .array(fc.constantFrom('d', 'l', 'e', 'i', '0', '1', '-', '9', ':', '1:a', '1:b', '0:', 'i1e', '\u00ff'), { maxLength: 24 })
      .map((parts) => latin1(parts.join('')))
    const flipped = fc.tuple(anyValue, fc.nat(), fc.nat(255)).map(([value, place, byte]) => {
      const bytes = encode(value)
      bytes[place % bytes.length] = byte
      return bytes
    })
    let decoded = 0
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), nearlyBencode, flipped), (bytes) => {
        const value = decode(bytes)
        if (isMalformed(value)) return
        decoded++
        expect(encode(value)).toEqual(bytes)
      }),
      { numRuns: 5_000 },
    )
    expect(decoded).toBeGreaterThan(100)
  })
})
