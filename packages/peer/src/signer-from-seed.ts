import { publicKey, signature } from '@hashtab/core'
import { ed25519 } from './ed25519.js'
import type { Random } from './ports/random.js'
import type { Signer } from './ports/signer.js'

/** Bytes of an Ed25519 private key (RFC 8032, section 5.1.5). */
export const seedBytes = 32

/** The identity with this 32-byte private key. Keeps a copy of the seed. Throws a `RangeError` at any other length. */
export function signerFromSeed(seed: Uint8Array): Signer {
  if (seed.length !== seedBytes) throw new RangeError(`A seed has ${seedBytes} bytes, not ${seed.length}.`)
  const secret = new Uint8Array(seed)
  return {
    publicKey: publicKey(ed25519().getPublicKey(secret)),
    sign: async (message) => signature(ed25519().sign(message, secret)),
  }
}

/** A new identity, held in memory alone. */
export function generateSigner(random: Random): Signer {
  return signerFromSeed(random(seedBytes))
}
