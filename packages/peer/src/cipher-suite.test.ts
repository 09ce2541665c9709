import { createCipheriv, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import { type CipherKey, cipherNonce, type ExchangeKey, type ExchangeSecret } from '@hashtab/core'
import { describe, expect, test } from 'vitest'
import { cipherSuite } from './cipher-suite.js'
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
