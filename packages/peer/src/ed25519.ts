import { hashes } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'

// The library comes without its hash, and answers later if it is not given one.
hashes.sha512 = sha512

/** Ed25519 (RFC 8032), synchronous. */
export { getPublicKey, sign, verify } from '@noble/ed25519'
