import type { Entry, Peer, PeerStatus, Signer } from 'hashtab'
import { newContact, type Contact } from '../model/contact.js'
import type { ChannelMessage } from '../model/channel-message.js'
import { askingMessagesMax, type Fact } from '../model/conversations.js'
import type { Message, MessageId } from '../model/message.js'
import { Outbox, receiptTimeoutMs, type OutboxEffect, type OutboxEvent } from '../model/outbox.js'
import { profileRecord, readProfile, writeProfile } from '../model/profile.js'
import type { UserKey } from '../model/user-key.js'
import type { Notebook } from '../notebook.js'
import { Followed } from './followed.js'
import { Lookout } from './lookout.js'
import type { Line } from './line.js'
import { Switchboard } from './switchboard.js'
import { Whereabouts } from './whereabouts.js'

/** How often the table is told that we are here: a third of what it keeps of it. */
const announceEveryMs = 60_000
/** How often the profile is published anew: half of the day for which the table keeps it. */
const publishEveryMs = 12 * 3_600_000
/** Contacts whose names are followed as they change them; beyond, a name is looked up when its contact is seen. */
const namesFollowedMax = 100
/** A message typed in another tab is that tab's to deliver, so long. */
const otherTabsTurnMs = 2 * receiptTimeoutMs

/** Carries messages between the notebook and the network: tells where we are, finds who we write to, and takes what comes. Lives as long as its tab. */
export class Postman {
  readonly #peer: Peer
  readonly #notebook: Notebook
  readonly #whereabouts: Whereabouts
  readonly #switchboard: Switchboard
  readonly #lookout: Lookout
  readonly #names: Followed
  readonly #outbox = new Outbox()
  /** The accepted contacts whose undelivered messages are in the outbox. */
  readonly #served = new Set<UserKey>()
  readonly #signer: Signer
  #wakeTimer: ReturnType<typeof setTimeout> | undefined
  #wasOnline = false

