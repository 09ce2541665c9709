import type { PublicKey, Signature } from '@hashtab/core'

/** One Ed25519 identity: signs, and never shows its private key. */
export interface Signer {
  readonly publicKey: PublicKey
  /** The Ed25519 signature (64 bytes, RFC 8032) over the message. */
  sign(message: Uint8Array): Promise<Signature>
}
