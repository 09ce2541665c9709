import { askingMax, contactsMax, forgottenMax, isContact, mergeContact, type Contact } from './contact.js'
import { isMessage, mergeMessage, type Message } from './message.js'
import type { UserKey } from './user-key.js'

/** Something that became known, here or in another tab. Telling it twice, or in another order, changes nothing. */
export type Fact =
  | { readonly type: 'named'; readonly name: string; readonly at: number }
  | { readonly type: 'contact'; readonly contact: Contact }
  | { readonly type: 'message'; readonly message: Message }

/** Messages kept of one conversation: the oldest go first. */
export const messagesMax = 2_000
/** Messages kept of somebody who still waits for our word. */
export const askingMessagesMax = 20

/** Everything the user has: who they are called, whom they know, what was said. Immutable. */
export class Conversations {
  readonly name: string
  readonly #namedAt: number
  readonly #contacts: ReadonlyMap<UserKey, Contact>
  readonly #messages: ReadonlyMap<UserKey, readonly Message[]>

  private constructor(
    name: string,
    namedAt: number,
    contacts: ReadonlyMap<UserKey, Contact>,
    messages: ReadonlyMap<UserKey, readonly Message[]>,
  ) {
    this.name = name
    this.#namedAt = namedAt
    this.#contacts = contacts
    this.#messages = messages
  }

  static readonly empty = new Conversations('', 0, new Map(), new Map())

  /** The conversations with this fact among them; the same object when it was known. */
  with(fact: Fact): Conversations {
    switch (fact.type) {
      case 'named':
        return fact.at > this.#namedAt ? new Conversations(fact.name, fact.at, this.#contacts, this.#messages) : this
      case 'contact':
        return this.#withContact(fact.contact)
      case 'message':
        return this.#withMessage(fact.message)
    }
  }

  /** Whether a fact from outside fits: a contact too many on the list, or a stranger's message too many, does not. */
  hasRoomFor(fact: Fact): boolean {
    if (fact.type === 'contact') {
      const { key, standing } = fact.contact
      return standing !== 'accepted' || this.#contacts.get(key)?.standing === 'accepted' || this.accepted.length < contactsMax
    }
    if (fact.type === 'message') {
      const { contact, id } = fact.message
      const isStranger = this.#contacts.get(contact)?.standing !== 'accepted'
      return !isStranger || this.has(contact, id) || this.messagesWith(contact).length < askingMessagesMax
    }
    return true
  }