  constructor(peer: Peer, signer: Signer, user: UserKey, notebook: Notebook, changed: () => void) {
    this.#peer = peer
    this.#signer = signer
    this.#notebook = notebook
    this.#whereabouts = new Whereabouts(peer, signer, user)
    this.#switchboard = new Switchboard(peer, this.#whereabouts, {
      admits: (user) => notebook.conversations.contact(user)?.standing !== 'blocked',
      knows: (user) => notebook.conversations.contact(user)?.standing === 'accepted',
      reached: (contact) => {
        this.#lookout.lineOpened(contact)
        this.#do({ type: 'reached', contact })
        void this.#learnName(contact)
      },
      rerouted: (contact) => this.#do({ type: 'rerouted', contact }),
      lost: (contact) => {
        this.#lookout.lineClosed(contact)
        this.#do({ type: 'lost', contact })
      },
      said: (line, contact, text) => void this.#take(line, contact, text),
      received: (contact, id) => void this.#mark(contact, id, 'delivered'),
    })
    this.#lookout = new Lookout(peer, this.#whereabouts, this.#switchboard, notebook, {
      changed,
      seen: (contact) => {
        this.#do({ type: 'seen', contact })
        void this.#learnName(contact)
      },
    })
    this.#names = new Followed(peer, profileRecord, namesFollowedMax, (contact, entry) => void this.#noteName(contact, entry))
    setInterval(() => void this.#announce(), announceEveryMs)
    setInterval(() => this.#learnMissingNames(), announceEveryMs)
    setInterval(() => void this.#publishProfile(), publishEveryMs)
    notebook.listen((fact, here) => this.#note(fact, here))
    peer.on('status', (status) => this.#follow(status))
    for (const { key } of notebook.conversations.accepted) this.#serve(key)
    this.#followNames()
    this.#follow(peer.status)
  }

  /** Who is there, as far as can be seen from here. */
  get online(): ReadonlySet<UserKey> {
    return this.#lookout.online
  }

  /** Whether a contact is spoken to through relays, because no direct link could be made. */
  isRelayed(contact: UserKey): boolean {
    return this.#switchboard.lineTo(contact)?.direct === false
  }

  /** The contact whose conversation is open: kept in closer touch. */
  attend(contact: UserKey | undefined) {
    this.#lookout.attend(contact)
  }

  /** For a page that goes away, which has no time to wait for anything. */
  leave() {
    this.#switchboard.close()
  }

  #follow({ phase }: PeerStatus) {
    const isOnline = phase === 'online'
    if (isOnline && !this.#wasOnline) {
      void this.#announce()
      void this.#publishProfile()
      this.#learnMissingNames()
      this.#lookout.look()
    }
    this.#wasOnline = isOnline
  }

  async #announce() {
    // Nobody is told of a user who has not said how they are called.
    if (this.#notebook.conversations.name === '') return
    await this.#whereabouts.announce().catch(() => undefined)
  }

  async #publishProfile() {
    const { name } = this.#notebook.conversations
    if (name === '') return
    await this.#peer.publish(profileRecord, writeProfile({ name }), { signer: this.#signer }).catch(() => undefined)
  }

  #note(fact: Fact, here: boolean) {
    if (fact.type === 'named' && here) {
      void this.#publishProfile()
      void this.#announce()
    }
    if (fact.type === 'message') this.#noteMessage(fact.message, here)
    if (fact.type === 'contact') this.#noteContact(fact.contact)
  }

  #noteMessage({ from, state, contact, id }: Message, here: boolean) {
    if (from === 'them') return
    if (state === 'delivered') return this.#do({ type: 'delivered', contact, id })
    this.#do(here ? { type: 'queued', contact, id } : { type: 'queued', contact, id, notBeforeMs: performance.now() + otherTabsTurnMs })
  }

  #noteContact({ key, standing, name }: Contact) {
    if (standing === 'blocked' || standing === 'removed') {
      this.#served.delete(key)
      this.#do({ type: 'forgotten', contact: key })
      this.#switchboard.hangUp(key)
      this.#followNames()
      this.#lookout.follow()
    } else if (standing === 'asking') {
      if (name === '') void this.#learnName(key)
    } else if (!this.#served.has(key)) {
      this.#serve(key)
      this.#followNames()
      this.#lookout.follow()
      this.#takeHeldBack(key)
      void this.#lookout.lookFor(key)
    }
  }

  #serve(contact: UserKey) {
    this.#served.add(contact)
    for (const { id } of this.#notebook.conversations.undelivered(contact)) this.#do({ type: 'queued', contact, id })
  }

  /** Who was let in may have more to say than was taken of a stranger. It is sent again on a new line: at once, when we make it. */
  #takeHeldBack(contact: UserKey) {
    if (!this.#switchboard.lineTo(contact) || this.#notebook.conversations.messagesWith(contact).length < askingMessagesMax) return
    this.#switchboard.hangUp(contact)
    void this.#switchboard.call(contact)
  }

  #followNames() {
    this.#names.follow(this.#notebook.conversations.accepted.map(({ key }) => key))
  }

  #learnMissingNames() {
    const { accepted, asking } = this.#notebook.conversations
    for (const { key, name } of [...accepted, ...asking]) if (name === '') void this.#learnName(key)
  }

  /** Looks up what a contact calls themselves; a profile older than the known one changes nothing. */
  async #learnName(key: UserKey) {
    const entry = await this.#peer.resolve(key, profileRecord).catch(() => undefined)
    if (entry) await this.#noteName(key, entry)
  }

  async #noteName(key: UserKey, entry: Entry) {
    const contact = this.#notebook.conversations.contact(key)
    const profile = readProfile(entry.text)
    if (!contact || !profile || BigInt(contact.nameSeq) >= entry.seq) return
    await this.#notebook.tell({ type: 'contact', contact: { ...contact, name: profile.name, nameSeq: String(entry.seq) } })
  }

  /** A text came. It is confirmed once it is kept; of a stranger, or too many of one, only so much is. */
  async #take(line: Line, user: UserKey, { id, text, sentAt }: Extract<ChannelMessage, { type: 'text' }>) {
    const { conversations } = this.#notebook
    const known = conversations.contact(user)
    const nowMs = Date.now()
    if (!known || known.standing === 'removed') {
      const asking = known ? { ...known, standing: 'asking' as const, standingAt: nowMs } : newContact(user, 'asking', nowMs)
      if (!(await this.#notebook.tell({ type: 'contact', contact: asking }))) return line.close()
    }
    if (!conversations.has(user, id)) {
      const last = this.#notebook.conversations.messagesWith(user).at(-1)
      // After the one before it, even when both came within a millisecond.
      const at = Math.max(nowMs, (last?.at ?? 0) + 1)
      const message: Message = { id, contact: user, from: 'them', text, at, sentAt, state: 'delivered' }
      if (!(await this.#notebook.tell({ type: 'message', message }))) return
    }
    line.confirm(id)
  }

  async #mark(contact: UserKey, id: MessageId, state: Message['state']) {
    const message = this.#notebook.conversations.undelivered(contact).find((mine) => mine.id === id)
    if (message) await this.#notebook.tell({ type: 'message', message: { ...message, state } })
  }

  #do(event: OutboxEvent) {
    for (const effect of this.#outbox.handle(event, performance.now())) void this.#carryOut(effect)
    clearTimeout(this.#wakeTimer)
    const { wakeAtMs } = this.#outbox
    if (wakeAtMs !== undefined) this.#wakeTimer = setTimeout(() => this.#do({ type: 'woke' }), Math.max(0, wakeAtMs - performance.now()))
  }

  async #carryOut(effect: OutboxEffect) {
    const { contact } = effect
    switch (effect.type) {
      case 'seek':
        if (await this.#switchboard.call(contact)) this.#do({ type: 'reached', contact })
        else this.#do({ type: 'notFound', contact })
        return
      case 'hangUp':
        return this.#switchboard.hangUp(contact)
      case 'send':
        return this.#send(contact, effect.id)
    }
  }

  async #send(contact: UserKey, id: MessageId) {
    const line = this.#switchboard.lineTo(contact)
    const message = this.#notebook.conversations.undelivered(contact).find((mine) => mine.id === id)
    if (!line || !message) return
    try {
      await line.say(message)
      await this.#mark(contact, id, 'sent')
    } catch {
      line.close()
    }
  }
}
