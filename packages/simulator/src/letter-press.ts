import {
  type Contact,
  contactOf,
  decodeLetter,
  encodeLetter,
  isMalformed,
  type Key,
  type LetterBody,
  letterSignedBytes,
} from '@hashtab/core'
import { signCheaply, verifyCheaply } from './cheap-signature.js'

/** Every so many-th letter is sealed for real. The others travel as zeros of the same length, and what they say beside them. */
export const realLetterEvery = 50
/** A letter for an introduction has about so many bytes. */
const letterBytes = 320

/** What the reader of a letter learns. */
export interface OpenedLetter {
  readonly from: Contact
  readonly to: Key
  readonly body: LetterBody
}

/** Seals and opens letters, in place of the driver: encodes and signs a sample, for all of them would take more time than the protocol does. */
export class LetterPress {
  #sealed = 0

  seal(from: Contact, to: Key, body: LetterBody): Uint8Array {
    this.#sealed += 1
    if (this.#sealed % realLetterEvery > 0) return new LetterByReference({ from, to, body })
    const letter = { from: from.publicKey, to, body }
    return encodeLetter({ ...letter, signature: signCheaply(letterSignedBytes(letter), from.publicKey) })
  }

  /** What the letter says; undefined: it is forged. Throws an `Error` when the codec does not read what it wrote. */
  open(sealed: Uint8Array): OpenedLetter | undefined {
    if (sealed instanceof LetterByReference) return sealed.letter
    const letter = decodeLetter(sealed)
    if (isMalformed(letter)) throw new Error(`The codec does not read its own letter: ${letter.malformed}`)
    const { from, to, body, signature } = letter
    return verifyCheaply(signature, letterSignedBytes(letter), from) ? { from: contactOf(from), to, body } : undefined
  }
}

/** What letters by reference share: nobody writes to it. */
const nothing = new ArrayBuffer(letterBytes)

class LetterByReference extends Uint8Array {
  readonly letter: OpenedLetter

  constructor(letter: OpenedLetter) {
    super(nothing)
    this.letter = letter
  }
}
