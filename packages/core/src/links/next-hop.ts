import { Key } from '../keys/key.js'
import { replicas } from '../wire/message.js'
import type { Link, LinkId, RoutingTable } from './routing-table.js'

export interface HopOptions {
  /** Links that were tried already. */
  readonly except?: ReadonlySet<LinkId>
  /** Whoever asks need not be farther away than whom it asks: it seeks others. */
  readonly fromAnywhere?: boolean
  /** Any of the `replicas` closest to the destination will do, and nearly as good a way as the best, if it is quicker. */
  readonly anyReplica?: boolean
}

/** Where a fifth of the peers drop what they are to pass on, half of the paths over an honest link bring nothing: so many in a row once in 250 times. */
export const fruitlessMax = 8

/** Whether progress stops at the other end, or so it seems: it is asked last, and has no seniority. */
export function isBlamed({ fruitless }: Link): boolean {
  return fruitless >= fruitlessMax
}

/** The closest set of a key is seldom this many times as wide as that of another key. */
const densitySlack = 2
/** A next hop may lead to a peer this many times as far from the destination as the best one, if that is quicker. */
const quickSlack = 2

/** What a round trip that was not measured yet is taken for, in milliseconds: longer than most. */
export const unmeasuredMs = 300

/**
 * The link that brings an envelope closest to `destination` within two hops: the one whose own end, or whose best neighbour, is closest to it,
 * and of several that lead to the same peer the quickest. Undefined: none gets closer than this peer is, without passing a peer again.
 */
export function chooseNextHop(table: RoutingTable, destination: Key, passed: readonly Key[], options: HopOptions): Link | undefined {
  const { except, fromAnywhere = false, anyReplica = false } = options
  const direct = table.linkTo(destination)
  if (direct && !except?.has(direct.link) && !isAmong(passed, destination)) return direct
  const isPassed = ({ head, contact }: Link) => passed.some((one) => one.head === head && one.equals(contact.id))
  const untried = table.links().filter((link) => !except?.has(link.link) && !isPassed(link))
  const links = untried.filter(passesOn)
  const search = new Search(table, destination, passed, fromAnywhere ? undefined : table.self)
  const next = search.among(links)
  // Whoever knows none better sets out by a leaf, or by one that has just been silent.
  if (!next) return fromAnywhere ? new Search(table, destination, passed, undefined).among(untried) : undefined
  if (!anyReplica) return next
  const closeHead = closeEnough(table, destination, search.boundHead)
  const bound = fromAnywhere ? closeHead : Math.min(closeHead, destination.distanceHead(table.self))
  return new Search(table, destination, passed, undefined, bound).among(links) ?? next
}

/** How far from the destination, by the first 32 bits, a next hop may lead that is taken for its quickness, when the best leads this far. */
function closeEnough(table: RoutingTable, destination: Key, bestHead: number): number {
  const farthestSibling = table.siblings()[replicas - 1]
  if (!farthestSibling) return Infinity
  // As dense as this peer's own surroundings: these are the replicas themselves.
  const denseHead = densitySlack * table.self.distanceHead(farthestSibling.contact.id)
  const last = bestHead <= denseHead ? table.closestAlive(destination, replicas)[replicas - 1] : undefined
  const lastHead = last && destination.distanceHead(last.id)
  return lastHead !== undefined && lastHead <= denseHead ? lastHead : quickSlack * bestHead
}

/** A search among all ways within two hops: for the one that leads closest to the destination, and of several to the same peer the quickest; or for the quickest of all that lead close enough. */
class Search {
  readonly #table: RoutingTable
  readonly #destination: Key
  readonly #passed: readonly Key[]
  /** Undefined: the closest. */
  readonly #closeHead: number | undefined
  /** No way counts that leads farther from the destination than this, by the first 32 bits: where the closest is sought, as far as the best one so far. */
  boundHead: number
  #best: Key | undefined
  #bestMs = Infinity
  #link: Link | undefined

  /** `closerThan`: what each way must lead closer than; undefined: none. `closeHead`: the first 32 bits of the distance that is close enough; undefined: the closest is sought. */
  constructor(table: RoutingTable, destination: Key, passed: readonly Key[], closerThan: Key | undefined, closeHead?: number) {
    this.#table = table
    this.#destination = destination
    this.#passed = passed
    this.#best = closerThan
    this.#closeHead = closeHead
    this.boundHead = closeHead ?? (closerThan ? destination.distanceHead(closerThan) : Infinity)
  }

  among(links: readonly Link[]): Link | undefined {
    for (const link of links) this.#over(link)
    return this.#link
  }

  #over(link: Link): void {
    const linkMs = link.rttMs ?? unmeasuredMs
    if (this.#closeHead !== undefined && linkMs > this.#bestMs) return
    const { head } = this.#destination
    if ((link.head ^ head) >>> 0 <= this.boundHead) this.#consider(link, link.contact.id, linkMs)
    const { heads, contacts, rttsMs } = link.neighbours
    for (let i = 0; i < heads.length; i++) {
      if ((heads[i]! ^ head) >>> 0 > this.boundHead) continue
      const { id } = contacts[i]!
      // Whoever follows old lists to a peer that is gone asks all who were linked to it, one after the other. One that is sought itself may be linked to some still.
      if (this.#table.isDoubted(id) && !id.equals(this.#destination)) continue
      this.#consider(link, id, linkMs + (rttsMs[i]! || unmeasuredMs))
    }
  }

  #consider(link: Link, id: Key, ms: number): void {
    const farther = this.#best ? Key.compare(this.#destination, id, this.#best) : -1
    const slower = ms - this.#bestMs
    const order = this.#closeHead === undefined ? farther || slower : slower || farther
    if (order >= 0 || id.equals(this.#table.self) || isAmong(this.#passed, id)) return
    this.#link = link
    this.#best = id
    this.#bestMs = ms
    this.boundHead = this.#closeHead ?? this.#destination.distanceHead(id)
  }
}

/** A leaf relays nothing; who was silent may be frozen. */
function passesOn(link: Link): boolean {
  return link.role === 'full' && !link.isSilent && link.fruitless < fruitlessMax
}

function isAmong(ids: readonly Key[], id: Key): boolean {
  for (const one of ids) if (one.equals(id)) return true
  return false
}
