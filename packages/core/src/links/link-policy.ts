import { LateSet } from '../late-set.js'
import { LateMap } from '../late-map.js'
import { Key } from '../keys/key.js'
import type { RefusalReason, Why } from '../wire/letter.js'
import { replicas } from '../wire/message.js'
import type { Contact } from '../keys/public-key.js'
import { type BucketQuotas, bucketQuotas, wouldTake } from './bucket-quotas.js'
import { closest } from '../keys/nearest.js'
import { isBlamed } from './next-hop.js'
import type { KnownContact, Link, LinkId, RoutingTable } from './routing-table.js'

/** How many links a peer keeps. On a desktop 32/48/64. */
export interface LinkLimits {
  /** Links it tries to have. */
  readonly target: number
  /** Beyond this it takes no links that only fill a bucket. */
  readonly soft: number
  /** Beyond this it takes none at all. */
  readonly hard: number
}

export const desktopLinkLimits: LinkLimits = { target: 32, soft: 48, hard: 64 }

/** Links that a leaf keeps: to the full peers closest to it, through whom it is found, */
export const leafSiblings = 4
/** and the quickest of the others, to ask through. */
export const leafQuickLinks = 2
/** Beyond this a leaf takes no links: whoever comes new to the overlay may meet nobody but leaves first. */
export const leafLinksMax = 12
/** A leaf keeps its other links for so long: whoever looks at another tab for a moment shall not have to make them anew. */
export const leafGraceMs = 30_000

/** In a bucket with fewer links none is chosen for its quickness: who stayed is worth more. */
const quickQuotaMin = 2
/** The link in that place goes when another takes less than this share of its round trip. */
export const quickerShare = 0.7
/** At most one such swap in this time: round trips waver. */
export const swapGapMs = 60_000

export interface DialWish {
  readonly known: KnownContact
  readonly why: Why
}

/**
 * Which links to have. XOR buckets are symmetric, so the same rule at both ends wants the same links:
 * the `replicas` closest, then an equal quota in every bucket, the longest-lived links first (who stayed will stay; at whom progress stops comes last) but for one place, which the quickest gets,
 * and what the app asked for. Leaves are wanted by nobody but apps; a leaf itself wants the few links that it needs.
 */
export class LinkPolicy {
  readonly #table: RoutingTable
  readonly #underWay: () => readonly Contact[]
  readonly limits: LinkLimits
  /** Peers, by the hex of their id, that an app has asked for. */
  readonly appWants = new LateSet<string>()
  /** By bucket, the link in the place that is given for quickness. */
  readonly #quick = new LateMap<number, LinkId>()
  #swappedMs = -Infinity
  /** What the wishes were made up from last. */
  #quotasLast: BucketQuotas | undefined
  #lackingLast: readonly number[] = []
  #boundLast: Key | undefined

  /** `underWay`: the peers to which a link is being made now. They count as links when it is asked whether more are needed. */
  constructor(table: RoutingTable, limits: LinkLimits, underWay: () => readonly Contact[]) {
    this.#table = table
    this.limits = limits
    this.#underWay = underWay
  }

