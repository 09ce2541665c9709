import { publicKeyBytes, signatureBytes, type Verify } from '@hashtab/core'
import { Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { doubleScalar } from './double-scalar.js'

/**
 * The one judge of Ed25519 signatures (RFC 8032, section 5.1.7), the same in every browser and in Node, unlike their own: encodings
 * must be canonical, a key of small order is refused, the equation is checked with the cofactor. Never throws; false at a wrong length.
 */
export const verify: Verify = (signature, message, key) =>
  signature.length === signatureBytes && key.length === publicKeyBytes && isSigned(signature, message, key)

/** [8][s]B = [8]R + [8][k]A, as `@noble/ed25519` judges it with `zip215: false`, but without its 4,224 multiples of B: see docs/decisions/0017. */
function isSigned(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  const { n: order } = Point.CURVE()
  const nonce = signature.subarray(0, publicKeyBytes)
  const s = numberOf(signature.subarray(publicKeyBytes))
  const a = pointOf(key)
  const r = pointOf(nonce)
  if (s >= order || !a || !r || isOfSmallOrder(a)) return false
  const k = numberOf(sha512.create().update(nonce).update(key).update(message).digest()) % order
  return isOfSmallOrder(doubleScalar(s, k, a.negate()).subtract(r))
}

/** Of a canonical encoding (RFC 8032, section 5.1.3). The library throws at any other. */
function pointOf(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes)
  } catch {
    return undefined
  }
}

/** Whether eight times it is the neutral point. The library's own `isSmallOrder` makes the table when it meets the base point. */
function isOfSmallOrder(point: Point): boolean {
  return point.double().double().double().is0()
}

/** Lowest byte first. */
function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(Uint8Array.from(bytes).reverse())}`)
}
