import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { pow } from '@noble/curves/abstract/modular.js'
import { montgomery } from '@noble/curves/abstract/montgomery.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { CipherSuite, ExchangeKey } from '@hashtab/core'

/** The prime of Curve25519 (RFC 7748, section 4.1). */
const prime = 2n ** 255n - 19n

/**
 * X25519 (RFC 7748, section 5) as the library makes it of its parts: the ladder alone. Its ready-made one makes keys three times as fast by way of Ed25519's
 * tables, which cost 50 ms at the first, and 5 KB: too much for a page that makes thirty.
 */
const x25519 = /* @__PURE__ */ montgomery({
  P: prime,
  type: 'x25519',
  powPminus2: (number: bigint) => pow(number, prime - 2n, prime),
  // Clamping: RFC 7748, section 5.
  adjustScalarBytes: (bytes: Uint8Array) =>
    bytes.map((byte, place) => (place === 0 ? byte & 0xf8 : place === 31 ? (byte & 0x7f) | 0x40 : byte)),
})

/** X25519 (RFC 7748), ChaCha20-Poly1305 (RFC 8439) and XChaCha20-Poly1305, in JavaScript: the overlay decides at once, and WebCrypto answers later. */
export const cipherSuite: CipherSuite = {
  exchangeKeyOf: (secret) => x25519.getPublicKey(secret) as ExchangeKey,
  agree: (secret, theirs) => orUndefined(() => x25519.getSharedSecret(secret, theirs)),
  derive: (secret, salt, info, length) => hkdf(sha256, secret, salt, info, length),
  encrypt: (key, nonce, associated, plain) => chacha20poly1305(key, nonce, associated).encrypt(plain),
  decrypt: (key, nonce, associated, sealed) => orUndefined(() => chacha20poly1305(key, nonce, associated).decrypt(sealed)),
  seal: (key, nonce, associated, plain) => xchacha20poly1305(key, nonce, associated).encrypt(plain),
  unseal: (key, nonce, associated, sealed) => orUndefined(() => xchacha20poly1305(key, nonce, associated).decrypt(sealed)),
}

/** The libraries throw at a key of small order, and at what is forged. */
function orUndefined(work: () => Uint8Array): Uint8Array | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
