import type { Contact } from '../keys/public-key.js'
import { comparedMax } from '../wire/message.js'

/** Fewer records than this are pushed to a peer unasked: a question and its answer take as much. */
export const comparedMin = 4

/** Ask this peer which of these records, by id, it lacks. */
export interface CompareEffect {
  readonly type: 'compare'
  readonly to: Contact
  readonly ids: readonly string[]
}

/** Which records are to be compared with whom, gathered in one go: one question for each peer, as long as it is. */
export class Comparisons {
  readonly #byPeer = new Map<string, { readonly to: Contact; readonly ids: string[] }>()

  add(to: Contact, id: string): void {
    const { hex } = to.id
    const one = this.#byPeer.get(hex) ?? { to, ids: [] }
    one.ids.push(id)
    this.#byPeer.set(hex, one)
  }

  /** The questions; of peers with fewer than `min` records, these are handed to `few` instead. */
  questions(min: number, few: (id: string, to: Contact) => void): CompareEffect[] {
    const effects: CompareEffect[] = []
    for (const { to, ids } of this.#byPeer.values()) {
      if (ids.length < min) for (const id of ids) few(id, to)
      else for (let i = 0; i < ids.length; i += comparedMax) effects.push({ type: 'compare', to, ids: ids.slice(i, i + comparedMax) })
    }
    return effects
  }
}
