import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { x25519 } from '@noble/curves/ed25519.js'
import type { CipherSuite, ExchangeKey } from '@hashtab/core'

/** X25519 (RFC 7748) and ChaCha20-Poly1305 (RFC 8439), in JavaScript: the overlay decides at once, and WebCrypto answers later. */
export const cipherSuite: CipherSuite = {
  exchangeKeyOf: (secret) => x25519.getPublicKey(secret) as ExchangeKey,
  agree: (secret, theirs) => orUndefined(() => x25519.getSharedSecret(secret, theirs)),
  encrypt: (key, nonce, associated, plain) => chacha20poly1305(key, nonce, associated).encrypt(plain),
  decrypt: (key, nonce, associated, sealed) => orUndefined(() => chacha20poly1305(key, nonce, associated).decrypt(sealed)),
}

/** The libraries throw at a key of small order, and at what is forged. */
function orUndefined(work: () => Uint8Array): Uint8Array | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
