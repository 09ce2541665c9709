import { LateMap } from '../late-map.js'
import type { Contact } from '../keys/public-key.js'
import { type Neighbours, neighboursMax, replicas } from '../wire/message.js'
import { NeighbourList } from './neighbour-list.js'
import type { Link, LinkId, RoutingTable } from './routing-table.js'

/** A new link, and what changes near this peer, is told this soon: replicas follow from it, and a first round trip is measured by then. */
export const tellSoonMs = 3_000
/** Everything else waits for company: lists that are this old still lead the right way. */
export const tellLaterMs = 60_000
/** With fewer changes than this to tell it waits longer, but no longer than `tellLatestMs`: a list that is off by one in ten leads nearly as well. */
export const changesEnough = 4
export const tellLatestMs = 90_000
/** Peers that share at most this many bits less with this peer than its farthest sibling are near: some twice as many as siblings, so that whoever is near knows who takes over. */
const nearBits = 1
/** Some four times as many concern records that are kept here: those closest to a record are not all closest to this peer. */
const aroundBits = 2

export type NeighbourhoodEvent =
  | { type: 'linked'; contact: Contact }
  /** `byUs`: we had no more use for the link; else the other end may be gone. */
  | { type: 'unlinked'; contact: Contact; byUs: boolean }
  /** A linked peer serves no longer, or again. */
  | { type: 'steppedDown' | 'steppedUp'; contact: Contact }
  | { type: 'told'; link: LinkId; message: Neighbours }
  | { type: 'woke' }

export type NeighbourhoodEffect =
  | { type: 'tell'; link: LinkId; message: Neighbours }
  /** A linked peer says that it has linked to the `named`. Near this peer, these came, and those went. */
  | { type: 'heard'; link: Link; named: readonly Contact[]; came: readonly Contact[]; went: readonly Contact[] }

/**
 * Linked peers tell each other whom they are linked to, once in full and then what changes, so that each knows its surroundings one step further
 * than its links: where to pass things on to, who is responsible for a record, who takes over when a sibling goes.
 * Invariants: 1. nothing is told twice in a row over a link; 2. what was told over a link adds up to a list that this peer had since the link opened.
 */
export class Neighbourhood {
  readonly #table: RoutingTable
  /** The list that each link was told last. */
  readonly #told = new LateMap<LinkId, NeighbourList>()
  /** The list as it was told last, to whomever. */
  #list = NeighbourList.empty
  #isNearChanged = false
  #soonMs: number | undefined
  #laterMs: number | undefined
  /** Links that came and went since everybody was told. */
  #changes = 0

  constructor(table: RoutingTable) {
    this.#table = table
  }

  handle(event: NeighbourhoodEvent, nowMs: number): NeighbourhoodEffect[] {
    switch (event.type) {
      case 'linked':
      case 'unlinked':
      case 'steppedDown':
      case 'steppedUp': {
        const isNear = this.#isWithin(nearBits, event.contact)
        this.#isNearChanged ||= isNear
        if (isNear || event.type === 'linked') this.#soonMs ??= nowMs + tellSoonMs
        this.#changes += 1
        this.#laterMs = Math.min(this.#laterMs ?? Infinity, nowMs + (this.#changes < changesEnough ? tellLatestMs : tellLaterMs))
        const isOut = event.type === 'steppedDown' || (event.type === 'unlinked' && !event.byUs)
        if (isOut) this.#table.doubt(event.contact.id, nowMs)
        if (event.type === 'steppedUp') this.#table.believe(event.contact.id)
        return []
      }
      case 'told':
        return this.#hear(event.link, event.message, nowMs)
      case 'woke':
        this.#table.endDoubts(nowMs)
        return this.#tell(nowMs)
    }
  }

  get wakeAtMs(): number | undefined {
    // Doubts that are over may wait for the next occasion: the links are looked over every minute.
    const earliest = Math.min(this.#soonMs ?? Infinity, this.#laterMs ?? Infinity)
    return earliest === Infinity ? undefined : earliest
  }

  #isWithin(bits: number, { id }: Contact): boolean {
    const farthest = this.#table.fullLinks()[replicas - 1]
    return !farthest || this.#table.self.sharedBits(id) >= farthest.bucket - bits
  }

  #hear(id: LinkId, message: Neighbours, nowMs: number): NeighbourhoodEffect[] {
    const link = this.#table.byLinkId(id)
    if (!link) return []
    const before = link.neighbours
    const rttMs = message.came.find(({ contact }) => contact.id.equals(this.#table.self))?.rttMs
    if (rttMs && link.rttMs === undefined) link.rttMs = rttMs
    const others = message.came.map(({ contact }) => contact).filter(({ id }) => !id.equals(this.#table.self))
    const named = others.filter((contact) => before.placeOf(contact.id) < 0)
    const left = before.contacts.filter(({ id }) => message.went.includes(id.prefix) && !id.equals(this.#table.self))
    link.neighbours = before.changed(message, neighboursMax)
    const came = named.filter((contact) => this.#isWithin(aroundBits, contact))
    const went = left.filter((contact) => this.#isWithin(aroundBits, contact))
    for (const contact of named) this.#table.believe(contact.id)
    if (this.#table.siblings().includes(link)) for (const contact of went) this.#table.doubt(contact.id, nowMs)
    return [{ type: 'heard', link, named, came, went }]
  }

  #tell(nowMs: number): NeighbourhoodEffect[] {
    const everybody = this.#laterMs !== undefined && this.#laterMs <= nowMs
    const isDue = everybody || (this.#soonMs !== undefined && this.#soonMs <= nowMs)
    if (!isDue) return []
    const list = (this.#list = this.#list.renewed(this.#table.ownList()))
    const to = everybody ? [...this.#table.links()] : this.#urgent()
    this.#soonMs = undefined
    this.#isNearChanged = false
    if (everybody) {
      this.#laterMs = undefined
      this.#changes = 0
    }
    const changes = new Map<NeighbourList, Neighbours | undefined>()
    const effects = to.flatMap(({ link }) => this.#tellOne(link, list, changes))
    this.#forgetGone()
    return effects
  }

  /** The links that were told nothing yet, and when somebody came or went near here the siblings, and the leaves, who know of nobody near but by these. */
  #urgent(): Link[] {
    const siblings = new Set(this.#isNearChanged ? this.#table.siblings() : [])
    return [...this.#table.links()].filter(
      (link) => siblings.has(link) || (this.#isNearChanged && link.role === 'leaf') || !this.#told.has(link.link),
    )
  }

  /** One message for all that were told the same before: most were. */
  #tellOne(link: LinkId, list: NeighbourList, changes: Map<NeighbourList, Neighbours | undefined>): NeighbourhoodEffect[] {
    const before = this.#told.get(link) ?? NeighbourList.empty
    if (!changes.has(before)) {
      const change = before.changeTo(list)
      const message: Neighbours | undefined = change && { type: 'neighbours', ...change }
      if (message) before.becomes(list, message)
      changes.set(before, message)
    }
    this.#told.set(link, list)
    const message = changes.get(before)
    if (!message) return []
    return [{ type: 'tell', link, message }]
  }

  #forgetGone(): void {
    for (const link of this.#told.keys()) if (!this.#table.byLinkId(link)) this.#told.delete(link)
  }
}