  /** The links this peer wants to keep. */
  wanted(nowMs: number): Set<LinkId> {
    const byDistance = this.#table.fullLinks()
    if (nowMs < this.graceEndsMs) return new Set(byDistance.map((link) => link.link))
    const wanted = new Set(byDistance.slice(0, this.#siblingCount).map((link) => link.link))
    if (this.#isLeaf) for (const { link } of this.#quickest(byDistance.slice(this.#siblingCount))) wanted.add(link)
    const { quotas } = this.#quotas(byDistance.slice(this.#siblingCount).map(({ bucket }) => bucket))
    const buckets = new Map<number, Link[]>()
    for (const link of byDistance.slice(this.#siblingCount)) {
      const others = buckets.get(link.bucket)
      if (others) others.push(link)
      else buckets.set(link.bucket, [link])
    }
    for (const [bucket, links] of buckets) for (const link of this.#ofBucket(bucket, links, quotas[bucket]!, nowMs)) wanted.add(link.link)
    if (this.appWants.size > 0) for (const link of this.#table.links()) if (this.appWants.has(link.contact.id.hex)) wanted.add(link.link)
    return wanted
  }

  /** Until when a leaf keeps the links it had; -Infinity: it keeps none for that. */
  get graceEndsMs(): number {
    return (this.#table.leafSinceMs ?? -Infinity) + leafGraceMs
  }

  get #isLeaf(): boolean {
    return this.#table.role === 'leaf'
  }

  #quickest(links: readonly Link[]): readonly Link[] {
    return links.toSorted((a, b) => (a.rttMs ?? Infinity) - (b.rttMs ?? Infinity)).slice(0, leafQuickLinks)
  }

  /** The oldest of a bucket's links, and in the last place the quickest of the rest. */
  #ofBucket(bucket: number, links: Link[], quota: number, nowMs: number): readonly Link[] {
    if (links.length <= quota) return links
    links.sort((a, b) => Number(isBlamed(a)) - Number(isBlamed(b)) || a.sinceMs - b.sinceMs)
    if (quota < quickQuotaMin) return links.slice(0, quota)
    const rest = links.slice(quota - 1)
    const before = rest.find(({ link }) => link === this.#quick.get(bucket)) ?? rest[0]!
    const quickest = rest.reduce((a, b) => ((b.rttMs ?? Infinity) < (a.rttMs ?? Infinity) ? b : a))
    const isBetter = (quickest.rttMs ?? Infinity) < quickerShare * (before.rttMs ?? Infinity)
    const swaps = isBetter && nowMs - this.#swappedMs >= swapGapMs
    if (swaps) this.#swappedMs = nowMs
    const quick = swaps ? quickest : before
    this.#quick.set(bucket, quick.link)
    return [...links.slice(0, quota - 1), quick]
  }

  /**
   * The contacts worth a link, the most useful first: would-be siblings by distance, as many as are missing, then one of each bucket that lacks links, in turn.
   * `isAvoided`: whether a contact may not be dialled now. It is wished for all the same, and in its place the next: of would-be siblings the next farther, else another of its bucket.
   */
  wishes(isAvoided: (id: Key) => boolean): DialWish[] {
    const had = this.#hadBesideSiblings()
    const quotas = this.#quotas(had)
    const lacking = [...quotas.quotas]
    for (const bucket of had) lacking[bucket]! -= 1
    const linkedBound = this.#siblingBound()
    const nearest = linkedBound ? this.#table.self.sharedBits(linkedBound) : 0
    const wanted: DialWish[] = []
    const near: KnownContact[] = []
    const fillers = new Map<number, DialWish[]>()
    const places = [...lacking]
    const fill = (known: KnownContact, bucket: number, wishes: DialWish[]) => {
      if (places[bucket]! <= 0) return
      wishes.push({ known, why: 'bucket' })
      if (!isAvoided(known.contact.id)) places[bucket]! -= 1
    }
    for (const [bucket, contacts] of this.#table.buckets) {
      // A full bucket that is too far for siblings: nobody in it is wished for.
      if (lacking[bucket]! <= 0 && bucket < nearest && this.appWants.size === 0) continue
      const wishes: DialWish[] = []
      for (const [hex, known] of contacts) {
        if (this.appWants.has(hex)) wanted.push({ known, why: 'app' })
        else if (this.#isWithin(linkedBound, known.contact.id)) near.push(known)
        else fill(known, bucket, wishes)
      }
      fillers.set(bucket, wishes)
    }
    const bound = this.#siblingBound(near.flatMap(({ contact }) => (isAvoided(contact.id) ? [] : contact)))
    for (const known of near) {
      const bucket = this.#table.self.sharedBits(known.contact.id)
      if (this.#isWithin(bound, known.contact.id)) wanted.push({ known, why: 'sibling' })
      else fill(known, bucket, fillers.get(bucket)!)
    }
    this.#quotasLast = quotas
    this.#lackingLast = lacking
    this.#boundLast = bound
    wanted.sort((a, b) => Key.compare(this.#table.self, a.known.contact.id, b.known.contact.id))
    return [...wanted, ...inTurn([...fillers.values()])]
  }

  /** Whether a link to this peer was lacking when the wishes were last made up, or might have been. */
  hasUseFor(id: Key): boolean {
    if (!this.#quotasLast || this.appWants.has(id.hex) || this.#isWithin(this.#boundLast, id)) return true
    const bucket = this.#table.self.sharedBits(id)
    return (this.#lackingLast[bucket] ?? 0) > 0 || wouldTake(this.#quotasLast, bucket)
  }

  /** What a knock from this peer is answered with, if it may be answered at all. */
  admits(contact: Contact, why: Why): 'yes' | RefusalReason {
    const count = this.#table.linkCount + this.#underWay().filter(({ id }) => !id.equals(contact.id)).length
    if (this.#table.linkTo(contact.id) || this.wouldBeSibling(contact.id)) return 'yes'
    if (count >= (this.#isLeaf && why !== 'app' ? leafLinksMax : this.limits.hard)) return 'full'
    if (why === 'app' || why === 'sibling') return 'yes'
    return count < this.limits.soft ? 'yes' : 'full'
  }

  /** Whether it would be our sibling, or our own app wants it: by our own knowledge, whatever it says of itself. */
  isWantedHere(id: Key): boolean {
    return this.wouldBeSibling(id) || this.appWants.has(id.hex)
  }

  /** Whether this peer would be among the siblings if it were linked. */
  wouldBeSibling(id: Key): boolean {
    return this.#isWithin(this.#siblingBound(), id)
  }

  /** The farthest of the siblings that this peer has or will soon have, or would have with those it `mayHave`, leaves not counted; undefined while there are too few. */
  #siblingBound(mayHave: readonly Contact[] = []): Key | undefined {
    const count = this.#siblingCount
    const nearest = this.#table
      .fullLinks()
      .slice(0, count)
      .map(({ contact }) => contact)
    return closest(this.#table.self, [...nearest, ...this.#underWay(), ...mayHave], count, ({ id }) => id)[count - 1]?.id
  }

  #isWithin(bound: Key | undefined, id: Key): boolean {
    return !bound || Key.compare(this.#table.self, id, bound) <= 0
  }

  get #siblingCount(): number {
    return Math.min(this.#isLeaf ? leafSiblings : replicas, this.limits.target)
  }

  /** Links allowed per bucket besides the siblings. `had`: the buckets of those that there are. */
  #quotas(had: readonly number[]): BucketQuotas {
    const nearest = Math.max(0, ...this.#table.buckets.keys(), ...had)
    const supply = new Array<number>(nearest + 1).fill(0)
    for (const bucket of had) supply[bucket]! += 1
    for (const [bucket, { size }] of this.#table.buckets) supply[bucket]! += size
    return bucketQuotas(supply, this.#isLeaf ? 0 : this.limits.target - this.#siblingCount)
  }

  /** The buckets of the links besides the siblings, those under way counted as made. */
  #hadBesideSiblings(): number[] {
    const { self } = this.#table
    const links = this.#table.fullLinks().map(({ contact }) => contact)
    const underWay = this.#underWay()
    const all = underWay.length > 0 ? [...links, ...underWay].sort((a, b) => Key.compare(self, a.id, b.id)) : links
    return all.slice(this.#siblingCount).map(({ id }) => self.sharedBits(id))
  }
}

function inTurn<T>(lists: T[][]): T[] {
  const longest = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat()
}
