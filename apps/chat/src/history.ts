import { createStore, delMany, entries, promisifyRequest, type UseStore } from 'idb-keyval'
import { mergeContact } from './model/contact.js'
import { beyondMax, isFact, type Fact } from './model/conversations.js'
import { mergeMessage } from './model/message.js'
import type { UserKey } from './model/user-key.js'

/** What is kept on this machine: each contact and each message under a name of its own, so that tabs write side by side. */
export class History {
  readonly #store: UseStore = createStore('hashtab-chat', 'history')

  /** Everything kept, as facts, but for messages that are too many: those are dropped from the disk too. Rejects when this browser keeps nothing for the site. */
  async load(): Promise<Fact[]> {
    const kept = await entries<IDBValidKey, unknown>(this.#store)
    const facts = kept.map(([, fact]) => fact).filter(isFact)
    const dropped = new Set(beyondMax(facts))
    if (dropped.size === 0) return facts
    await delMany(
      [...dropped].map((message) => nameOf({ type: 'message', message })),
      this.#store,
    )
    return facts.filter((fact) => fact.type !== 'message' || !dropped.has(fact.message))
  }

  /** Keeps one fact, merged with what another tab may have kept of it meanwhile. Rejects when there is no room. */
  keep(fact: Fact): Promise<void> {
    return this.#store('readwrite', (store) => {
      const name = nameOf(fact)
      const request = store.get(name) as IDBRequest<unknown>
      request.onsuccess = () => store.put(merged(request.result, fact), name)
      if (fact.type === 'contact' && fact.contact.standing === 'removed') store.delete(messagesOf(fact.contact.key))
      return promisifyRequest(store.transaction)
    })
  }

  /** Drops contacts, and what was said with them. Rejects as `load`. */
  forget(contacts: readonly UserKey[]): Promise<void> {
    return this.#store('readwrite', (store) => {
      for (const contact of contacts) {
        store.delete(contactName(contact))
        store.delete(messagesOf(contact))
      }
      return promisifyRequest(store.transaction)
    })
  }
}

function nameOf(fact: Fact): string {
  switch (fact.type) {
    case 'named':
      return 'me'
    case 'contact':
      return contactName(fact.contact.key)
    case 'message':
      return `message:${fact.message.contact}:${fact.message.id}`
  }
}

function contactName(contact: UserKey): string {
  return `contact:${contact}`
}

function messagesOf(contact: UserKey): IDBKeyRange {
  return IDBKeyRange.bound(`message:${contact}:`, `message:${contact};`, false, true)
}

function merged(kept: unknown, fact: Fact): Fact {
  if (!isFact(kept)) return fact
  if (kept.type === 'named' && fact.type === 'named') return kept.at > fact.at ? kept : fact
  if (kept.type === 'contact' && fact.type === 'contact') return { type: 'contact', contact: mergeContact(kept.contact, fact.contact) }
  if (kept.type === 'message' && fact.type === 'message') return { type: 'message', message: mergeMessage(kept.message, fact.message) }
  return fact
}
