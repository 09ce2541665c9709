import type { Neighbours } from '../wire/message.js'
import { neighboursMax } from '../wire/message.js'
import type { Contact } from '../keys/public-key.js'
import type { Link, LinkId, RoutingTable } from './routing-table.js'

/** Changes within this time are told in one message. */
export const tellDelayMs = 3_000

export type NeighbourhoodEvent =
  /** A link came or went. */
  { type: 'changed' } | { type: 'told'; link: LinkId; contacts: readonly Contact[] } | { type: 'woke' }

export type NeighbourhoodEffect =
  | { type: 'tell'; link: LinkId; message: Neighbours }
  /** A linked peer says it is linked to these. */
  | { type: 'heard'; link: Link; contacts: readonly Contact[] }

/**
 * Siblings tell each other whom they are linked to, those closest to themselves, so that each knows its surroundings one step further than its links:
 * who is responsible for a record, and who takes over when a sibling goes.
 * Invariants: 1. the same list is not told twice in a row over a link; 2. a list replaces the one before; 3. who is no sibling any more keeps none.
 */
export class Neighbourhood {
  readonly #table: RoutingTable
  readonly #told = new Map<LinkId, string>()
  #dueMs: number | undefined

  constructor(table: RoutingTable) {
    this.#table = table
  }

  handle(event: NeighbourhoodEvent, nowMs: number): NeighbourhoodEffect[] {
    switch (event.type) {
      case 'changed':
        this.#dueMs ??= nowMs + tellDelayMs
        return []
      case 'told': {
        const link = this.#table.byLinkId(event.link)
        if (!link) return []
        const contacts = event.contacts.filter(({ id }) => !id.equals(this.#table.self) && !id.equals(link.contact.id))
        link.neighbours = contacts
        return [{ type: 'heard', link, contacts }]
      }
      case 'woke':
        if (this.#dueMs === undefined || nowMs < this.#dueMs) return []
        this.#dueMs = undefined
        return this.#tell()
    }
  }

  get wakeAtMs(): number | undefined {
    return this.#dueMs
  }

  #tell(): NeighbourhoodEffect[] {
    const contacts = this.#table
      .linksByDistance()
      .slice(0, neighboursMax)
      .map(({ contact }) => contact)
    const digest = contacts.map(({ id }) => id.hex).join()
    const siblings = this.#table.siblings()
    const fresh = siblings.flatMap(({ link }): NeighbourhoodEffect[] => {
      if (this.#told.get(link) === digest) return []
      this.#told.set(link, digest)
      return [{ type: 'tell', link, message: { type: 'neighbours', contacts } }]
    })
    return [...fresh, ...this.#takeBack(new Set(siblings.map(({ link }) => link)))]
  }

  /** Whoever is no sibling any more is told no list any more: the last one would grow old there, with peers in it that are gone. */
  #takeBack(siblings: ReadonlySet<LinkId>): NeighbourhoodEffect[] {
    return [...this.#told.keys()].flatMap((link): NeighbourhoodEffect[] => {
      if (siblings.has(link)) return []
      this.#told.delete(link)
      return this.#table.byLinkId(link) ? [{ type: 'tell', link, message: { type: 'neighbours', contacts: [] } }] : []
    })
  }
}
