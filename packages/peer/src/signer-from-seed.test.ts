import { expect, it } from 'vitest'
import { generateSigner, signerFromSeed } from './signer-from-seed.js'
import { verify } from './verify.js'

const fromHex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, 'hex'))

it('signs as RFC 8032 has it (section 7.1, test 2)', async () => {
  const signer = signerFromSeed(fromHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'))
  expect(Buffer.from(signer.publicKey).toString('hex')).toBe('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
  expect(Buffer.from(await signer.sign(Uint8Array.of(0x72))).toString('hex')).toBe(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  )
})

it('keeps its own copy of the seed', async () => {
  const seed = new Uint8Array(32).fill(1)
  const signer = signerFromSeed(seed)
  seed.fill(2)
  const message = Uint8Array.of(1, 2, 3)
  expect(verify(await signer.sign(message), message, signer.publicKey)).toBe(true)
})

it('refuses a seed of another length', () => {
  expect(() => signerFromSeed(new Uint8Array(31))).toThrow(RangeError)
})

it('makes an identity from chance', async () => {
  const signer = generateSigner((length) => new Uint8Array(length).fill(9))
  expect(signer.publicKey).toEqual(signerFromSeed(new Uint8Array(32).fill(9)).publicKey)
})
