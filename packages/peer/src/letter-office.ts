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
export const opensBurst = 400
const opensPerSecond = 100
/** Of these, what one link or meeting point may use: a quarter, so that one that floods leaves the others their introductions. */
export const opensBurstEach = 100
const opensPerSecondEach = 25
/** Links and meeting points of which count is kept: more than a peer has at one time. The one longest quiet makes room. */
const countedMax = 128

/** Signs letters, and opens those that come: where signatures are made and judged, off the overlay's synchronous path. */
export class LetterOffice {
  readonly #signer: Signer
  readonly #self: Key
  readonly #verify: Verify
  readonly #budget: TokenBucket
  readonly #budgets = new Map<string, TokenBucket>()

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

  /** The writer and what it wrote; undefined when the letter is malformed, forged, not for us, or over the budget of `via`, the link or meeting point it came by, or of all. */
  open(sealed: Uint8Array, via: string, nowMs: number): { from: PublicKey; body: LetterBody } | undefined {
    const letter = decodeLetter(sealed)
    if (isMalformed(letter) || !letter.to.equals(this.#self)) return undefined
    if (!this.#budgetOf(via, nowMs).take(1, nowMs) || !this.#budget.take(1, nowMs)) return undefined
    return this.#verify(letter.signature, letterSignedBytes(letter), letter.from) ? letter : undefined
  }

  #budgetOf(via: string, nowMs: number): TokenBucket {
    const budget = this.#budgets.get(via) ?? new TokenBucket(opensBurstEach, opensPerSecondEach / 1_000, nowMs)
    this.#budgets.delete(via)
    this.#budgets.set(via, budget)
    const [quietest] = this.#budgets.keys()
    if (this.#budgets.size > countedMax && quietest !== undefined) this.#budgets.delete(quietest)
    return budget
  }
}
