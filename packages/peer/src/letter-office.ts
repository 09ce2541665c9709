import {
  decodeLetter,
  encodeLetter,
  isMalformed,
  type Key,
  type LetterBody,
  letterSignedBytes,
  type PublicKey,
  TokenBucket,
  type Verify,
} from '@hashtab/core'
import type { Signer } from './ports/signer.js'

/** Letters whose signatures are checked at once, and a second after that: a check costs 2 ms in a slow tab. */
const opensBurst = 400
const opensPerSecond = 100

/** Signs letters, and opens those that come: where signatures are made and judged, off the overlay's synchronous path. */
export class LetterOffice {
  readonly #signer: Signer
  readonly #self: Key
  readonly #verify: Verify
  readonly #budget: TokenBucket

  constructor(signer: Signer, self: Key, verify: Verify, nowMs: number) {
    this.#signer = signer
    this.#self = self
    this.#verify = verify
    this.#budget = new TokenBucket(opensBurst, opensPerSecond / 1_000, nowMs)
  }

  async seal(to: Key, body: LetterBody): Promise<Uint8Array> {
    const letter = { from: this.#signer.publicKey, to, body }
    return encodeLetter({ ...letter, signature: await this.#signer.sign(letterSignedBytes(letter)) })
  }

  /** The writer and what it wrote; undefined when the letter is malformed, forged, not for us, or over the budget. */
  open(sealed: Uint8Array, nowMs: number): { from: PublicKey; body: LetterBody } | undefined {
    const letter = decodeLetter(sealed)
    if (isMalformed(letter) || !letter.to.equals(this.#self) || !this.#budget.take(1, nowMs)) return undefined
    return this.#verify(letter.signature, letterSignedBytes(letter), letter.from) ? letter : undefined
  }
}
