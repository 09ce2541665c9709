import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { encodeUtf8 } from '../bencode/utf8.js'
import { type CipherKey, cipherNonce, type CipherSuite } from '../keys/cipher-suite.js'

/** As long as a hash, so it is the first one (Noise, section 5.2). */
const protocolName = encodeUtf8('Noise_NN_25519_ChaChaPoly_SHA256')

/**
 * All that was said in a handshake so far, and the key that follows from it: Noise's SymmetricState
 * (The Noise Protocol Framework, revision 34, section 5.2).
 */
export class Transcript {
  readonly #suite: CipherSuite
  #chaining: Uint8Array = protocolName
  #hash: Uint8Array = protocolName
  #key: CipherKey | undefined
  #counter = 0

  constructor(suite: CipherSuite, prologue: Uint8Array) {
    this.#suite = suite
    this.mixHash(prologue)
  }

  /** 32 bytes: both ends have the same if both have heard the same. */
  get hash(): Uint8Array {
    return this.#hash
  }

  mixHash(data: Uint8Array): void {
    this.#hash = sha256(concatBytes(this.#hash, data))
  }

  mixKey(material: Uint8Array): void {
    const [chaining, key] = this.#derive(material)
    this.#chaining = chaining
    this.#key = key
    this.#counter = 0
  }

  /** Encrypts once there is a key; what comes out is part of the transcript. */
  encryptAndHash(plain: Uint8Array): Uint8Array {
    const sealed = this.#key ? this.#suite.encrypt(this.#key, cipherNonce(this.#counter++), this.#hash, plain) : plain
    this.mixHash(sealed)
    return sealed
  }

  /** The other way round; undefined: the other end's transcript is another. */
  decryptAndHash(sealed: Uint8Array): Uint8Array | undefined {
    const plain = this.#key ? this.#suite.decrypt(this.#key, cipherNonce(this.#counter++), this.#hash, sealed) : sealed
    this.mixHash(sealed)
    return plain
  }

  /** The keys for what follows: the first for what the end that greeted says, the second for the other. */
  split(): readonly [CipherKey, CipherKey] {
    return this.#derive(new Uint8Array(0)) as readonly [CipherKey, CipherKey]
  }

  /** Noise's HKDF with two outputs (section 4.3): RFC 5869's, without its info. */
  #derive(material: Uint8Array): readonly [Uint8Array, CipherKey] {
    const key = hmac(sha256, this.#chaining, material)
    const first = hmac(sha256, key, Uint8Array.of(1))
    return [first, hmac(sha256, key, concatBytes(first, Uint8Array.of(2))) as CipherKey]
  }
}
