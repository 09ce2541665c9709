import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { key } from '../fixtures/visible-key.js'
import { Key, keyBits, keyBytes } from './key.js'

const anyBytes = fc.uint8Array({ minLength: keyBytes, maxLength: keyBytes })
const anyKey = anyBytes.map((bytes) => Key.fromBytes(bytes))

const asNumber = (one: Key) => BigInt(`0x${one.hex}`)

describe('a key', () => {
  it('comes back from its bytes and its digits, and prints as 40 of them', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const one = Key.fromBytes(bytes)
        expect(one.toBytes()).toEqual(bytes)
        expect(one.hex).toMatch(/^[0-9a-f]{40}$/)
        expect(Key.fromHex(one.hex.toUpperCase()).equals(one)).toBe(true)
        expect(String(one)).toBe(one.hex)
      }),
    )
  })

  it('is not changed by who holds its bytes', () => {
    const bytes = new Uint8Array(keyBytes)
    const one = Key.fromBytes(bytes)
    bytes[0] = 1
    one.toBytes()[1] = 1
    expect(one.equals(key('0b0'))).toBe(true)
  })

  it.each([0, 19, 21, 32])('has not %i bytes', (length) => expect(() => Key.fromBytes(new Uint8Array(length))).toThrow(RangeError))
  it.each(['', 'a'.repeat(39), 'a'.repeat(41), 'g'.repeat(40)])('is not written %j', (hex) =>
    expect(() => Key.fromHex(hex)).toThrow(RangeError),
  )

  it('of bytes is the beginning of their SHA-256', () => {
    expect(Key.hash(new Uint8Array(0)).hex).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4')
  })
})

describe('distance', () => {
  it.each([
    ['0b0000', '0b1000', 0],
    ['0b0000', '0b0100', 1],
    ['0b0110', '0b0111', 3],
    ['0b0', `0b${'0'.repeat(33)}1`, 33],
    ['0b0', `0b${'0'.repeat(159)}1`, 159],
    ['0b0110', '0b0110', keyBits],
  ])('%s and %s share %i bits', (a, b, bits) => {
    expect(key(a).sharedBits(key(b))).toBe(bits)
    expect(key(b).sharedBits(key(a))).toBe(bits)
  })

  it.each([
    ['0b0000', '0b0001', '0b0010', -1],
    ['0b0110', '0b0111', '0b0100', -1],
    ['0b1000', '0b0000', '0b1111', 1],
    ['0b1010', '0b0110', '0b0110', 0],
  ])('to %s: %s against %s is %i', (target, a, b, sign) => expect(Math.sign(Key.compare(key(target), key(a), key(b)))).toBe(sign))

  it('is compared as the XOR of the numbers', () => {
    fc.assert(
      fc.property(anyKey, anyKey, anyKey, (target, a, b) => {
        const [left, right] = [asNumber(target) ^ asNumber(a), asNumber(target) ^ asNumber(b)]
        expect(Math.sign(Key.compare(target, a, b))).toBe(left < right ? -1 : left > right ? 1 : 0)
      }),
    )
  })

  it.each([
    ['0b0', '0b1', 0.5],
    ['0b0', '0b01', 0.25],
    ['0b101', '0b101', 0],
    ['0b0', '0b111', 0.875],
  ])('of %s and %s is %d of the key space', (a, b, share) => expect(key(a).distanceShare(key(b))).toBe(share))

  it('as a share is the XOR over 2^160, to 53 bits', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => {
        expect(a.distanceShare(b)).toBeCloseTo(Number(asNumber(a) ^ asNumber(b)) / 2 ** 160, 12)
      }),
    )
  })
})

it.each([
  [0, 1],
  [1, 0],
  [2, 1],
  [3, 1],
  [4, 0],
])('bit %i of 0b10110 is %i', (place, bit) => expect(key('0b10110').bit(place)).toBe(bit))

it('makes a key in any bucket, filled up with what it is given', () => {
  fc.assert(
    fc.property(anyKey, anyKey, fc.integer({ min: 0, max: keyBits - 1 }), (one, filling, bucket) => {
      const made = one.inBucket(bucket, filling)
      expect(made.sharedBits(one)).toBe(bucket)
      for (const place of [bucket + 1, keyBits - 1]) if (place > bucket && place < keyBits) expect(made.bit(place)).toBe(filling.bit(place))
    }),
  )
})