  /** Who has to go before this fact is told: of too many who ask, those who have asked longest. Else thirty who never get a word would keep all others out. */
  displacedBy(fact: Fact): readonly Contact[] {
    if (fact.type !== 'contact' || fact.contact.standing !== 'asking' || this.#contacts.get(fact.contact.key)?.standing === 'asking')
      return []
    return oldestBeyond(askingMax - 1, this.asking)
  }

  contact(key: UserKey): Contact | undefined {
    return this.#contacts.get(key)
  }

  /** The people on the list: the latest conversation first. */
  get accepted(): readonly Contact[] {
    return this.#standing('accepted')
  }

  get asking(): readonly Contact[] {
    return this.#standing('asking')
  }

  /** The contacts among these that are not kept here (any more). */
  without(keys: Iterable<UserKey>): readonly UserKey[] {
    return [...keys].filter((key) => !this.#contacts.has(key))
  }

  get keys(): Iterable<UserKey> {
    return this.#contacts.keys()
  }

  /** Oldest first. */
  messagesWith(key: UserKey): readonly Message[] {
    return this.#messages.get(key) ?? []
  }

  has(contact: UserKey, id: string): boolean {
    return this.messagesWith(contact).some((message) => message.id === id)
  }

  unread(key: UserKey): number {
    const readUpTo = this.#contacts.get(key)?.readUpTo ?? 0
    const messages = this.messagesWith(key)
    // Mostly few or none: looked for from the end.
    const read = messages.findLastIndex(({ at }) => at <= readUpTo) + 1
    return messages.slice(read).filter(({ from }) => from === 'them').length
  }

  /** Mine that are not delivered yet, oldest first. */
  undelivered(key: UserKey): readonly Message[] {
    return this.messagesWith(key).filter(({ from, state }) => from === 'me' && state !== 'delivered')
  }

  #standing(standing: Contact['standing']): readonly Contact[] {
    const latest = (contact: Contact) => this.messagesWith(contact.key).at(-1)?.at ?? contact.standingAt
    return [...this.#contacts.values()].filter((contact) => contact.standing === standing).sort((a, b) => latest(b) - latest(a))
  }

  #withContact(told: Contact): Conversations {
    const known = this.#contacts.get(told.key)
    const contact = mergeContact(known, told)
    if (known && same(known, contact)) return this
    const contacts = new Map(this.#contacts).set(told.key, contact)
    const dropped = oldestBeyond(
      forgottenMax[contact.standing],
      [...contacts.values()].filter(({ standing }) => standing === contact.standing),
    ).map(({ key }) => key)
    if (!known && dropped.includes(told.key)) return this
    for (const key of dropped) contacts.delete(key)
    const silenced = contact.standing === 'removed' ? [told.key, ...dropped] : dropped
    return new Conversations(this.name, this.#namedAt, contacts, without(this.#messages, silenced))
  }

  #withMessage(told: Message): Conversations {
    const messages = this.messagesWith(told.contact)
    const known = messages.find(({ id }) => id === told.id)
    const message = mergeMessage(known, told)
    if (message === known) return this
    const rest = known ? messages.filter(({ id }) => id !== told.id) : messages
    // Almost always it is the last: looked for from the end.
    const place = rest.findLastIndex(({ at, id }) => at < message.at || (at === message.at && id < message.id)) + 1
    const ordered = rest.toSpliced(place, 0, message).slice(-messagesMax)
    return new Conversations(this.name, this.#namedAt, this.#contacts, new Map(this.#messages).set(told.contact, ordered))
  }
}

/** The messages among these facts that a conversation is too long for: the oldest, as in `with`. */
export function beyondMax(facts: readonly Fact[]): Message[] {
  const byContact = new Map<UserKey, Message[]>()
  for (const fact of facts) {
    if (fact.type !== 'message') continue
    const messages = byContact.get(fact.message.contact)
    if (messages) messages.push(fact.message)
    else byContact.set(fact.message.contact, [fact.message])
  }
  return [...byContact.values()].flatMap((messages) => messages.toSorted(inOrder).slice(0, -messagesMax))
}

function inOrder(a: Message, b: Message): number {
  return a.at - b.at || (a.id < b.id ? -1 : 1)
}

export function isFact(value: unknown): value is Fact {
  if (typeof value !== 'object' || value === null) return false
  const { type, name, at, contact, message } = value as Record<string, unknown>
  if (type === 'named') return typeof name === 'string' && typeof at === 'number'
  return (type === 'contact' && isContact(contact)) || (type === 'message' && isMessage(message))
}

function without(messages: ReadonlyMap<UserKey, readonly Message[]>, keys: readonly UserKey[]): ReadonlyMap<UserKey, readonly Message[]> {
  if (!keys.some((key) => messages.has(key))) return messages
  const rest = new Map(messages)
  for (const key of keys) rest.delete(key)
  return rest
}

/** All but the `max` latest by standing. Of one time, the key decides: so that all tabs drop the same. */
function oldestBeyond(max: number, contacts: readonly Contact[]): readonly Contact[] {
  if (contacts.length <= max) return []
  return contacts.toSorted((a, b) => b.standingAt - a.standingAt || (a.key < b.key ? -1 : 1)).slice(max)
}

function same(a: Contact, b: Contact): boolean {
  return (
    a.name === b.name && a.nameSeq === b.nameSeq && a.standing === b.standing && a.standingAt === b.standingAt && a.readUpTo === b.readUpTo
  )
}
