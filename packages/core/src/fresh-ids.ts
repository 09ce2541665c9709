import { exchangeKeyBytes, type ExchangeSecret, sealNonceBytes } from './keys/cipher-suite.js'
import { Key, keyBytes } from './keys/key.js'
import { type ChannelId, type MailId, type Nonce, nonceBytes } from './wire/letter.js'
import { type MessageId, messageIdBytes } from './wire/message.js'
import type { LinkId } from './links/routing-table.js'

/** Names that were never used before, from the driver's random source. */
export class FreshIds {
  readonly #random: (length: number) => Uint8Array
  #links = 0

  /** `random` answers with `length` bytes that nobody can foretell. */
  constructor(random: (length: number) => Uint8Array) {
    this.#random = random
  }

  link(): LinkId {
    return ++this.#links
  }

  message(): MessageId {
    return hexOf(this.#random(messageIdBytes))
  }

  /** One of several with the same first half: `first`, hex. Seeks of one lookup know each other by it. */
  messageBeside(first: MessageId): MessageId {
    return first.slice(0, messageIdBytes) + hexOf(this.#random(messageIdBytes / 2))
  }

  mail(): MailId {
    return hexOf(this.#random(messageIdBytes))
  }

  nonce(): Nonce {
    return hexOf(this.#random(nonceBytes))
  }

  channel(): ChannelId {
    return hexOf(this.#random(nonceBytes))
  }

  exchangeSecret(): ExchangeSecret {
    return this.#random(exchangeKeyBytes) as ExchangeSecret
  }

  /** Of 24 bytes, none is drawn twice. */
  sealNonce(): Uint8Array {
    return this.#random(sealNonceBytes)
  }

  key(): Key {
    return Key.fromBytes(this.#random(keyBytes))
  }

  /** A number from 0 up to, not including, 1. */
  share(): number {
    const [high, low] = this.#random(2)
    return (high! * 256 + low!) / 65_536
  }
}

/** Joined from a list it is one flat string: one that is added up stays a chain of its parts, ten times as large, and ids are kept for a while. */
function hexOf(bytes: Uint8Array): string {
  const digits: string[] = []
  for (const byte of bytes) digits.push(hexOfByte[byte]!)
  return digits.join('')
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
