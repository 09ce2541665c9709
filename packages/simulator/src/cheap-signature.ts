import {
  draftSigned,
  type PublicKey,
  type RecordWish,
  type Signature,
  signature,
  signatureBytes,
  type SignedRecord,
  withSignature,
} from '@hashtab/core'

/**
 * Signatures that cost a microsecond: a keyed hash of the message in the first 8 of 64 bytes. Whoever knows a public key can sign for it, so they hold
 * only among peers that do not try; real Ed25519, at milliseconds each, would take nearly all the time of a simulation and show nothing about the protocol.
 */
export function signCheaply(message: Uint8Array, key: PublicKey): Signature {
  const bytes = new Uint8Array(signatureBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, keyedHash(message, key, 0x811c9dc5))
  view.setUint32(4, keyedHash(message, key, 0x2f0b4c47))
  return signature(bytes)
}

/** The record somebody wishes for, with a cheap signature of the wish's public key. */
export function cheaplySigned(wish: RecordWish): SignedRecord {
  const draft = draftSigned(wish)
  return withSignature(draft, signCheaply(draft.signedBytes, wish.publicKey))
}

/** The judge that fits `signCheaply`: core's `Verify`. */
export function verifyCheaply(claimed: Signature, message: Uint8Array, key: PublicKey): boolean {
  const view = new DataView(claimed.buffer, claimed.byteOffset, signatureBytes)
  return view.getUint32(0) === keyedHash(message, key, 0x811c9dc5) && view.getUint32(4) === keyedHash(message, key, 0x2f0b4c47)
}

/** FNV-1a over the key, then the message. */
function keyedHash(message: Uint8Array, key: PublicKey, start: number): number {
  let hash = start
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key[i]!, 0x01000193)
  for (let i = 0; i < message.length; i++) hash = Math.imul(hash ^ message[i]!, 0x01000193)
  return hash >>> 0
}
