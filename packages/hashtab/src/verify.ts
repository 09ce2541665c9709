import type { PublicKey, Signature } from '@hashtab/core'
import { verify as judge } from '@hashtab/peer'

/** Whether these 64 bytes are the Ed25519 signature of this 32-byte public key over the message: one verdict on every platform. False at other lengths. */
export function verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  return judge(signature as Signature, message, publicKey as PublicKey)
}
