import { concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { encodeUtf8 } from '../bencode/utf8.js'
import {
  type CipherKey,
  cipherKeyBytes,
  type CipherSuite,
  type ExchangeKey,
  type ExchangeSecret,
  sealNonceBytes,
} from '../keys/cipher-suite.js'
import type { Key } from '../keys/key.js'
import type { Introduction, Nonce } from '../wire/letter.js'

/** Separates these keys from all others that are made of the same parts. */
const domain = encodeUtf8('hashtab introduction 1:')

/** The letters of an introduction that are for the other end's eyes alone. */
export type SealedType = Extract<Introduction, { sealed: Uint8Array }>['type']

/** Of which introduction, and of which end of it, a seal is. `nonce`: of the knock. */
export interface SealedEnd {
  readonly self: Key
  readonly other: Key
  /** Else the end that knocked. */
  readonly offering: boolean
  readonly nonce: Nonce
}

/** Makes the seal of one end. `secret`: for this introduction alone. Takes about a millisecond. */
export type Sealing = (secret: ExchangeSecret, end: SealedEnd) => IntroductionSeal

/** Seals with this cipher suite. */
export const sealingWith =
  (suite: CipherSuite): Sealing =>
  (secret, end) =>
    new IntroductionSeal(suite, secret, end)

/**
 * Hides what one end of an introduction tells the other from whoever carries it: X25519 between two keys that are made for this introduction and
 * forgotten with it, HKDF-SHA-256 (RFC 5869) over both nonces, both ids and both keys, XChaCha20-Poly1305 under a random nonce. Who sealed is proved by the letter's
 * signature, which is over all of it.
 */
export class IntroductionSeal {
  /** The half of this end's key that is told. */
  readonly ownKey: ExchangeKey
  readonly #suite: CipherSuite
  readonly #secret: ExchangeSecret
  readonly #end: SealedEnd
  #sending: CipherKey | undefined
  #receiving: CipherKey | undefined

  constructor(suite: CipherSuite, secret: ExchangeSecret, end: SealedEnd) {
    this.#suite = suite
    this.#secret = secret
    this.#end = end
    this.ownKey = suite.exchangeKeyOf(secret)
  }

  /** Comes to the keys, now that those of both ends are known; before, nothing can be sealed or opened. Takes a millisecond. False: theirs is none that is safe to use. */
  agree(theirKey: ExchangeKey, offerNonce: Nonce): boolean {
    const shared = this.#suite.agree(this.#secret, theirKey)
    if (!shared) return false
    const { self, other, offering, nonce } = this.#end
    const [ours, theirs] = [concatBytes(self.toBytes(), this.ownKey), concatBytes(other.toBytes(), theirKey)]
    const info = offering ? concatBytes(domain, theirs, ours) : concatBytes(domain, ours, theirs)
    const material = this.#suite.derive(shared, hexToBytes(nonce + offerNonce), info, 2 * cipherKeyBytes)
    // One for each direction: nothing can be sent back to who sealed it.
    const [knocking, answering] = [material.slice(0, cipherKeyBytes), material.slice(cipherKeyBytes)] as CipherKey[]
    this.#sending = offering ? answering : knocking
    this.#receiving = offering ? knocking : answering
    return true
  }

  /** `sealBytes` longer than `plain`. `nonce`: `sealNonceBytes` that were never used before. */
  seal(type: SealedType, nonce: Uint8Array, plain: Uint8Array): Uint8Array {
    return concatBytes(nonce, this.#suite.seal(this.#sending!, nonce, encodeUtf8(type), plain))
  }

  /** Undefined: it is of another introduction, of the same end, of another type, or changed on its way. */
  open(type: SealedType, sealed: Uint8Array): Uint8Array | undefined {
    const [nonce, rest] = [sealed.slice(0, sealNonceBytes), sealed.subarray(sealNonceBytes)]
    return this.#receiving && this.#suite.unseal(this.#receiving, nonce, encodeUtf8(type), rest)
  }
}
