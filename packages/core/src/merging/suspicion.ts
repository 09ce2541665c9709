import { LateMap } from '../late-map.js'
import type { Contact } from '../keys/public-key.js'
import { Key } from '../keys/key.js'
import type { Link, RoutingTable } from '../links/routing-table.js'

/** From meeting somebody who has just come to asking whether that one is of our overlay: it has its links by then, for whoever is asked about too soon is taken for a stranger. */
export const suspicionDelayMs = 20_000
/** Questions of this kind are as far apart as this: each costs a handful of messages. */
export const suspicionGapMs = 15_000
/** Each that is found to be known doubles the gap, up to this: whoever stands at a busy meeting point meets newcomers all the time, and strangers ask about us, too. */
export const suspicionGapMaxMs = 240_000
/** A link this old was made before the meeting: its other end is of the overlay that this peer was in already. */
export const settledLinkMs = 60_000
/** Peers of one meeting point that are asked about: more than one, for where two overlays touch some know each other already. */
export const suspectsPerPointMax = 3
/** Peers whose meeting point is remembered; the oldest makes room. */
export const meetingsMax = 256

export interface Suspect {
  readonly contact: Contact
  readonly point: number
  /** A link into the overlay that this peer is in anyway. */
  readonly ours: Link
}

/** Whom this peer has met lately at which meeting point, and which of them may be of another overlay. */
export class Suspicion {
  readonly #table: RoutingTable
  readonly #metAt = new LateMap<string, number>()
  #suspects: readonly Omit<Suspect, 'ours'>[] = []
  #dueMs: number | undefined
  #askedMs = -Infinity
  #gapMs = suspicionGapMs

  constructor(table: RoutingTable) {
    this.#table = table
  }

  met(contacts: readonly Contact[], point: number, nowMs: number): void {
    // Whom we have been linked to for long is of our overlay, wherever else it stands.
    const strange = contacts.filter(({ id }) => !id.equals(this.#table.self) && !isSettled(this.#table.linkTo(id), nowMs))
    if (strange.length === 0) return
    for (const { id } of strange) this.#metAt.keep(id.hex, point, meetingsMax)
    this.#suspect(strange, point)
    // Several at once have been there before us; one alone has just come. Whoever is new itself joins first.
    const isCaller = strange.length > 1 && [...this.#table.links()].some((link) => isSettled(link, nowMs))
    const dueMs = Math.max(nowMs + (isCaller ? 0 : suspicionDelayMs), this.#askedMs + this.#gapMs)
    this.#dueMs = Math.min(this.#dueMs ?? Infinity, dueMs)
  }

  /** Whether whom this peer asked about last is known in its own overlay, or was a stranger. */
  proved(isKnown: boolean): void {
    this.#gapMs = isKnown ? Math.min(2 * this.#gapMs, suspicionGapMaxMs) : suspicionGapMs
  }

  /** Undefined: waiting for nothing. */
  get wakeAtMs(): number | undefined {
    return this.#dueMs
  }

  /** One to ask about, if it is time: linked ones first, for that saves a connection, then the farthest. */
  take(nowMs: number): Suspect | undefined {
    if (this.#dueMs === undefined || nowMs < this.#dueMs) return undefined
    const isLinked = ({ contact }: Omit<Suspect, 'ours'>) => this.#table.linkTo(contact.id) !== undefined
    for (const suspect of [...this.#suspects.filter(isLinked), ...this.#suspects.filter((one) => !isLinked(one))]) {
      const ours = this.#oursFor(suspect.contact, suspect.point, nowMs)
      if (!ours) continue
      this.#suspects = this.#suspects.filter((one) => one !== suspect)
      this.#askedMs = nowMs
      this.#dueMs = this.#suspects.length > 0 ? nowMs + this.#gapMs : undefined
      return { ...suspect, ours }
    }
    // Nobody to ask yet but those who were met at the same place.
    this.#dueMs = this.#suspects.length > 0 ? nowMs + this.#gapMs : undefined
    return undefined
  }

  /** The farthest are suspected, for our own surroundings are where two overlays mix first. */
  #suspect(contacts: readonly Contact[], point: number): void {
    const { self } = this.#table
    const ids = new Set(contacts.map(({ id }) => id.hex))
    const here = this.#suspects.filter((one) => one.point === point && !ids.has(one.contact.id.hex))
    const all = [...here, ...contacts.map((contact) => ({ contact, point }))]
    const farthest = all.sort((a, b) => Key.compare(self, b.contact.id, a.contact.id)).slice(0, suspectsPerPointMax)
    this.#suspects = [...this.#suspects.filter((one) => one.point !== point && !ids.has(one.contact.id.hex)), ...farthest]
  }

  #oursFor({ id }: Contact, point: number, nowMs: number): Link | undefined {
    const others = this.#table.closestLinks(id, this.#table.linkCount).filter(({ contact }) => !contact.id.equals(id))
    const elsewhere = (link: Link) => this.#metAt.get(link.contact.id.hex)
    return (
      others.find((link) => elsewhere(link) !== undefined && elsewhere(link) !== point) ??
      others.find((link) => elsewhere(link) === undefined) ??
      others.find((link) => isSettled(link, nowMs))
    )
  }
}

function isSettled(link: Link | undefined, nowMs: number): boolean {
  return link !== undefined && nowMs - link.sinceMs >= settledLinkMs
}
