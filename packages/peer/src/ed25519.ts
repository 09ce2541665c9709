import * as library from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'

/** Ed25519 (RFC 8032), synchronous. The library comes without its hash; it is given here, in a call, for bundlers drop what a module only does as it loads. */
export function ed25519(): Pick<typeof library, 'getPublicKey' | 'sign' | 'verify'> {
  library.hashes.sha512 ??= sha512
  return library
}
