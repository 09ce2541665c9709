import { publicKeyBytes, signatureBytes, type Verify } from '@hashtab/core'
import { ed25519 } from './ed25519.js'

/**
 * The one judge of Ed25519 signatures (RFC 8032, section 5.1.7), the same in every browser and in Node, unlike their own: encodings
 * must be canonical, a key of small order is refused, the equation is checked with the cofactor. Never throws; false at a wrong length.
 */
export const verify: Verify = (signature, message, key) =>
  signature.length === signatureBytes && key.length === publicKeyBytes && ed25519().verify(signature, message, key, { zip215: false })
