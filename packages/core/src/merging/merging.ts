import { LateMap } from '../late-map.js'
import type { FreshIds } from '../fresh-ids.js'
import { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import type { Link, LinkId, RoutingTable } from '../links/routing-table.js'
import type { Found } from '../lookups/lookup.js'
import { TokenBucket } from '../token-bucket.js'
import { type MessageId, replicas, type Strangers } from '../wire/message.js'
import { type Suspect, Suspicion } from './suspicion.js'
import { Walk } from './walk.js'

/** An answer that is later than this does not come: the way may be eight links long. */
export const answerTimeoutMs = 3_000
/** From asking for a link to a stranger to its being there: a knock, a set-up, and a second try. */
export const strangerLinkMs = 20_000
/** Looks at one's own surroundings in another overlay, each a handful of questions: this many at once, through the first that are told of, and a minute after that. */
export const looksPerMinute = 6
/** A peer tells of strangers this often at most: they have been heard of by then. */
export const tellGapMs = 30_000
/** Would-be siblings of another overlay are waited for this long: they are dialled four at a time. */
export const awaitedMs = 60_000

export type MergingEvent =
  | { type: 'met'; point: number; contacts: readonly Contact[] }
  | { type: 'linked'; contact: Contact }
  /** A linked peer tells of peers of two overlays. */
  | { type: 'told'; link: Link; contacts: readonly Contact[] }
  | { type: 'answered'; id: MessageId; from: Key; contacts: readonly Contact[] }
  | { type: 'undeliverable'; id: MessageId }
  | { type: 'woke' }

export type MergingEffect =
  | { type: 'ask'; id: MessageId; to: Key; route: readonly Key[]; target: Key }
  | { type: 'introduce'; contact: Contact; point: number }
  /** These may be of use: they are of another overlay. */
  | { type: 'found'; contacts: readonly Found[] }
  | { type: 'tell'; link: LinkId; message: Strangers }

/** What a walk is for: whether a suspect is known in our overlay; whether ours is known in the suspect's; who is close to us in another. */
type Errand = { readonly for: 'seek' | 'seekBack'; readonly suspect: Suspect } | { readonly for: 'look' }

interface Asked {
  readonly walk: Walk
  readonly errand: Errand
  readonly of: Key
  readonly deadlineMs: number
}

/** Makes the merging of one peer. */
export type NewMerging = (table: RoutingTable, ids: FreshIds, nowMs: number) => Merging

/**
 * Makes one overlay of two. A peer that meets somebody walks through its own overlay to where that one must be known, and, if it is not, links to it
 * and walks the other way round. Where neither knows the other there are two overlays: it tells all its links of a peer of each. Who is told walks through
 * both to its own surroundings, links to the siblings it finds there, and once it is linked to one, tells its own links.
 * Where nothing new is found nothing is told, so the wave ends by itself. After the gossip of Shafaat, Ghodsi and Haridi 2007 ("Handling Network Partitions
 * and Mergers in Structured Overlay Networks"), with links instead of a queue: only what was linked to is told of.
 * Invariants: 1. told of is who is linked here; 2. what others tell costs at most `looksPerMinute` walks; 3. an answer of anybody but the peer asked changes nothing.
 */
export class Merging {
  readonly #table: RoutingTable
  readonly #ids: FreshIds
  readonly #suspicion: Suspicion
  readonly #looks: TokenBucket
  readonly #asked = new LateMap<MessageId, Asked>()
  readonly #awaited = new LateMap<string, number>()
  /** A suspect to which a link is being made. */
  #linking: { readonly suspect: Suspect; readonly untilMs: number } | undefined
  #toldMs = -Infinity

  constructor(table: RoutingTable, ids: FreshIds, nowMs: number) {
    this.#table = table
    this.#ids = ids
    this.#suspicion = new Suspicion(table)
    this.#looks = new TokenBucket(looksPerMinute, looksPerMinute / 60_000, nowMs)
  }

  handle(event: MergingEvent, nowMs: number): MergingEffect[] {
    switch (event.type) {
      case 'met':
        this.#suspicion.met(event.contacts, event.point, nowMs)
        return []
      case 'linked':
        return this.#linked(event.contact, nowMs)
      case 'told':
        return this.#look(event.contacts, event.link, nowMs)
      case 'answered': {
        const asked = this.#asked.get(event.id)
        if (!asked?.of.equals(event.from)) return []
        this.#asked.delete(event.id)
        asked.walk.answered(event.from, event.contacts)
        return this.#goOn(asked.walk, asked.errand, nowMs)
      }
      case 'undeliverable':
        return this.#silent(event.id, nowMs)
      case 'woke':
        return [...this.#expire(nowMs), ...this.#suspect(nowMs)]
    }
  }

  /** Whether this answer is to a question of ours. */
  awaits(id: MessageId): boolean {
    return this.#asked.has(id)
  }

  /** Undefined: waiting for nothing. */
  get wakeAtMs(): number | undefined {
    const deadlines = [...this.#asked.values()].map(({ deadlineMs }) => deadlineMs)
    // One suspect at a time: while a link to one is being made, the next waits for that.
    const dues = [this.#linking?.untilMs ?? this.#suspicion.wakeAtMs, ...deadlines]
    const known = dues.filter((dueMs) => dueMs !== undefined)
    return known.length > 0 ? Math.min(...known) : undefined
  }

  #suspect(nowMs: number): MergingEffect[] {
    const suspect = this.#linking ? undefined : this.#suspicion.take(nowMs)
    if (!suspect) return []
    const { contact, ours } = suspect
    return this.#begin(contact.id, { contact: ours.contact, route: [] }, { for: 'seek', suspect }, nowMs)
  }

  #begin(target: Key, start: Found, errand: Errand, nowMs: number): MergingEffect[] {
    return this.#goOn(new Walk(this.#table.self, target, start), errand, nowMs)
  }

  #goOn(walk: Walk, errand: Errand, nowMs: number): MergingEffect[] {
    // Found on the way: the rest of the way tells nothing more.
    const known = errand.for !== 'look' && walk.hasMet(walk.target)
    const next = known ? undefined : walk.next()
    if (known) this.#suspicion.proved(true)
    if (!next) return known ? [] : this.#arrived(walk, errand, nowMs)
    const id = this.#ids.message()
    const { contact, route } = next
    this.#asked.set(id, { walk, errand, of: contact.id, deadlineMs: nowMs + answerTimeoutMs })
    return [{ type: 'ask', id, to: contact.id, route: this.#table.linkTo(contact.id) ? [] : route, target: walk.target }]
  }

  #arrived(walk: Walk, errand: Errand, nowMs: number): MergingEffect[] {
    switch (errand.for) {
      case 'seek':
        return this.#unknownHere(errand.suspect, nowMs)
      case 'seekBack':
        return this.#areStrangers(errand.suspect, walk, nowMs)
      case 'look':
        return this.#looked(walk, nowMs)
    }
  }

  #unknownHere(suspect: Suspect, nowMs: number): MergingEffect[] {
    const { contact, point } = suspect
    if (this.#table.linkTo(contact.id)) return this.#seekBack(suspect, nowMs)
    this.#linking = { suspect, untilMs: nowMs + strangerLinkMs }
    return [{ type: 'introduce', contact, point }]
  }

  #seekBack(suspect: Suspect, nowMs: number): MergingEffect[] {
    const start = { contact: suspect.contact, route: [] }
    return this.#begin(suspect.ours.contact.id, start, { for: 'seekBack', suspect }, nowMs)
  }

  #areStrangers({ contact, ours }: Suspect, walk: Walk, nowMs: number): MergingEffect[] {
    // It did not answer, or is linked to nobody but us: it is alone, no overlay.
    if (walk.found().length < 2) return []
    // Whoever has gone meanwhile is known nowhere.
    if (!this.#table.linkTo(contact.id) || !this.#table.linkTo(ours.contact.id)) return []
    this.#suspicion.proved(false)
    const both = [contact, ours.contact]
    return [...this.#tell(both, nowMs), ...this.#look(both, undefined, nowMs)]
  }

  #linked({ id }: Contact, nowMs: number): MergingEffect[] {
    const effects: MergingEffect[] = []
    if (this.#linking?.suspect.contact.id.equals(id)) {
      const { suspect } = this.#linking
      this.#linking = undefined
      effects.push(...this.#seekBack(suspect, nowMs))
    }
    const untilMs = this.#awaited.get(id.hex)
    this.#awaited.delete(id.hex)
    if (untilMs === undefined || nowMs > untilMs) return effects
    const stranger = this.#table.linkTo(id)!
    const ours = this.#table.siblings().find((link) => !this.#awaited.has(link.contact.id.hex) && link.sinceMs < stranger.sinceMs)
    return [...effects, ...this.#tell([stranger.contact, ...(ours ? [ours.contact] : [])], nowMs)]
  }

  /** Through each of them, as far as the budget goes: who is close to us there? What is told beyond that others have told. */
  #look(through: readonly Contact[], teller: Link | undefined, nowMs: number): MergingEffect[] {
    return through.flatMap((contact) => {
      const { id } = contact
      if (id.equals(this.#table.self) || !this.#looks.take(1, nowMs)) return []
      const route = teller && !this.#table.linkTo(id) ? [teller.contact.id] : []
      return this.#begin(this.#table.self, { contact, route }, { for: 'look' }, nowMs)
    })
  }

  #looked(walk: Walk, nowMs: number): MergingEffect[] {
    const contacts = walk.found().filter(({ contact, route }) => route.length > 0 && !this.#table.linkTo(contact.id))
    const farthest = this.#table.siblings()[replicas - 1]?.contact.id
    const { self } = this.#table
    // Of whom a linked peer tells, or who was met, is no news: where peers come and go there is always one, and a wave of tales would never end.
    const isNews = ({ id }: Contact) => !this.#table.known(id) && !this.#table.isAlive(id)
    const wouldBeSiblings = contacts
      .slice(0, replicas)
      .filter(({ contact }) => isNews(contact) && (!farthest || Key.compare(self, contact.id, farthest) < 0))
    for (const [hex, untilMs] of this.#awaited) if (untilMs < nowMs) this.#awaited.delete(hex)
    for (const { contact } of wouldBeSiblings) this.#awaited.set(contact.id.hex, nowMs + awaitedMs)
    return contacts.length > 0 ? [{ type: 'found', contacts }] : []
  }

  #tell(contacts: readonly Contact[], nowMs: number): MergingEffect[] {
    if (nowMs - this.#toldMs < tellGapMs) return []
    this.#toldMs = nowMs
    return [...this.#table.links()].map(({ link, contact: { id } }) => {
      const message: Strangers = { type: 'strangers', contacts: contacts.filter((one) => !one.id.equals(id)) }
      return { type: 'tell', link, message }
    })
  }

  #silent(id: MessageId, nowMs: number): MergingEffect[] {
    const asked = this.#asked.get(id)
    if (!asked) return []
    this.#asked.delete(id)
    asked.walk.silent(asked.of)
    return this.#goOn(asked.walk, asked.errand, nowMs)
  }

  #expire(nowMs: number): MergingEffect[] {
    if (this.#linking && this.#linking.untilMs <= nowMs) this.#linking = undefined
    const late = [...this.#asked].filter(([, { deadlineMs }]) => deadlineMs <= nowMs)
    return late.flatMap(([id]) => this.#silent(id, nowMs))
  }
}
