import { createCipheriv, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import { type CipherKey, cipherNonce, type ExchangeKey, type ExchangeSecret } from '@hashtab/core'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import { cipherSuite } from './cipher-suite.js'
import { publishedVectors } from './fixtures/published-vectors.js'
import { systemRandom } from './index.js'

const nothing = new Uint8Array(0)
/** What goes before the 32 bytes of an X25519 key in PKCS #8 and SPKI (RFC 8410). */
const privatePrefix = Buffer.from('302e020100300506032b656e04220420', 'hex')
const publicPrefix = Buffer.from('302a300506032b656e032100', 'hex')

const privateKey = (secret: Uint8Array) => createPrivateKey({ key: Buffer.concat([privatePrefix, secret]), format: 'der', type: 'pkcs8' })
const publicKey = (bytes: Uint8Array) => createPublicKey({ key: Buffer.concat([publicPrefix, bytes]), format: 'der', type: 'spki' })
const newSecret = () => systemRandom(32) as ExchangeSecret

describe('the cipher suite', () => {
  test('agrees with OpenSSL on X25519', () => {
    for (let i = 0; i < 10; i++) {
      const [ours, theirs] = [newSecret(), newSecret()]
      const key = cipherSuite.exchangeKeyOf(theirs)
      const fromOpenSsl = createPublicKey(privateKey(theirs)).export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length)
      expect(Buffer.compare(key, fromOpenSsl)).toBe(0)
      const shared = diffieHellman({ privateKey: privateKey(ours), publicKey: publicKey(key) })
      expect(Buffer.compare(cipherSuite.agree(ours, key)!, shared)).toBe(0)
    }
  })

  test('agrees with OpenSSL on ChaCha20-Poly1305', () => {
    for (const length of [0, 1, 63, 64, 65, 12_300]) {
      const [key, plain, nonce, associated] = [
        systemRandom(32) as CipherKey,
        new Uint8Array(length).fill(length),
        cipherNonce(length),
        systemRandom(9),
      ]
      const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
      cipher.setAAD(associated, { plaintextLength: length })
      const fromOpenSsl = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
      const sealed = cipherSuite.encrypt(key, nonce, associated, plain)
      expect(Buffer.compare(sealed, fromOpenSsl)).toBe(0)
      expect(cipherSuite.decrypt(key, nonce, associated, sealed)).toEqual(plain)
    }
  })

  test('answers, and does not throw, at keys of small order and at what is forged', () => {
    expect(cipherSuite.agree(newSecret(), new Uint8Array(32) as ExchangeKey)).toBeUndefined()
    expect(cipherSuite.agree(newSecret(), new Uint8Array(32).fill(1, 0, 1) as ExchangeKey)).toBeUndefined()
    const key = systemRandom(32) as CipherKey
    const sealed = cipherSuite.encrypt(key, cipherNonce(0), nothing, new Uint8Array(5))
    sealed[20]! ^= 1
    for (const forged of [sealed, sealed.slice(0, 15), nothing])
      expect(cipherSuite.decrypt(key, cipherNonce(0), nothing, forged)).toBeUndefined()
  })
})

/** What a case of Wycheproof has besides the fields of its kind. */
interface Case {
  readonly tcId: number
  readonly flags: readonly string[]
  readonly result: 'valid' | 'invalid' | 'acceptable'
}

const fromHex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, 'hex'))
const hexOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex')

describe('published vectors', () => {
  test('X25519 agrees with Wycheproof, and comes to no key that everybody knows', (context) => {
    const vectors = publishedVectors('wycheproof-x25519.json', context) as readonly (Case &
      Record<'public' | 'private' | 'shared', string>)[]
    for (const { tcId, flags, ...one } of vectors) {
      const shared = cipherSuite.agree(fromHex(one.private) as ExchangeSecret, fromHex(one.public) as ExchangeKey)
      expect([tcId, hexOf(shared)]).toEqual([tcId, flags.includes('ZeroSharedSecret') ? undefined : one.shared])
    }
    expect(vectors.length).toBe(518)
  })

  test('HKDF-SHA-256 agrees with Wycheproof', (context) => {
    const vectors = publishedVectors('wycheproof-hkdf_sha256.json', context) as readonly (Case &
      Record<'ikm' | 'salt' | 'info' | 'okm', string> & { size: number })[]
    for (const { tcId, ikm, salt, info, size, okm, result } of vectors) {
      const derive = () => hexOf(hkdf(sha256, fromHex(ikm), fromHex(salt), fromHex(info), size))
      if (result === 'invalid') expect(derive).toThrow()
      else expect([tcId, derive()]).toEqual([tcId, okm])
    }
    expect(vectors.length).toBe(86)
  })

  test('XChaCha20-Poly1305 agrees with Wycheproof', (context) => {
    const vectors = publishedVectors('wycheproof-xchacha20_poly1305.json', context) as readonly (Case &
      Record<'key' | 'iv' | 'aad' | 'msg' | 'ct' | 'tag', string>)[]
    for (const { tcId, key, iv, aad, msg, ct, tag, result } of vectors) {
      const [cipherKey, nonce, associated] = [fromHex(key) as CipherKey, fromHex(iv), fromHex(aad)]
      const plain = cipherSuite.unseal(cipherKey, nonce, associated, fromHex(ct + tag))
      expect([tcId, hexOf(plain)]).toEqual([tcId, result === 'valid' ? msg : undefined])
      if (result === 'valid') expect(hexOf(cipherSuite.seal(cipherKey, nonce, associated, fromHex(msg)))).toBe(ct + tag)
    }
    expect(vectors.length).toBe(315)
  })
})
