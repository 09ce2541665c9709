import { Key } from '../keys/key.js'
import type { RefusalReason, Why } from '../wire/letter.js'
import { replicas } from '../wire/message.js'
import type { Contact } from '../keys/public-key.js'
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

export interface DialWish {
  readonly known: KnownContact
  readonly why: Why
}

/**
 * Which links to have. XOR buckets are symmetric, so the same rule at both ends wants the same links:
 * the `replicas` closest, then an equal quota in every bucket, the longest-lived links first (who stayed will stay), and what the app asked for.
 */
export class LinkPolicy {
  readonly #table: RoutingTable
  readonly #underWay: () => readonly Contact[]
  readonly limits: LinkLimits
  /** Peers, by the hex of their id, that an app has asked for. */
  readonly appWants = new Set<string>()

  /** `underWay`: the peers to which a link is being made now. They count as links when it is asked whether more are needed. */
  constructor(table: RoutingTable, limits: LinkLimits, underWay: () => readonly Contact[]) {
    this.#table = table
    this.limits = limits
    this.#underWay = underWay
  }

  /** The links this peer wants to keep. */
  wanted(): Set<LinkId> {
    const byDistance = this.#table.linksByDistance()
    const wanted = new Set(byDistance.slice(0, this.#siblingCount).map((link) => link.link))
    const quotas = this.#quotas()
    const oldestFirst = byDistance.slice(this.#siblingCount).sort((a, b) => a.sinceMs - b.sinceMs)
    for (const link of oldestFirst) {
      const bucket = this.#bucketOf(link)
      const left = quotas.get(bucket) ?? 0
      if (left > 0) wanted.add(link.link)
      quotas.set(bucket, left - 1)
    }
    for (const link of byDistance) if (this.appWants.has(link.contact.id.hex)) wanted.add(link.link)
    return wanted
  }

  /** The contacts worth a link, the most useful first: would-be siblings by distance, then one of each bucket that lacks links, in turn. */
  wishes(): DialWish[] {
    const siblings: DialWish[] = []
    const byBucket = new Map<number, DialWish[]>()
    const lacking = this.#lacking()
    for (const known of this.#table.contacts()) {
      if (this.appWants.has(known.contact.id.hex)) {
        siblings.push({ known, why: 'app' })
      } else if (this.wouldBeSibling(known.contact.id)) {
        siblings.push({ known, why: 'sibling' })
      } else {
        const bucket = this.#table.self.sharedBits(known.contact.id)
        const wishes = byBucket.get(bucket) ?? []
        if (wishes.length < (lacking.get(bucket) ?? 0)) byBucket.set(bucket, [...wishes, { known, why: 'bucket' }])
      }
    }
    siblings.sort((a, b) => Key.compare(this.#table.self, a.known.contact.id, b.known.contact.id))
    return [...siblings, ...inTurn([...byBucket.values()])]
  }

  /** What a knock from this peer is answered with, if it may be answered at all. */
  admits(contact: Contact, why: Why): 'yes' | RefusalReason {
    const count = this.#table.linkCount + this.#underWay().filter(({ id }) => !id.equals(contact.id)).length
    if (this.#table.linkTo(contact.id) || this.wouldBeSibling(contact.id)) return 'yes'
    if (count >= this.limits.hard) return 'full'
    if (why === 'app' || why === 'sibling') return 'yes'
    return count < this.limits.soft ? 'yes' : 'full'
  }

  /** Whether this peer would be among the siblings if it were linked. */
  wouldBeSibling(id: Key): boolean {
    const { self } = this.#table
    const closer = (other: Contact) => Key.compare(self, other.id, id) < 0
    const links = this.#table.linksByDistance()
    let count = 0
    while (count < this.#siblingCount && links[count] && closer(links[count]!.contact)) count += 1
    return count + this.#underWay().filter(closer).length < this.#siblingCount
  }

  get #siblingCount(): number {
    return Math.min(replicas, this.limits.target)
  }

  #bucketOf(link: Link): number {
    return this.#table.self.sharedBits(link.contact.id)
  }

  /** Links allowed per bucket besides the siblings: raised in turn, bucket by bucket, until the target is used or nobody is left to link to. */
  #quotas(): Map<number, number> {
    const supply = new Map<number, number>()
    const count = (bucket: number) => supply.set(bucket, (supply.get(bucket) ?? 0) + 1)
    for (const link of this.#table.linksByDistance().slice(this.#siblingCount)) count(this.#bucketOf(link))
    for (const known of this.#table.contacts()) count(this.#table.self.sharedBits(known.contact.id))
    const buckets = [...supply.keys()].sort((a, b) => a - b)
    const quotas = new Map(buckets.map((bucket) => [bucket, 0]))
    let left = this.limits.target - this.#siblingCount
    for (let round = 1; left > 0; round++) {
      const open = buckets.filter((bucket) => supply.get(bucket)! >= round)
      if (open.length === 0) break
      for (const bucket of open.slice(0, left)) quotas.set(bucket, round)
      left -= open.length
    }
    return quotas
  }

  /** Per bucket: how many more links its quota allows. */
  #lacking(): Map<number, number> {
    const lacking = this.#quotas()
    for (const link of this.#table.linksByDistance().slice(this.#siblingCount)) {
      const bucket = this.#bucketOf(link)
      lacking.set(bucket, (lacking.get(bucket) ?? 0) - 1)
    }
    for (const { id } of this.#underWay()) {
      const bucket = this.#table.self.sharedBits(id)
      lacking.set(bucket, (lacking.get(bucket) ?? 0) - 1)
    }
    return lacking
  }
}

function inTurn<T>(lists: T[][]): T[] {
  const longest = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat()
}
