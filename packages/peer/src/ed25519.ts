import { getPublicKey, hashes, sign } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'

/**
 * What makes signatures of Ed25519 (RFC 8032), synchronous; its first call makes a table of 0.8 MB. The library comes without its hash; it is given here, in a
 * call, for bundlers drop what a module only does as it loads.
 */
export function ed25519(): { readonly getPublicKey: typeof getPublicKey; readonly sign: typeof sign } {
  hashes.sha512 ??= sha512
  return { getPublicKey, sign }
}
