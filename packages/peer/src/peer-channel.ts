import { type ChannelId, channelMessageBytesMax, type Contact, printPublicKey } from '@hashtab/core'
import { bytesOf, type Data } from './data.js'
import { Listeners } from './listeners.js'
import { PeerError } from './peer-error.js'

export interface ChannelEvents {
  /** One message, whole. */
  message: Uint8Array
  /** It is closed: by this end (`closed`), by the other, or since nothing came through any more (`lost`). */
  close: 'closed' | 'lost' | 'abused'
  /** From now on it goes over a direct link (true), or over relays (false). */
  direct: boolean
}

/** Messages kept for a listener that was not there yet: anybody may open a channel that nobody listens to. It is closed beyond. */
const earlyMax = 1_024
/** Two of the longest messages, so that one more may come while the app makes up its mind. */
export const earlyBytesMax = 2 * channelMessageBytesMax

/** Bytes of messages that wait to be sent: eight of the longest, for an app that does not await. Beyond, `send` rejects with `queue-full`. */
export const unsentBytesMax = 8 * channelMessageBytesMax
/** Messages that wait to be sent, however small: each costs some hundred bytes of its own. */
export const unsentMax = 8_192

/** What a channel needs of its peer. */
export interface ChannelHost {
  /** Resolves when the message is on its way, and there is room for the next; rejects with `closed`. */
  sendOn(channel: ChannelId, data: Uint8Array, signal: AbortSignal | undefined): Promise<void>
  closeChannel(channel: ChannelId): void
  isLinkedTo(contact: Contact): boolean
}

export type NewChannel = (host: ChannelHost, id: ChannelId, contact: Contact) => PeerChannel

/**
 * A pipe of messages to the app of another peer: whole, in order, back-pressured. Over a direct link where one can be made, over relays else;
 * it survives the change from one to the other.
 */
export class PeerChannel {
  readonly #host: ChannelHost
  readonly #id: ChannelId
  readonly #contact: Contact
  readonly #listeners = new Listeners<ChannelEvents>()
  readonly #early: Uint8Array[] = []
  #unsent = 0
  #unsentBytes = 0
  #heard = false
  #overflowed = false
  #closed: ChannelEvents['close'] | undefined

  constructor(host: ChannelHost, id: ChannelId, contact: Contact) {
    this.#host = host
    this.#id = id
    this.#contact = contact
  }

  /** The other end: 40 hex digits. */
  get peerId(): string {
    return this.#contact.id.hex
  }

  /** The other end's public key: 64 hex digits. */
  get publicKey(): string {
    return printPublicKey(this.#contact.publicKey)
  }

  /** Whether it goes over a direct link now; else relays carry it, encrypted from end to end. */
  get direct(): boolean {
    return this.#host.isLinkedTo(this.#contact)
  }

  get closed(): boolean {
    return this.#closed !== undefined
  }

  /** Sends one message of at most 1 MiB. Resolves when there is room for the next. Aborted, it is not sent, unless part of it is on its way. Errors: `too-large`, `queue-full`, `closed`. */
  async send(data: Data, options: { signal?: AbortSignal } = {}): Promise<void> {
    const bytes = bytesOf(data)
    if (bytes.length > channelMessageBytesMax) {
      throw new PeerError('too-large', `A message has at most ${channelMessageBytesMax} bytes: send ${bytes.length} bytes in several.`)
    }
    if (this.#closed) throw new PeerError('closed', 'The channel is closed: connect again.')
    if (this.#unsent >= unsentMax || this.#unsentBytes + bytes.length > unsentBytesMax) {
      throw new PeerError('queue-full', `${this.#unsentBytes} bytes wait to be sent already: await each send before the next.`)
    }
    this.#unsent += 1
    this.#unsentBytes += bytes.length
    try {
      await this.#host.sendOn(this.#id, bytes, options.signal)
    } finally {
      this.#unsent -= 1
      this.#unsentBytes -= bytes.length
    }
  }

  /** Listens; answers with the call that stops it. Messages that came before the first listener are kept for it, and who listens for a `close` that was is told. */
  on<Name extends keyof ChannelEvents>(name: Name, listener: (value: ChannelEvents[Name]) => void): () => void {
    if (name === 'close' && this.#closed) return this.#tellLate(listener as (value: ChannelEvents['close']) => void, this.#closed)
    const stop = this.#listeners.on(name, listener)
    if (name === 'message' && !this.#heard) {
      this.#heard = true
      for (const data of this.#early.splice(0)) this.#listeners.emit('message', data)
    }
    return stop
  }

  /** Closes it. What was sent before still arrives, if the other end is there. */
  close(): void {
    if (!this.#closed) this.#host.closeChannel(this.#id)
  }

  /** Called by the peer. */
  received(data: Uint8Array): void {
    // Nothing may follow a gap.
    if (this.#overflowed) return
    if (this.#heard) return this.#listeners.emit('message', data)
    const bytes = this.#early.reduce((sum, { length }) => sum + length, data.length)
    this.#overflowed = bytes > earlyBytesMax || this.#early.length >= earlyMax
    if (this.#overflowed) return this.close()
    this.#early.push(data)
  }

  /** Called by the peer. */
  rerouted(direct: boolean): void {
    this.#listeners.emit('direct', direct)
  }

  /** Called by the peer. */
  ended(reason: ChannelEvents['close']): void {
    if (this.#closed) return
    this.#closed = reason
    this.#listeners.emit('close', reason)
    this.#listeners.clear()
  }

  /** Not from inside the listener's own `on`. */
  #tellLate(listener: (reason: ChannelEvents['close']) => void, reason: ChannelEvents['close']): () => void {
    let listens = true
    queueMicrotask(() => {
      if (listens) listener(reason)
    })
    return () => {
      listens = false
    }
  }
}
