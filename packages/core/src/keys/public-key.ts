import { bytesToHex } from '@noble/hashes/utils.js'
import { Key } from './key.js'

declare const brand: unique symbol

/** Bytes in an Ed25519 public key (RFC 8032). */
export const publicKeyBytes = 32
/** Bytes in an Ed25519 signature (RFC 8032). */
export const signatureBytes = 64

/** 32 bytes: an Ed25519 public key. Who holds the other half is a peer, or a user. */
export type PublicKey = Uint8Array & { readonly [brand]: 'PublicKey' }
/** 64 bytes: an Ed25519 signature. */
export type Signature = Uint8Array & { readonly [brand]: 'Signature' }

/** Takes 32 bytes for a public key. Throws a `RangeError` at any other length; whether it is a point of the curve, the verifier says. */
export function publicKey(bytes: Uint8Array): PublicKey {
  if (bytes.length !== publicKeyBytes) throw new RangeError(`A public key has ${publicKeyBytes} bytes, not ${bytes.length}.`)
  return bytes as PublicKey
}

/** Takes 64 bytes for a signature. Throws a `RangeError` at any other length. */
export function signature(bytes: Uint8Array): Signature {
  if (bytes.length !== signatureBytes) throw new RangeError(`A signature has ${signatureBytes} bytes, not ${bytes.length}.`)
  return bytes as Signature
}

/**
 * A peer that is known: its public key, and the id derived from it. Immutable, shared, compared by `id.hex`.
 * On the wire a contact is its 32-byte public key: an id is derived, never claimed.
 */
export interface Contact {
  readonly id: Key
  readonly publicKey: PublicKey
}

/** The contact with this public key: its id is the first 20 bytes of SHA-256 of the key. */
export function contactOf(key: PublicKey): Contact {
  return { id: Key.hash(key), publicKey: key }
}

/** 64 hex digits. */
export function printPublicKey(key: PublicKey): string {
  return bytesToHex(key)
}

/**
 * The one judge of signatures: true when `signature` is `key`'s signature over `message`. Pure. Throws never.
 * Every platform must answer alike (see `@hashtab/peer`'s `verify`).
 */
export type Verify = (signature: Signature, message: Uint8Array, key: PublicKey) => boolean
