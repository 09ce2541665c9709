import { bytesToHex, concatBytes } from '@noble/hashes/utils.js'
import { encodeUtf8 } from '../bencode/utf8.js'
import { type CipherKey, type CipherSuite, type ExchangeKey, exchangeKeyBytes, type ExchangeSecret } from '../keys/cipher-suite.js'
import type { Key } from '../keys/key.js'
import { type SessionId, sessionIdBytes } from '../wire/letter.js'
import { Transcript } from './transcript.js'

/** Separates these handshakes from all others that are made of the same parts. */
const domain = encodeUtf8('hashtab session 1:')
const nothing: Uint8Array = new Uint8Array(0)

/** What one end of a session encrypts with, and what it decrypts with. */
export interface SessionKeys {
  readonly sending: CipherKey
  readonly receiving: CipherKey
}

/** Who greets whom: part of every transcript, so a greeting is good for these two alone, and in this direction. 58 bytes. */
export function prologueOf(greeting: Key, greeted: Key): Uint8Array {
  return concatBytes(domain, greeting.toBytes(), greeted.toBytes())
}

/**
 * The end that greets, from its message to the answer. The pattern is Noise's NN: `→ e`, `← e, ee` (section 7.5). Neither message proves who wrote it:
 * both travel as letters, signed by their writers, and what an answer signs is over the greeting, for its session's name is.
 */
export class Handshake {
  readonly message: Uint8Array
  readonly session: SessionId
  readonly #suite: CipherSuite
  readonly #secret: ExchangeSecret
  readonly #transcript: Transcript

  /** `secret`: for this handshake alone. `payload` is readable to whoever sees the message. */
  constructor(suite: CipherSuite, prologue: Uint8Array, secret: ExchangeSecret, payload = nothing) {
    const key = suite.exchangeKeyOf(secret)
    this.#suite = suite
    this.#secret = secret
    this.#transcript = new Transcript(suite, prologue)
    this.#transcript.mixHash(key)
    this.message = concatBytes(key, this.#transcript.encryptAndHash(payload))
    this.session = sessionOf(this.#transcript)
  }

  /** Takes the answer: once, for it changes the transcript. Undefined: it answers something else. */
  finish(answer: Uint8Array): { readonly keys: SessionKeys; readonly payload: Uint8Array } | undefined {
    if (answer.length < exchangeKeyBytes) return undefined
    const theirs = answer.slice(0, exchangeKeyBytes) as ExchangeKey
    this.#transcript.mixHash(theirs)
    const shared = this.#suite.agree(this.#secret, theirs)
    if (!shared) return undefined
    this.#transcript.mixKey(shared)
    const payload = this.#transcript.decryptAndHash(answer.subarray(exchangeKeyBytes))
    if (!payload) return undefined
    const [sending, receiving] = this.#transcript.split()
    return { keys: { sending, receiving }, payload }
  }
}

/** A greeting that came, read as far as it can be without a key. */
export interface HeardGreeting {
  readonly session: SessionId
  readonly payload: Uint8Array
  readonly theirs: ExchangeKey
  readonly transcript: Transcript
}

/** Undefined: it is too short for one. */
export function hearGreeting(suite: CipherSuite, prologue: Uint8Array, message: Uint8Array): HeardGreeting | undefined {
  if (message.length < exchangeKeyBytes) return undefined
  const theirs = message.slice(0, exchangeKeyBytes) as ExchangeKey
  const transcript = new Transcript(suite, prologue)
  transcript.mixHash(theirs)
  const payload = transcript.decryptAndHash(message.slice(exchangeKeyBytes))!
  return { session: sessionOf(transcript), payload, theirs, transcript }
}

/** Answers a greeting: once, for it changes the transcript. `secret`: for this handshake alone. Undefined: no key comes of that greeting. */
export function answerGreeting(
  suite: CipherSuite,
  { theirs, transcript }: HeardGreeting,
  secret: ExchangeSecret,
  payload = nothing,
): { readonly message: Uint8Array; readonly keys: SessionKeys } | undefined {
  const shared = suite.agree(secret, theirs)
  if (!shared) return undefined
  const key = suite.exchangeKeyOf(secret)
  transcript.mixHash(key)
  transcript.mixKey(shared)
  const message = concatBytes(key, transcript.encryptAndHash(payload))
  const [receiving, sending] = transcript.split()
  return { message, keys: { sending, receiving } }
}

/** Of the transcript as it is after the greeting: two handshakes have one name only if they have one greeting. */
function sessionOf(transcript: Transcript): SessionId {
  return bytesToHex(transcript.hash.subarray(0, sessionIdBytes))
}
