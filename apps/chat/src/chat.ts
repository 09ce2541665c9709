import { join, userIdentity, type Peer, type PeerStatus, type Signer } from 'hashtab'
import { newContact, type Standing } from './model/contact.js'
import type { Conversations } from './model/conversations.js'
import { hexOf } from './model/delegation.js'
import { messageCharactersMax, newMessageId, wellFormed, type Message } from './model/message.js'
import { tidyName } from './model/profile.js'
import type { UserKey } from './model/user-key.js'
import { Postman } from './network/postman.js'
import { Notebook } from './notebook.js'

/** Peers of other networks are never met. */
const network = 'hashtab-chat'

/** The chat as its window sees it: what is known, how the connection is, and what can be done. */
export class Chat {
  readonly myKey: UserKey
  readonly #signer: Signer
  readonly #notebook: Notebook
  readonly #listeners = new Set<() => void>()
  readonly #drafts = new Map<UserKey, string>()
  #peer: Peer | undefined
  #postman: Postman | undefined
  #status: PeerStatus | undefined
  #fault: string | undefined

  private constructor(signer: Signer, notebook: Notebook) {
    this.#signer = signer
    this.myKey = hexOf(signer.publicKey) as UserKey
    this.#notebook = notebook
    notebook.listen((fact) => {
      if (fact.type === 'contact' && (fact.contact.standing === 'removed' || fact.contact.standing === 'blocked'))
        this.#drafts.delete(fact.contact.key)
      this.#changed()
    })
  }

  /** Opens what is kept in this browser: the user's key and their conversations. Rejects where no key can be kept. */
  static async open(): Promise<Chat> {
    const [signer, notebook] = await Promise.all([userIdentity('chat'), Notebook.open()])
    return new Chat(signer, notebook)
  }

  get conversations(): Conversations {
    return this.#notebook.conversations
  }

  get status(): PeerStatus | undefined {
    return this.#status
  }

  get online(): ReadonlySet<UserKey> {
    return this.#postman?.online ?? new Set()
  }

  /** Whether a contact is spoken to through relays: they see that it is, and not what. */
  isRelayed(contact: UserKey): boolean {
    return this.#postman?.isRelayed(contact) ?? false
  }

  get keepsHistory(): boolean {
    return this.#notebook.keeps
  }

  /** Why there is no peer, when there can be none. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** Joins the network. Never rejects: what goes wrong is told in `fault`. */
  async goOnline(signaling: string): Promise<void> {
    try {
      this.#peer = await join({ network, signaling })
    } catch (reason) {
      this.#fault = reason instanceof Error ? reason.message : String(reason)
      return this.#changed()
    }
    this.#peer.on('status', (status) => this.#follow(status))
    this.#postman = new Postman(this.#peer, this.#signer, this.myKey, this.#notebook, () => this.#changed())
    this.#follow(this.#peer.status)
  }

  /** Says how the user is called. */
  async rename(name: string): Promise<void> {
    await this.#notebook.tell({ type: 'named', name: tidyName(name), at: Date.now() })
  }

  /** Puts somebody on the list. False: the list is full. */
  add(key: UserKey): Promise<boolean> {
    return this.#judge(key, 'accepted')
  }

  block(key: UserKey): Promise<boolean> {
    return this.#judge(key, 'blocked')
  }

  /** Takes somebody off the list, and forgets what was said. */
  remove(key: UserKey): Promise<boolean> {
    return this.#judge(key, 'removed')
  }

  /** What is written to a contact and not sent yet. It is this tab's alone, and ends with it. */
  draftTo(contact: UserKey): string {
    return this.#drafts.get(contact) ?? ''
  }

  keepDraft(contact: UserKey, text: string) {
    if (text === '') this.#drafts.delete(contact)
    else this.#drafts.set(contact, text)
  }

  /** Says something to a contact: at once when they can be reached, else when they can. Rejects with a `RangeError` what is longer than one message. */
  async say(contact: UserKey, text: string): Promise<void> {
    if (text.length > messageCharactersMax) throw new RangeError(`A message has at most ${messageCharactersMax} characters.`)
    const words = wellFormed(text)
    if (words.trim() === '') return
    const nowMs = Date.now()
    const last = this.conversations.messagesWith(contact).at(-1)
    const at = Math.max(nowMs, (last?.at ?? 0) + 1)
    const message: Message = { id: newMessageId(), contact, from: 'me', text: words, at, sentAt: nowMs, state: 'queued' }
    await this.#notebook.tell({ type: 'message', message })
  }

  /** The user has the conversation before their eyes. */
  async read(key: UserKey): Promise<void> {
    const contact = this.conversations.contact(key)
    const readUpTo = this.conversations.messagesWith(key).at(-1)?.at ?? 0
    if (contact && contact.readUpTo < readUpTo) await this.#notebook.tell({ type: 'contact', contact: { ...contact, readUpTo } })
  }

  attend(key: UserKey | undefined) {
    this.#postman?.attend(key)
  }

  leave() {
    this.#postman?.leave()
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #judge(key: UserKey, standing: Standing): Promise<boolean> {
    const nowMs = Date.now()
    const known = this.conversations.contact(key)
    const contact = known ? { ...known, standing, standingAt: nowMs } : newContact(key, standing, nowMs)
    return this.#notebook.tell({ type: 'contact', contact })
  }

  #follow(status: PeerStatus) {
    this.#status = status
    this.#changed()
  }

  #changed() {
    for (const listener of this.#listeners) listener()
  }
}
