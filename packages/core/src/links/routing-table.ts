import { Key } from '../keys/key.js'
import { hopsMax, replicas } from '../wire/message.js'
import type { Contact } from '../keys/public-key.js'

/** Names one link of this peer, from the first attempt to its end. Never used again. */
export type LinkId = number

/** One open link, and what is known of its other end. */
export interface Link {
  readonly link: LinkId
  readonly contact: Contact
  /** The bucket it is in: how many bits of its id this peer shares. */
  readonly bucket: number
  readonly sinceMs: number
  lastHeardMs: number
  /** Smoothed round trip; undefined until one was measured. */
  rttMs: number | undefined
  wantedHere: boolean
  wantedThere: boolean
  /** Whom the other end says it is linked to: those closest to it. */
  neighbours: readonly Contact[]
}

/** A peer that is known and not linked, and the way to it. */
export interface KnownContact {
  readonly contact: Contact
  /** The peers to pass, the first one linked to us; the last one named this contact. Empty: only a meeting point leads there. */
  readonly route: readonly Key[]
  /** The meeting point it was met at, if any. */
  readonly point: number | undefined
  readonly seenMs: number
}

type Known = { -readonly [P in keyof KnownContact]: KnownContact[P] }

/** Contacts kept per bucket: twice Kademlia's k, enough to fill a bucket's links again. */
export const contactsPerBucketMax = 16

/**
 * Who this peer is linked to, and whom it only knows. Kademlia's routing table (section 2.2), with two differences: what is
 * live is told by open links, not by pings; and a contact that is not linked is never dialled to answer a question, but reached through whoever named it.
 */
export class RoutingTable {
  readonly self: Key
  readonly #links = new Map<string, Link>()
  readonly #byLinkId = new Map<LinkId, Link>()
  readonly #known = new Map<number, Map<string, Known>>()
  #sorted: readonly Link[] | undefined

  constructor(self: Key) {
    this.self = self
  }

  /** Takes a link that opened. The link to the same peer that it replaces, if there was one. */
  addLink(link: LinkId, contact: Contact, nowMs: number): Link | undefined {
    const replaced = this.#links.get(contact.id.hex)
    if (replaced) this.#byLinkId.delete(replaced.link)
    const fresh: Link = {
      link,
      contact,
      bucket: this.self.sharedBits(contact.id),
      sinceMs: nowMs,
      lastHeardMs: nowMs,
      rttMs: undefined,
      wantedHere: true,
      wantedThere: true,
      neighbours: [],
    }
    this.#links.set(contact.id.hex, fresh)
    this.#byLinkId.set(link, fresh)
    this.forget(contact.id)
    this.#sorted = undefined
    return replaced
  }

  removeLink(link: LinkId): Link | undefined {
    const gone = this.#byLinkId.get(link)
    if (!gone) return undefined
    this.#byLinkId.delete(link)
    this.#links.delete(gone.contact.id.hex)
    this.#sorted = undefined
    return gone
  }

  byLinkId(link: LinkId): Link | undefined {
    return this.#byLinkId.get(link)
  }

  linkTo(id: Key): Link | undefined {
    return this.#links.get(id.hex)
  }

  get linkCount(): number {
    return this.#links.size
  }

  links(): IterableIterator<Link> {
    return this.#links.values()
  }

