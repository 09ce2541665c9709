import { ed25519 } from '@noble/curves/ed25519.js'
import { type PublicKey, publicKey, type Signature, signature } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { bep44Vectors } from '../../core/src/fixtures/bep44.js'
import { type SignatureCase, signatureCases, speccheckVerdicts } from './fixtures/published-vectors.js'
import { verify } from './verify.js'

const fromHex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, 'hex'))
const anyMessage = fromHex('00112233')

describe('verify', () => {
  it.each(bep44Vectors)('accepts the vector of BEP 44: $signed', (vector) => {
    const key = publicKey(fromHex(vector.publicKey))
    const sealed = signature(fromHex(vector.signature))
    const message = new TextEncoder().encode(vector.signed)
    expect(verify(sealed, message, key)).toBe(true)
    message[message.length - 1]! ^= 1
    expect(verify(sealed, message, key)).toBe(false)
  })

  const seed = new Uint8Array(32).fill(7)
  const key = publicKey(ed25519.getPublicKey(seed))
  const good = signature(ed25519.sign(anyMessage, seed))

  it('refuses any single flipped bit', () => {
    expect(verify(good, anyMessage, key)).toBe(true)
    for (let bit = 0; bit < 512; bit += 37) {
      const bad = new Uint8Array(good)
      bad[bit >> 3]! ^= 1 << (bit & 7)
      expect(verify(signature(bad), anyMessage, key)).toBe(false)
    }
  })

  it('refuses S + L: nobody can make a second signature out of one', () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n
    const bad = new Uint8Array(good)
    let rest = bad.slice(32).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n) + order
    for (let place = 32; place < 64; place++, rest >>= 8n) bad[place] = Number(rest & 0xffn)
    expect(verify(signature(bad), anyMessage, key)).toBe(false)
  })

  it('refuses the identity point as a key, whose signature is forged for every message', () => {
    const identity = publicKey(fromHex('01'.padEnd(64, '0')))
    const forged = signature(fromHex('01'.padEnd(128, '0')))
    expect(ed25519.verify(forged, anyMessage, identity)).toBe(true)
    expect(verify(forged, anyMessage, identity)).toBe(false)
  })

  it('refuses every key of small order', () => {
    const torsion = ed25519.Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', true)
    const forged = signature(fromHex('01'.padEnd(128, '0')))
    let point = torsion
    for (let multiple = 1; multiple <= 8; multiple++, point = point.add(torsion)) {
      const small = publicKey(point.toBytes())
      expect(ed25519.verify(forged, anyMessage, small)).toBe(true)
      expect(verify(forged, anyMessage, small)).toBe(false)
    }
    expect(point.equals(torsion)).toBe(true)
  })

  it.each([
    ['y = p + 1', 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['y = p', 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['x = -0', '0100000000000000000000000000000000000000000000000000000000000080'],
    ['no point', '0200000000000000000000000000000000000000000000000000000000000000'],
  ])('refuses a key that is not canonical: %s', (_, digits) => {
    const forged = signature(fromHex('01'.padEnd(128, '0')))
    expect(verify(forged, anyMessage, publicKey(fromHex(digits)))).toBe(false)
  })

  it('answers false at wrong lengths', () => {
    expect(verify(good.subarray(1) as Signature, anyMessage, key)).toBe(false)
    expect(verify(good, anyMessage, key.subarray(1) as PublicKey)).toBe(false)
    expect(verify(new Uint8Array(0) as Signature, anyMessage, new Uint8Array(0) as PublicKey)).toBe(false)
  })
})

describe('published vectors', () => {
  const verdict = ({ publicKey, message, signature }: SignatureCase) =>
    verify(fromHex(signature) as Signature, fromHex(message), fromHex(publicKey) as PublicKey)

  it('agrees with Wycheproof', (context) => {
    const { wycheproof } = signatureCases(context)
    expect(wycheproof.map(verdict)).toEqual(wycheproof.map(({ isValid }) => isValid))
    expect(wycheproof.length).toBe(151)
  })

  it('decides the twelve edge cases as written down', (context) => {
    // 0, 1: key of small order. 2: R of small order. 3: mixed order. 4, 5: valid with the cofactor alone. 6, 7: S beyond L. 8, 9: R not canonical. 10, 11: key not canonical.
    expect(signatureCases(context).speccheck.map(verdict)).toEqual(speccheckVerdicts)
  })
})
