import { type CipherKey, type CipherSuite, type ExchangeKey, exchangeKeyBytes, latePartsWith, sealingWith, tagBytes } from '@hashtab/core'
import type { RandomSource } from './random-source.js'

/**
 * A cipher that costs a microsecond and hides nothing: the text as it is, and a keyed hash of it. What `signCheaply` is to signatures:
 * it holds among peers that do not try, and the protocol around it is the real one.
 */
const cheapCipherSuite: CipherSuite = {
  exchangeKeyOf: (secret) => secret.slice() as Uint8Array as ExchangeKey,
  agree: (secret, theirs) => secret.map((byte, i) => byte ^ theirs[i]!),
  derive: (secret, salt, info, length) => {
    const hash = keyedHash([secret, salt, info])
    return Uint8Array.from({ length }, (_, i) => (hash >>> (i & 24)) ^ i)
  },
  encrypt: tagged,
  decrypt: untagged,
  seal: tagged,
  unseal: untagged,
}

/** One of each for all peers: they remember nothing. */
export const cheapLateParts = latePartsWith(cheapCipherSuite)
export const cheapSealing = sealingWith(cheapCipherSuite)

function tagged(key: CipherKey, nonce: Uint8Array, associated: Uint8Array, plain: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(plain.length + tagBytes)
  sealed.set(plain)
  new DataView(sealed.buffer).setUint32(plain.length, keyedHash([key, nonce, associated, plain]))
  return sealed
}

function untagged(key: CipherKey, nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < tagBytes) return undefined
  const plain = sealed.slice(0, sealed.length - tagBytes)
  const tag = new DataView(sealed.buffer, sealed.byteOffset, sealed.length).getUint32(plain.length)
  return tag === keyedHash([key, nonce, associated, plain]) ? plain : undefined
}

/** FNV-1a over one after the other. */
function keyedHash(parts: readonly Uint8Array[]): number {
  let hash = 0x811c9dc5
  for (const part of parts) for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part[i]!, 0x01000193)
  return hash >>> 0
}

/** A key for somebody who knocks, and means nothing by it. */
export function anyExchangeKey(random: RandomSource): ExchangeKey {
  return random.bytes(exchangeKeyBytes) as ExchangeKey
}
