import { bytesToHex } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import { encodeUtf8 } from '../bencode/utf8.js'
import { sealing } from '../fixtures/other-end.js'
import { contact } from '../fixtures/visible-key.js'
import { type ExchangeKey, type ExchangeSecret, sealBytes, sealNonceBytes } from '../keys/cipher-suite.js'

const [knocking, offering] = [contact('0b01').id, contact('0b10').id]
const [nonce, offerNonce] = ['a0'.repeat(16), 'b1'.repeat(16)]
const secret = (byte: number) => new Uint8Array(32).fill(byte) as ExchangeSecret
const sealNonce = new Uint8Array(sealNonceBytes).fill(7)
const plain = encodeUtf8('how to reach me')

function ends(secrets = [1, 2]) {
  const one = sealing(secret(secrets[0]!), { self: knocking, other: offering, offering: false, nonce })
  const other = sealing(secret(secrets[1]!), { self: offering, other: knocking, offering: true, nonce })
  return { one, other }
}

/** Both ends, once they have come to their keys. */
function agreed() {
  const { one, other } = ends()
  expect([one.agree(other.ownKey, offerNonce), other.agree(one.ownKey, offerNonce)]).toEqual([true, true])
  return { one, other }
}

describe('the seals of the two ends of an introduction', () => {
  it('open for each other, and add so many bytes', () => {
    const { one, other } = agreed()
    const offer = other.seal('offer', sealNonce, plain)
    expect(offer.length).toBe(plain.length + sealBytes)
    expect(one.open('offer', offer)).toEqual(plain)
    expect(other.open('answer', one.seal('answer', sealNonce, plain))).toEqual(plain)
  })

  it('seal to these bytes, for ever', () => {
    const { one, other } = agreed()
    expect(bytesToHex(other.seal('offer', sealNonce, plain))).toBe(
      '070707070707070707070707070707070707070707070707dbdea380d2a3ce09904f800e34a79660534edc4e77534c4f9c772a57225619',
    )
    expect(bytesToHex(one.seal('answer', sealNonce, plain))).toBe(
      '07070707070707070707070707070707070707070707070725c8c3ccd5a8a51b80c8148bb2687d02960d6feb9846e44b7d4743ba456772',
    )
  })

  it('do not open what they sealed themselves: nothing can be sent back to its writer', () => {
    const { one, other } = agreed()
    for (const end of [one, other]) expect(end.open('candidates', end.seal('candidates', sealNonce, plain))).toBeUndefined()
  })

  it('do not open what is another type, is cut, or has a byte changed', () => {
    const { one, other } = agreed()
    const offer = other.seal('offer', sealNonce, plain)
    expect(one.open('answer', offer)).toBeUndefined()
    for (let length = 0; length < offer.length; length++) expect(one.open('offer', offer.slice(0, length))).toBeUndefined()
    for (let place = 0; place < offer.length; place++) {
      const changed = offer.slice()
      changed[place]! ^= 1
      expect(one.open('offer', changed)).toBeUndefined()
    }
  })

  it('do not open before there are keys, nor what was sealed by anybody else', () => {
    const { one, other } = agreed()
    const offer = other.seal('offer', sealNonce, plain)
    expect(ends().one.open('offer', offer)).toBeUndefined()
    const stranger = ends([3, 2]).one
    expect(stranger.agree(other.ownKey, offerNonce)).toBe(true)
    expect(stranger.open('offer', offer)).toBeUndefined()
    expect(one.agree(other.ownKey, nonce)).toBe(true)
    expect(one.open('offer', offer)).toBeUndefined()
  })

  it('come to no keys with one of small order', () => {
    expect(ends().one.agree(new Uint8Array(32) as ExchangeKey, offerNonce)).toBe(false)
  })
})
