import { LateMap } from '../late-map.js'
import type { Key } from '../keys/key.js'
import { closest, Nearest } from '../keys/nearest.js'
import { hopsMax, neighbourRttMaxMs, neighboursMax, type PeerRole, replicas } from '../wire/message.js'
import type { Contact } from '../keys/public-key.js'
import type { LaidOutLink } from '../overlay-event.js'
import { NeighbourList } from './neighbour-list.js'
import { OpenLinks } from './open-links.js'
import { chooseNextHop, type HopOptions, unmeasuredMs } from './next-hop.js'

/** Names one link of this peer, from the first attempt to its end. Never used again. */
export type LinkId = number

/** One open link, and what is known of its other end. */
export interface Link {
  readonly link: LinkId
  readonly contact: Contact
  /** The first 32 bits of its id, at hand for whoever goes over all links. */
  readonly head: number
  /** The bucket it is in: how many bits of its id this peer shares. */
  readonly bucket: number
  readonly sinceMs: number
  lastHeardMs: number
  /** Smoothed round trip; undefined until one was measured. */
  rttMs: number | undefined
  wantedHere: boolean
  wantedThere: boolean
  /** What the other end says it is. The list of a leaf is told late, and counts for nothing. */
  role: PeerRole
  /** It failed to acknowledge something, and was not heard since: others are asked first. */
  isSilent: boolean
  /** Paths of own lookups that set out over it, one after the other, and brought nothing, while others did: from `fruitlessMax` on it is blamed. */
  fruitless: number
  /** Whom the other end says it is linked to. */
  neighbours: NeighbourList
  /** Until when what was relayed for the link is paid for, at a steady rate: see `Relay`. */
  relayPaidMs: number
}

/** A peer that is known and not linked, and the way to it. */
export interface KnownContact {
  readonly contact: Contact
  /** The peers to pass, the first one linked to us; the last one named this contact. Empty: only a meeting point leads there. */
  readonly route: readonly Key[]
  /** The meeting point it was met at, if any. */
  readonly point: number | undefined
}

type Known = { -readonly [P in keyof KnownContact]: KnownContact[P] }

/** Contacts kept per bucket: twice Kademlia's k, enough to fill a bucket's links again. */
export const contactsPerBucketMax = 16

/** Linked peers that must name a peer before it is counted as one that keeps records, unless it has answered: one hostile list must not end a record's copies. */
export const vouchersNeeded = 2

/** Within this time everybody has heard of a link that ended: 15 s to notice, 90 s to tell. */
export const doubtMs = 120_000
/** Peers doubted at one time: the oldest doubt makes room. */
export const doubtedMax = 1_024

/**
 * Who this peer is linked to, and whom it only knows. Kademlia's routing table (section 2.2), with two differences: what is
 * live is told by open links, not by pings; and a contact that is not linked is never dialled to answer a question, but reached through whoever named it.
 */
export class RoutingTable {
  readonly self: Key
  /** Since when this peer is a leaf; undefined: it is full. */
  leafSinceMs: number | undefined
  /** When it had its first link, after it had none. */
  linkedSinceMs = -Infinity
  readonly #links: OpenLinks
  readonly #known = new LateMap<number, Map<string, Known>>()
  /** Peers that some lists still have and that are probably gone: until when, by the hex of their id, the earliest first. */
  readonly #doubted = new LateMap<string, number>()

  constructor(self: Key) {
    this.self = self
    this.#links = new OpenLinks(self)
  }

  /** What this peer is itself. */
  get role(): PeerRole {
    return this.leafSinceMs === undefined ? 'full' : 'leaf'
  }

  /** The other end of a link says what it is. */
  tookRole(link: Link, role: PeerRole): void {
    link.role = role
    this.#links.sortOut()
  }

