import { type Contact, type LinkId, neighboursMax } from '@hashtab/core'
import type { Conduct } from './conduct.js'
import type { HostileOverlay } from './hostile-overlay.js'

/** So often it looks whom it has not lied to yet. */
const liesEveryMs = 1_000

/** Tells its links that it is linked to these, as many as a list may have, and never anything else. */
export class ListLiar implements Conduct {
  readonly #came: readonly { readonly contact: Contact; readonly rttMs: number }[]
  readonly #told = new Set<LinkId>()
  readonly actsEveryMs = liesEveryMs

  /** `named`: peers that there are not, or its like. */
  constructor(named: readonly Contact[]) {
    this.#came = named.slice(0, neighboursMax).map((contact) => ({ contact, rttMs: 1 }))
  }

  orders(effect: Parameters<NonNullable<Conduct['orders']>>[0]): typeof effect | undefined {
    return effect.type === 'send' && effect.message.type === 'neighbours' ? undefined : effect
  }

  acts(self: HostileOverlay): void {
    // One message for all: a peer may have been laid out with a true list, which goes.
    const went = [...self.links.values()].map(({ id }) => id.prefix).slice(0, neighboursMax)
    const message = { type: 'neighbours', came: this.#came, went } as const
    for (const link of self.links.keys()) {
      if (this.#told.has(link)) continue
      this.#told.add(link)
      self.say(link, message)
    }
  }
}
