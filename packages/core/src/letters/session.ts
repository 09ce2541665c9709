import { decode, encode } from '../bencode/bencode.js'
import { isMalformed } from '../bencode/malformed.js'
import { cipherNonce, type CipherSuite } from '../keys/cipher-suite.js'
import type { Contact } from '../keys/public-key.js'
import type { SessionId, Whisper } from '../wire/letter.js'
import { whisperField } from '../wire/letter-codec.js'
import type { SessionKeys } from './handshake.js'
import { ReplayWindow } from './replay-window.js'

const nothing = new Uint8Array(0)

/**
 * Keys that two peers share, and what was said under them. Invariants: 1. no two whispers have the same key and counter;
 * 2. each that comes is taken once, in any order.
 */
export class Session {
  readonly id: SessionId
  readonly contact: Contact
  readonly sinceMs: number
  usedMs: number
  /** The other end has shown that it has the keys, too. */
  confirmed: boolean
  /** The answer to the greeting, until it is confirmed: the greeting may come again. */
  answer: Uint8Array | undefined
  readonly #suite: CipherSuite
  readonly #keys: SessionKeys
  readonly #window = new ReplayWindow()
  #counter = 0

  /** `answer`: at the end that was greeted. */
  constructor(suite: CipherSuite, id: SessionId, contact: Contact, keys: SessionKeys, nowMs: number, answer?: Uint8Array) {
    this.#suite = suite
    this.id = id
    this.contact = contact
    this.#keys = keys
    this.sinceMs = nowMs
    this.usedMs = nowMs
    this.answer = answer
    this.confirmed = answer === undefined
  }

  seal(body: Whisper): { readonly counter: number; readonly sealed: Uint8Array } {
    const counter = this.#counter++
    return { counter, sealed: this.#suite.encrypt(this.#keys.sending, cipherNonce(counter), nothing, encode(whisperField.write(body))) }
  }

  /** What was said; undefined: it is forged, or came before. */
  open(counter: number, sealed: Uint8Array): Whisper | undefined {
    if (!this.#window.allows(counter)) return undefined
    const plain = this.#suite.decrypt(this.#keys.receiving, cipherNonce(counter), nothing, sealed)
    if (!plain || !this.#window.take(counter)) return undefined
    const body = whisperField.read(decode(plain))
    if (isMalformed(body)) return undefined
    this.confirmed = true
    this.answer = undefined
    return body
  }
}
