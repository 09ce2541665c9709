import type { Channel } from 'hashtab'
import { readChannelMessage, writeChannelMessage, type ChannelMessage } from '../model/channel-message.js'
import { holds, type Delegation } from '../model/delegation.js'
import type { Message, MessageId } from '../model/message.js'
import type { UserKey } from '../model/user-key.js'

export interface LineListener {
  /** Whether to talk to this user at all. Whom we do not talk to never learns who was called. */
  admits(user: UserKey): boolean
  /** Both have said who they are. */
  opened(line: Line, user: UserKey): void
  said(line: Line, user: UserKey, text: Extract<ChannelMessage, { type: 'text' }>): void
  received(user: UserKey, id: MessageId): void
  closed(line: Line): void
}

/** The other end says who it is, or that it is there, within this time, or is let go: a relayed channel over five slow hops needs a few seconds. */
const answerTimeoutMs = 12_000
/** Quiet for so long, the other end is asked whether it is there: a channel does not notice by itself that a tab has crashed. */
const quietMs = 20_000

/** A channel on which two users talk. Each end's first word proves which user its peer speaks for; the one who calls says it first. */
export class Line {
  readonly #channel: Channel
  readonly #listener: LineListener
  /** Runs out when the other end has said nothing for too long. */
  #patience: ReturnType<typeof setTimeout> | undefined
  readonly #mine: () => Promise<Delegation>
  /** Our hello is with the channel: nothing may go before it. */
  #greeted: Promise<void> | undefined
  #user: UserKey | undefined
  #closed = false

  constructor(channel: Channel, mine: () => Promise<Delegation>, listener: LineListener) {
    this.#channel = channel
    this.#mine = mine
    this.#listener = listener
  }

  /** Called once, first. The listener may be called from inside it. */
  begin(side: 'calling' | 'called') {
    const channel = this.#channel
    this.#wait(answerTimeoutMs, () => this.close())
    channel.on('message', (bytes) => this.#hear(bytes))
    channel.on('close', () => this.#end())
    // A link that is lost is often a tab that is gone, and sometimes a network that changed.
    channel.on('direct', (direct) => {
      if (!direct) this.#ask()
    })
    if (side === 'calling') this.#greet()
  }

  get peerId(): string {
    return this.#channel.peerId
  }

  /** Who is at the other end. `undefined`: they have not said so yet. */
  get user(): UserKey | undefined {
    return this.#user
  }

  /** False: relayed, because the two cannot link directly. */
  get direct(): boolean {
    return this.#channel.direct
  }

  /** Resolves when the channel took it. Rejects with a `PeerError`. */
  say({ id, text, sentAt }: Message): Promise<void> {
    return this.#send({ type: 'text', id, text, sentAt })
  }

  confirm(id: MessageId) {
    this.#sendOrClose({ type: 'receipt', id })
  }

  close() {
    this.#channel.close()
    this.#end()
  }

  #hear(bytes: Uint8Array) {
    if (this.#closed) return
    const message = readChannelMessage(bytes, this.#channel.publicKey)
    if (!message) return this.close()
    if (message.type === 'hello') return this.#meet(message.delegation)
    if (this.#user === undefined) return this.close()
    this.#wait(quietMs, () => this.#ask())
    switch (message.type) {
      case 'text':
        return this.#listener.said(this, this.#user, message)
      case 'receipt':
        return this.#listener.received(this.#user, message.id)
      case 'ping':
        return this.#sendOrClose({ type: 'pong' })
      case 'pong':
        return
    }
  }

  /** A hello again is fine if it is of the same user: delegations are renewed. */
  #meet(theirs: Delegation) {
    if (!holds(theirs, Date.now()) || (this.#user !== undefined && this.#user !== theirs.user)) return this.close()
    if (this.#user !== undefined) return
    if (!this.#listener.admits(theirs.user)) return this.close()
    if (!this.#greeted) this.#greet()
    this.#wait(quietMs, () => this.#ask())
    this.#user = theirs.user
    this.#listener.opened(this, theirs.user)
  }

  #greet() {
    this.#greeted = this.#mine().then((delegation) => this.#channel.send(writeChannelMessage({ type: 'hello', delegation })))
    this.#greeted.catch(() => this.close())
  }

  /** They answer in time, or the line is closed. */
  #ask() {
    if (this.#closed || this.#user === undefined) return
    this.#sendOrClose({ type: 'ping' })
    this.#wait(answerTimeoutMs, () => this.close())
  }

  #wait(ms: number, then: () => void) {
    clearTimeout(this.#patience)
    this.#patience = setTimeout(then, ms)
  }

  #sendOrClose(message: ChannelMessage) {
    this.#send(message).catch(() => this.close())
  }

  async #send(message: ChannelMessage): Promise<void> {
    await this.#greeted
    await this.#channel.send(writeChannelMessage(message))
  }

  #end() {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#patience)
    this.#listener.closed(this)
  }
}
