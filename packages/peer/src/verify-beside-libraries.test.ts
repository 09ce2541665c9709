import { ed25519 } from '@noble/curves/ed25519.js'
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js'
import * as library from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import type { PublicKey, Signature } from '@hashtab/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verify } from './verify.js'

const { Point } = library
const { p, n: order } = Point.CURVE()
library.hashes.sha512 = sha512

/** What is judged: a signature, what it is over, and a key, of any lengths. */
interface Judged {
  readonly sealed: Uint8Array
  readonly message: Uint8Array
  readonly key: Uint8Array
}

/** Whether it holds; all three must say the same. The libraries throw at wrong lengths. */
function verdict({ sealed, message, key }: Judged): boolean {
  const judges = [library.verify, ed25519.verify].map((judge) => () => judge(sealed, message, key, { zip215: false }))
  const theirs = judges.map((judge) => {
    try {
      return judge()
    } catch {
      return false
    }
  })
  const own = verify(sealed as Signature, message, key as PublicKey)
  expect(theirs).toEqual([own, own])
  return own
}

const torsion = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')
const signBit = 1n << 255n
/** All of small order, then all that is not canonical: beyond the prime, of either sign, and a negative zero. */
const oddEncodings = [
  ...Array.from({ length: 8 }, (_, eighths) => torsion.multiply(BigInt(eighths), false).toBytes()),
  ...Array.from({ length: 19 }, (_, beyond) => [p + BigInt(beyond), p + BigInt(beyond) + signBit])
    .flat()
    .map((y) => numberToBytesLE(y, 32)),
  ...[1n, p - 1n].map((y) => numberToBytesLE(y + signBit, 32)),
]

const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
const messages = fc.uint8Array({ maxLength: 300 })
const scalars = fc.oneof(fc.bigInt(0n, order - 1n), fc.constantFrom(0n, 1n, order - 1n))

const signed = fc.tuple(bytes, messages).map(([seed, message]): Judged => {
  return { sealed: library.sign(message, seed), message, key: library.getPublicKey(seed) }
})

/** Made to satisfy the equation, for points of any order and for any encoding of a small nonce. */
const forged = fc
  .record({
    a: scalars,
    r: scalars,
    keyEighths: fc.nat(7),
    nonceEighths: fc.nat(7),
    oddKey: fc.option(fc.constantFrom(...oddEncodings), { freq: 8 }),
    oddNonce: fc.option(fc.constantFrom(...oddEncodings), { freq: 4 }),
    message: messages,
  })
  .map(({ a, r, keyEighths, nonceEighths, oddKey, oddNonce, message }): Judged => {
    const key = oddKey ?? encoded(a, keyEighths)
    const nonce = oddNonce ?? encoded(r, nonceEighths)
    const k = bytesToNumberLE(sha512(concatBytes(nonce, key, message)))
    const s = ((oddNonce ? 0n : r) + k * (oddKey ? 0n : a)) % order
    return { sealed: concatBytes(nonce, numberToBytesLE(s, 32)), message, key }
  })

function encoded(scalar: bigint, eighths: number): Uint8Array {
  return Point.BASE.multiply(scalar, false)
    .add(torsion.multiply(BigInt(eighths), false))
    .toBytes()
}

describe('verify, beside two libraries', () => {
  it('accepts what was signed', () => {
    fc.assert(
      fc.property(signed, (judged) => {
        expect(verdict(judged)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  it('refuses one changed bit of a signature or a key, and another message', () => {
    fc.assert(
      fc.property(signed, fc.nat(96 * 8 - 1), (judged, bit) => {
        const changed = concatBytes(judged.sealed, judged.key)
        changed[bit >> 3]! ^= 1 << (bit & 7)
        expect(verdict({ ...judged, sealed: changed.slice(0, 64), key: changed.slice(64) })).toBe(false)
        expect(verdict({ ...judged, message: concatBytes(judged.message, Uint8Array.of(bit & 255)) })).toBe(false)
      }),
      { numRuns: 100 },
    )
  })

  it('refuses other lengths', () => {
    fc.assert(
      fc.property(
        signed,
        fc.nat(63),
        fc.nat(31),
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        (judged, signatureBytes, keyBytes, more) => {
          expect(verdict({ ...judged, sealed: judged.sealed.slice(0, signatureBytes) })).toBe(false)
          expect(verdict({ ...judged, key: judged.key.slice(0, keyBytes) })).toBe(false)
          expect(verdict({ ...judged, sealed: concatBytes(judged.sealed, more) })).toBe(false)
          expect(verdict({ ...judged, key: concatBytes(judged.key, more) })).toBe(false)
        },
      ),
      { numRuns: 20 },
    )
  })

  it('refuses any other s: the same with multiples of L added, on the limit, and beyond', () => {
    const others = fc.oneof(
      fc.bigInt(0n, (1n << 256n) - 1n).map((s) => () => s),
      fc.constantFrom(0n, order - 1n, order, order + 1n, (1n << 256n) - 1n).map((s) => () => s),
      fc.bigInt(1n, 14n).map((times) => (s: bigint) => s + times * order),
    )
    fc.assert(
      fc.property(signed, others, (judged, other) => {
        const s = other(bytesToNumberLE(judged.sealed.slice(32)))
        expect(verdict({ ...judged, sealed: concatBytes(judged.sealed.slice(0, 32), numberToBytesLE(s, 32)) })).toBe(false)
      }),
      { numRuns: 100 },
    )
  })

  it('judges points of small and of mixed order, and encodings that are not canonical, as they do', () => {
    const verdicts: boolean[] = []
    fc.assert(
      fc.property(forged, (judged) => void verdicts.push(verdict(judged))),
      { numRuns: 400 },
    )
    // Neither never, nor always.
    expect(new Set(verdicts).size).toBe(2)
  })

  it('judges bytes of no meaning as they do', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        messages,
        fc.oneof(bytes, fc.constantFrom(...oddEncodings)),
        (sealed, message, key) => {
          expect(verdict({ sealed, message, key })).toBe(false)
        },
      ),
      { numRuns: 100 },
    )
  })
})
