import { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import { replicas } from '../wire/message.js'

/** What the end of a path answered. `places`: the peers closest to the target that it knows, itself included, and the ways to them. */
export interface PathAnswer {
  readonly from: Key
  /** Peers passed on the way to `from`. */
  readonly route: readonly Key[]
  readonly contacts: readonly Contact[]
  /** It brought a record that holds. */
  readonly hasRecord: boolean
  /** It is as close to the target as the size of the overlay lets expect, and as what this peer knows itself. */
  readonly isPlausible: boolean
}

/** Of several answers, the peers closest to the target that anybody named, the closest first, and the ways to them. */
export function closestOf(target: Key, answers: readonly PathAnswer[]): { readonly contact: Contact; readonly route: readonly Key[] }[] {
  const places = new Map<string, { contact: Contact; route: readonly Key[] }>()
  for (const { from, route, contacts } of answers) {
    for (const contact of contacts) {
      const way = contact.id.equals(from) ? route : [...route, from]
      const before = places.get(contact.id.hex)
      if (!before || way.length < before.route.length) places.set(contact.id.hex, { contact, route: way })
    }
  }
  return [...places.values()].sort((a, b) => Key.compare(target, a.contact.id, b.contact.id)).slice(0, replicas)
}
