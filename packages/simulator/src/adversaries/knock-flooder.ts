import { type Contact, nonceBytes } from '@hashtab/core'
import { anyExchangeKey } from '../cheap-cipher.js'
import type { Conduct } from './conduct.js'
import type { Gang } from './gang.js'
import type { HostileOverlay } from './hostile-overlay.js'

const knocksEveryMs = 500
/** Peers knocked at each time. */
const knocksAtOnce = 4
/** Peers that it has heard of and knocks at. */
const heardMax = 256

/** Knocks at whomever it has heard of, again and again, and never goes on to make a link. */
export class KnockFlooder implements Conduct {
  readonly #gang: Gang
  readonly #heard = new Map<string, Contact>()
  readonly actsEveryMs = knocksEveryMs

  constructor(gang: Gang) {
    this.#gang = gang
  }

  hears(event: Parameters<NonNullable<Conduct['hears']>>[0]): typeof event | undefined {
    if (event.type === 'met') for (const contact of event.contacts) this.#hear(contact)
    if (event.type === 'received' && event.message.type === 'neighbours') for (const { contact } of event.message.came) this.#hear(contact)
    // The offers that its knocks bring come to nothing.
    if (event.type === 'letter' && event.body.type === 'offer' && this.#heard.has(event.from.id.hex)) return undefined
    return event
  }

  acts(self: HostileOverlay): void {
    const { random } = self
    for (const to of random.sample([...this.#heard.values()], knocksAtOnce)) {
      const body = {
        type: 'knock',
        nonce: random.hex(nonceBytes),
        key: anyExchangeKey(random),
        writtenUnixS: self.unixS,
        why: random.pick(['app', 'sibling'] as const)!,
      } as const
      this.#gang.knocks += 1
      self.do({ type: 'seal', id: random.hex(8), to: to.id, body, carriage: { by: 'overlay', route: [] } })
    }
  }

  #hear(contact: Contact): void {
    if (this.#heard.size < heardMax && !this.#gang.includes(contact.id)) this.#heard.set(contact.id.hex, contact)
  }
}