  /** Takes a link that opened. The link to the same peer that it replaces, if there was one. */
  addLink(link: LinkId, contact: Contact, nowMs: number): Link | undefined {
    if (this.linkCount === 0) this.linkedSinceMs = nowMs
    const replaced = this.#links.add({
      link,
      contact,
      head: contact.id.head,
      bucket: this.self.sharedBits(contact.id),
      sinceMs: nowMs,
      lastHeardMs: nowMs,
      rttMs: undefined,
      wantedHere: true,
      wantedThere: true,
      role: 'full',
      isSilent: false,
      fruitless: 0,
      neighbours: NeighbourList.empty,
      relayPaidMs: nowMs,
    })
    this.forget(contact.id)
    this.believe(contact.id)
    return replaced
  }

  /** Takes links that have been open for a while, and what is known of them. */
  layOut(links: readonly LaidOutLink[], nowMs: number): void {
    for (const { link, contact, rttMs, neighbours } of links) {
      this.addLink(link, contact, nowMs)
      Object.assign(this.#links.byId(link)!, { rttMs, neighbours })
    }
  }

  removeLink(link: LinkId): Link | undefined {
    const gone = this.#links.byId(link)
    if (gone) this.#links.remove(gone)
    return gone
  }

  /** Notes a round trip over a link. */
  measured(id: LinkId, tookMs: number): void {
    const link = this.#links.byId(id)
    const rttMs = Math.min(tookMs, neighbourRttMaxMs)
    if (link) link.rttMs = link.rttMs === undefined ? rttMs : link.rttMs + (rttMs - link.rttMs) / 8
  }

  byLinkId(link: LinkId): Link | undefined {
    return this.#links.byId(link)
  }

  linkTo(id: Key): Link | undefined {
    return this.#links.to(id)
  }

  get linkCount(): number {
    return this.#links.all.length
  }

  /** Every link, the closest to this peer first. The list stays as it is when links come and go. */
  links(): readonly Link[] {
    return this.#links.all
  }

  /** Every link to a full peer, the closest to this peer first. */
  fullLinks(): readonly Link[] {
    return this.#links.full
  }

  /** The live full peers closest to this one: at most `replicas` links. */
  siblings(): readonly Link[] {
    return this.#links.full.slice(0, replicas)
  }

  /**
   * The share of the key space that is as close to a linked peer as the farthest of its siblings, by their own lists: what a peer that does not know its own siblings yet may expect of them.
   * The one in the middle counts, for some lists may be made up. 1: nobody has told of enough.
   */
  get siblingShareToExpect(): number {
    const shares = this.#links.full.map(({ contact, neighbours }) => neighbours.siblingShare(contact.id)).filter((one) => one < 1)
    return shares.sort((a, b) => a - b)[shares.length >> 1] ?? 1
  }

  /** The same in bits of the key that they share; 0: few peers, or nobody has told of enough. */
  get siblingBitsToExpect(): number {
    return Math.floor(-Math.log2(this.siblingShareToExpect))
  }

  /** The links to full peers closest to a target, the closest first, and before them that to the target itself, whatever it is. */
  closestLinks(target: Key, count: number): Link[] {
    const direct = this.linkTo(target)
    const full = this.#links.full
    return closest(target, direct?.role === 'leaf' ? [...full, direct] : full, count, idOfLink)
  }

  /** The full peers closest to a target among the links and those that linked peers say they are linked to; not this peer itself. */
  closestAlive(target: Key, count: number): Contact[] {
    return this.closestNamed(target, count).map(({ contact }) => contact)
  }

  /** The same, and how many of the linked peers name each. Of one that is linked itself that says nothing. */
  closestNamed(target: Key, count: number): { readonly contact: Contact; readonly namedBy: number }[] {
    const nearest = new Nearest<Contact>(target, count + 1, idOfContact)
    const { head } = target
    for (const link of this.#links.full) nearest.offerAt(link.contact, (link.head ^ head) >>> 0)
    for (const { neighbours } of this.#links.full) {
      const { heads, contacts } = neighbours
      let bound = nearest.boundHead
      for (let i = 0; i < heads.length; i++) {
        const distance = (heads[i]! ^ head) >>> 0
        if (distance > bound || nearest.again(contacts[i]!, distance) || this.#isOut(contacts[i]!)) continue
        nearest.offerAt(contacts[i]!, distance)
        bound = nearest.boundHead
      }
    }
    const named = nearest.items.map((contact, i) => ({ contact, namedBy: nearest.times[i]! }))
    return named.filter(({ contact }) => !contact.id.equals(this.self)).slice(0, count)
  }

  /** The full peers among the links, and those that linked peers say they are linked to, each once; not this peer itself. For whoever looks for the closest to many keys. */
  alive(): Contact[] {
    const alive = new Map<string, Contact>()
    for (const { contact } of this.#links.full) alive.set(contact.id.hex, contact)
    for (const { neighbours } of this.#links.full) {
      for (const contact of neighbours.contacts) if (!this.#isOut(contact)) alive.set(contact.id.hex, contact)
    }
    alive.delete(this.self.hex)
    return [...alive.values()]
  }

  /** Whether every full peer that linked peers name is linked. */
  get isMeshed(): boolean {
    const isLinked = (contact: Contact) => contact.id.equals(this.self) || this.linkTo(contact.id) !== undefined || this.#isOut(contact)
    return this.#links.full.every(({ neighbours }) => neighbours.contacts.every(isLinked))
  }

  /** How many others are known to serve, and not by one list alone, which may be made up. */
  get serving(): number {
    return this.alive().filter(({ id }) => this.isVouchedFor(id)).length
  }

  /** Whether this full peer is linked, or a linked peer says it is linked to it, and nobody near it has told otherwise since. */
  isAlive(id: Key): boolean {
    const link = this.#links.to(id)
    return link ? link.role === 'full' : this.vouchersOf(id, 1) > 0
  }

  /** How many linked peers say they are linked to a peer that is not linked itself; none, when others have told otherwise since. Counted up to `enough`. */
  vouchersOf(id: Key, enough = vouchersNeeded): number {
    if (this.isDoubted(id)) return 0
    let vouchers = 0
    for (const { neighbours } of this.#links.full) {
      if (neighbours.placeOf(id) < 0) continue
      vouchers += 1
      if (vouchers >= enough) break
    }
    return vouchers
  }

  /** Whether it is linked, or as many linked peers as `vouchersNeeded` say they are linked to it: one alone may have made it up. */
  isVouchedFor(id: Key): boolean {
    const link = this.#links.to(id)
    return link ? link.role === 'full' : this.vouchersOf(id) >= vouchersNeeded
  }

  /** Whether it is probably gone, though some lists still have it. */
  isDoubted(id: Key): boolean {
    return this.#doubted.size > 0 && this.#doubted.has(id.hex)
  }

  /** Whether lists that name it count for nothing. */
  #isOut({ id }: Contact): boolean {
    return this.isDoubted(id) || (this.#links.haveLeaves && this.#links.to(id)?.role === 'leaf')
  }

  /** A link to this peer ended, or a sibling's did, or it serves no longer: while lists that are told later still have it, it is not taken for alive. */
  doubt({ hex }: Key, nowMs: number): void {
    this.endDoubts(nowMs)
    this.#doubted.keep(hex, nowMs + doubtMs, doubtedMax)
  }

  /** By now lists are right again. */
  endDoubts(nowMs: number): void {
    for (const [one, untilMs] of this.#doubted) {
      if (untilMs > nowMs) break
      this.#doubted.delete(one)
    }
  }

  /** Somebody has linked to it since. */
  believe({ hex }: Key): void {
    this.#doubted.delete(hex)
  }

  /** The full peers that this peer is linked to, as its links are told. */
  ownList(): NeighbourList {
    return new NeighbourList(
      this.#links.full
        .slice(0, neighboursMax)
        .map(({ contact, rttMs }) => ({ contact, rttMs: Math.min(Math.round(rttMs ?? 0), neighbourRttMaxMs) })),
    )
  }

  /**
   * Notes a contact that somebody named; true: it was not known before. In a full bucket the one seen longest ago makes room;
   * a better known way replaces a worse one.
   */
  note(contact: Contact, way: { route: readonly Key[]; point?: number }): boolean {
    const { hex } = contact.id
    if (contact.id.equals(this.self) || this.#links.to(contact.id) || way.route.length > hopsMax) return false
    const place = this.self.sharedBits(contact.id)
    const bucket = this.#known.get(place) ?? new Map<string, Known>()
    const known = bucket.get(hex)
    if (known) {
      if (known.route.length === 0 || (way.route.length > 0 && way.route.length <= known.route.length)) known.route = way.route
      known.point = way.point ?? known.point
      // Where one must make room, the one seen longest ago stays the first.
      if (bucket.size >= contactsPerBucketMax) {
        bucket.delete(hex)
        bucket.set(hex, known)
      }
      return false
    }
    const [stalest] = bucket.keys()
    if (bucket.size >= contactsPerBucketMax && stalest !== undefined) bucket.delete(stalest)
    this.#known.set(place, bucket.set(hex, { contact, route: way.route, point: way.point }))
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
    if (this.#links.to(id)) return []
    const beside = this.#beside(id)
    if (beside) return [beside.contact.id]
    const route = this.known(id)?.route
    return route?.[0] && this.#links.to(route[0]) ? route : undefined
  }

  /** The link over which something for `destination` goes on: see `chooseNextHop`. */
  nextHop(destination: Key, passed: readonly Key[], options: HopOptions = {}): Link | undefined {
    return chooseNextHop(this, destination, passed, options)
  }

  /** The link that leads to this peer in two hops, the quickest that was not silent. */
  #beside(id: Key): Link | undefined {
    let best: Link | undefined
    let bestMs = Infinity
    for (const link of this.#links.full) {
      const place = link.neighbours.placeOf(id)
      if (place < 0) continue
      const ms = (link.rttMs ?? unmeasuredMs) + (link.neighbours.rttsMs[place]! || unmeasuredMs)
      // Who was silent may be frozen: any other is the better way.
      if (best && (link.isSilent === best.isSilent ? ms >= bestMs : link.isSilent)) continue
      best = link
      bestMs = ms
    }
    return best
  }
}

const idOfContact = ({ id }: Contact) => id
const idOfLink = ({ contact }: Link) => contact.id
