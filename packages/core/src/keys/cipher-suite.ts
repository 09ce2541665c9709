declare const brand: unique symbol

/** Bytes of an X25519 key, of either half (RFC 7748). */
export const exchangeKeyBytes = 32
/** Bytes that encryption adds: Poly1305's tag (RFC 8439). */
export const tagBytes = 16
/** Bytes of a ChaCha20-Poly1305 nonce (RFC 8439). */
export const cipherNonceBytes = 12
/** Bytes of an XChaCha20-Poly1305 nonce (draft-irtf-cfrg-xchacha-03): so many that it can be drawn at random. */
export const sealNonceBytes = 24
/** Bytes that a seal adds: its nonce before, the tag behind. */
export const sealBytes = sealNonceBytes + tagBytes
/** Bytes of the key of either cipher. */
export const cipherKeyBytes = 32

/** 32 bytes that nobody can foretell: the half of an X25519 key that is kept. */
export type ExchangeSecret = Uint8Array & { readonly [brand]: 'ExchangeSecret' }
/** 32 bytes: the half of an X25519 key that is told. */
export type ExchangeKey = Uint8Array & { readonly [brand]: 'ExchangeKey' }
/** 32 bytes: a key of either cipher. */
export type CipherKey = Uint8Array & { readonly [brand]: 'CipherKey' }

/** The primitives of `Noise_NN_25519_ChaChaPoly_SHA256`, and of seals, that this package does not bring itself. Pure; throw never. See `@hashtab/peer`'s `cipherSuite`. */
export interface CipherSuite {
  /** X25519 (RFC 7748): the other half of this key. */
  exchangeKeyOf(secret: ExchangeSecret): ExchangeKey
  /** X25519: 32 bytes that both ends come to; undefined: their key is no point that is safe to use. */
  agree(secret: ExchangeSecret, theirs: ExchangeKey): Uint8Array | undefined
  /** HKDF-SHA-256 (RFC 5869): `length` bytes. */
  derive(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array
  /** ChaCha20-Poly1305 (RFC 8439): `tagBytes` longer than `plain`. */
  encrypt(key: CipherKey, nonce: Uint8Array, associated: Uint8Array, plain: Uint8Array): Uint8Array
  /** What was encrypted; undefined: with another key, nonce or associated data, or changed since. */
  decrypt(key: CipherKey, nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
  /** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), as `encrypt`: a nonce has `sealNonceBytes`. */
  seal(key: CipherKey, nonce: Uint8Array, associated: Uint8Array, plain: Uint8Array): Uint8Array
  /** As `decrypt`, of what `seal` made. */
  unseal(key: CipherKey, nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
}

/** A nonce as Noise has it for ChaChaPoly: four zero bytes, then the counter, little-endian (Noise, section 12.3). */
export function cipherNonce(counter: number): Uint8Array {
  const nonce = new Uint8Array(cipherNonceBytes)
  new DataView(nonce.buffer).setBigUint64(4, BigInt(counter), true)
  return nonce
}