  /** Every link, the closest to this peer first. */
  linksByDistance(): readonly Link[] {
    return (this.#sorted ??= [...this.#links.values()].sort((a, b) => Key.compare(this.self, a.contact.id, b.contact.id)))
  }

  /** The live peers closest to this one: at most `replicas` links. */
  siblings(): readonly Link[] {
    return this.linksByDistance().slice(0, replicas)
  }

  /** The links closest to a target, the closest first. */
  closestLinks(target: Key, count: number): Link[] {
    return closest(target, this.#links.values(), count, idOfLink)
  }

  /** The peers closest to a target among the links and those that linked peers say they are linked to; not this peer itself. */
  closestAlive(target: Key, count: number): Contact[] {
    return closest(target, this.alive().values(), count, idOfContact)
  }

  /** The links and those that linked peers say they are linked to, by the hex of their id; not this peer itself. */
  alive(): ReadonlyMap<string, Contact> {
    const alive = new Map<string, Contact>()
    for (const { contact, neighbours } of this.#links.values()) {
      alive.set(contact.id.hex, contact)
      for (const neighbour of neighbours) alive.set(neighbour.id.hex, neighbour)
    }
    alive.delete(this.self.hex)
    return alive
  }

  /**
   * Notes a contact that somebody named; true: it was not known before. In a full bucket the one seen longest ago makes room;
   * a better known way replaces a worse one.
   */
  note(contact: Contact, way: { route: readonly Key[]; point?: number }, nowMs: number): boolean {
    const { hex } = contact.id
    if (contact.id.equals(this.self) || this.#links.has(hex) || way.route.length > hopsMax) return false
    const place = this.self.sharedBits(contact.id)
    const bucket = this.#known.get(place) ?? new Map<string, Known>()
    const known = bucket.get(hex)
    if (known) {
      if (known.route.length === 0 || (way.route.length > 0 && way.route.length <= known.route.length)) known.route = way.route
      known.point = way.point ?? known.point
      known.seenMs = nowMs
      return false
    }
    if (bucket.size >= contactsPerBucketMax) bucket.delete(stalestOf(bucket))
    this.#known.set(place, bucket.set(hex, { contact, route: way.route, point: way.point, seenMs: nowMs }))
    return true
  }

  /** Drops a contact that is gone, or that nobody can reach. */
  forget(id: Key): void {
    const place = this.self.sharedBits(id)
    const bucket = this.#known.get(place)
    if (bucket?.delete(id.hex) && bucket.size === 0) this.#known.delete(place)
  }

  known(id: Key): KnownContact | undefined {
    return this.#known.get(this.self.sharedBits(id))?.get(id.hex)
  }

  *contacts(): Generator<KnownContact> {
    for (const bucket of this.#known.values()) yield* bucket.values()
  }

  /** The contacts by bucket: by how many bits they share with this peer, and by the hex of their id. Buckets without any are left out. */
  get buckets(): ReadonlyMap<number, ReadonlyMap<string, KnownContact>> {
    return this.#known
  }

  /** Peers to pass on the way to `id`, the first of them linked to us; `[]` when it is linked itself; undefined when no way is known. */
  routeTo(id: Key): readonly Key[] | undefined {
    if (this.#links.has(id.hex)) return []
    for (const link of this.#links.values()) {
      if (link.neighbours.some((neighbour) => neighbour.id.equals(id))) return [link.contact.id]
    }
    const route = this.known(id)?.route
    return route?.[0] && this.#links.has(route[0].hex) ? route : undefined
  }

  /**
   * The link that brings an envelope for `destination` closer than this peer is: the destination's own, else one whose neighbours include it,
   * else the closest link that makes progress and was not passed yet. Undefined: there is none.
   */
  nextHop(destination: Key, passed: readonly Key[]): Link | undefined {
    const direct = this.#links.get(destination.hex)
    if (direct) return direct
    const fresh = [...this.#links.values()].filter((link) => !passed.some((id) => id.equals(link.contact.id)))
    const beside = fresh.find((link) => link.neighbours.some((neighbour) => neighbour.id.equals(destination)))
    if (beside) return beside
    const [best] = closest(destination, fresh, 1, (link) => link.contact.id)
    return best && Key.compare(destination, best.contact.id, this.self) < 0 ? best : undefined
  }
}

/** The `count` items closest to a target, the closest first. Few of many are wanted, and often: so no sorting of them all. */
export function closest<T>(target: Key, items: Iterable<T>, count: number, idOf: (item: T) => Key): T[] {
  const best = new Nearest(target, count, idOf)
  for (const item of items) best.offer(item)
  return best.items
}

/** The closest of what is offered, each once. */
class Nearest<T> {
  readonly items: T[] = []
  readonly #target: Key
  readonly #count: number
  readonly #idOf: (item: T) => Key
  /** The first 32 bits of each item's distance: they nearly always decide. */
  readonly #heads: number[] = []

  constructor(target: Key, count: number, idOf: (item: T) => Key) {
    this.#target = target
    this.#count = count
    this.#idOf = idOf
  }

  offer(item: T): void {
    const id = this.#idOf(item)
    const head = this.#target.distanceHead(id)
    let place = this.items.length
    if (place === this.#count && head > this.#heads[place - 1]!) return
    for (; place > 0; place--) {
      const order = head - this.#heads[place - 1]! || Key.compare(this.#target, id, this.#idOf(this.items[place - 1]!))
      if (order === 0) return
      if (order > 0) break
    }
    if (place >= this.#count) return
    this.items.splice(place, 0, item)
    this.#heads.splice(place, 0, head)
    if (this.items.length <= this.#count) return
    this.items.pop()
    this.#heads.pop()
  }
}

function stalestOf(bucket: ReadonlyMap<string, KnownContact>): string {
  let stalest = { hex: '', seenMs: Infinity }
  for (const [hex, { seenMs }] of bucket) if (seenMs < stalest.seenMs) stalest = { hex, seenMs }
  return stalest.hex
}

const idOfContact = ({ id }: Contact) => id
const idOfLink = ({ contact }: Link) => contact.id
