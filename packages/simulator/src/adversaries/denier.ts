import type { Contact, Key } from '@hashtab/core'
import { closestContacts } from './closest-contacts.js'
import type { Conduct } from './conduct.js'
import type { Gang } from './gang.js'
import type { HostileOverlay } from './hostile-overlay.js'

/** Whom a denier names as the closest to a key. */
type Naming = (target: Key, self: HostileOverlay) => readonly Contact[]

/** Answers every question that reaches it, and every one that passes it, at once: it is not here, these are the closest. What it is to keep it says it has kept. */
export class Denier implements Conduct {
  readonly #names: Naming

  private constructor(names: Naming) {
    this.#names = names
  }

  /** Withholds, and is honest about who is there. */
  static withholder(): Denier {
    return new Denier((target, self) => closestContacts(target, [self.contact, ...self.links.values()]))
  }

  /** Names peers that do not exist. */
  static inventor(gang: Gang): Denier {
    return new Denier((target) => gang.closestInvented(target))
  }

  /** Names its like. */
  static colluder(gang: Gang): Denier {
    return new Denier((target) => gang.closest(target))
  }

  hears(event: Parameters<NonNullable<Conduct['hears']>>[0], self: HostileOverlay): typeof event | undefined {
    if (event.type !== 'received') return event
    const { link, message } = event
    if (message.type === 'seek') {
      const { id, target, path, store } = message
      const contacts = this.#names(target, self).filter((contact) => !contact.id.equals(path[0]!))
      self.say(link, { type: 'taken', id })
      if (store) self.answer(link, id, path, { type: 'placed', replicas: contacts.map((contact) => ({ contact, receipt: 'stored' })) })
      else self.answer(link, id, path, { type: 'found', contacts, records: [] })
      return undefined
    }
    if (message.type !== 'envelope' || message.payload.type !== 'request' || !message.destination.equals(self.self)) return event
    const { payload, path } = message
    const { question } = payload
    switch (question.type) {
      case 'find':
        self.answer(link, payload.id, path, { type: 'found', contacts: this.#names(question.target, self), records: [] })
        return undefined
      case 'store':
        self.answer(link, payload.id, path, { type: 'receipt', receipt: 'stored' })
        return undefined
      case 'compare':
        self.answer(link, payload.id, path, { type: 'compared', lacking: [] })
        return undefined
      default:
        return event
    }
  }
}
