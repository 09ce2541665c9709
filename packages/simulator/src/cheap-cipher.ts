import { type CipherSuite, type ExchangeKey, tagBytes } from '@hashtab/core'

/**
 * A cipher that costs a microsecond and hides nothing: the text as it is, and a keyed hash of it. What `signCheaply` is to signatures:
 * it holds among peers that do not try, and the protocol around it is the real one.
 */
export const cheapCipherSuite: CipherSuite = {
  exchangeKeyOf: (secret) => secret.slice() as Uint8Array as ExchangeKey,
  agree: (secret, theirs) => secret.map((byte, i) => byte ^ theirs[i]!),
  encrypt(key, nonce, associated, plain) {
    const sealed = new Uint8Array(plain.length + tagBytes)
    sealed.set(plain)
    new DataView(sealed.buffer).setUint32(plain.length, keyedHash([key, nonce, associated, plain]))
    return sealed
  },
  decrypt(key, nonce, associated, sealed) {
    if (sealed.length < tagBytes) return undefined
    const plain = sealed.slice(0, sealed.length - tagBytes)
    const tag = new DataView(sealed.buffer, sealed.byteOffset, sealed.length).getUint32(plain.length)
    return tag === keyedHash([key, nonce, associated, plain]) ? plain : undefined
  },
}

/** FNV-1a over one after the other. */
function keyedHash(parts: readonly Uint8Array[]): number {
  let hash = 0x811c9dc5
  for (const part of parts) for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part[i]!, 0x01000193)
  return hash >>> 0
}
