import { expect, it } from 'vitest'
import { Key } from './key.js'
import { contactOf, printPublicKey, publicKey, publicKeyBytes, signature, signatureBytes } from './public-key.js'

it.each([0, 31, 33])('a public key has not %i bytes', (length) => expect(() => publicKey(new Uint8Array(length))).toThrow(RangeError))
it.each([0, 63, 65])('a signature has not %i bytes', (length) => expect(() => signature(new Uint8Array(length))).toThrow(RangeError))

it('takes what has the right length as it is', () => {
  const bytes = new Uint8Array(publicKeyBytes)
  expect(publicKey(bytes)).toBe(bytes)
  const signed = new Uint8Array(signatureBytes)
  expect(signature(signed)).toBe(signed)
})

it('a contact is its public key, and the id that follows from it', () => {
  const one = publicKey(new Uint8Array(publicKeyBytes).fill(7))
  expect(contactOf(one)).toEqual({ id: Key.hash(one), publicKey: one })
})

it('prints as 64 hex digits', () => {
  expect(printPublicKey(publicKey(new Uint8Array(publicKeyBytes).fill(0xab)))).toBe('ab'.repeat(32))
})
