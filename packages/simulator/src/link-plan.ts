import { type Contact, Key, keyBits } from '@hashtab/core'
import { LaidOutLinks, laidOutLinksMax } from './laid-out-links.js'
import type { RandomSource } from './random-source.js'

/** Peers closest to oneself that one is linked to: as core's `replicas`. */
const siblings = 8
/** Others of a bucket that are looked at for the first link into it, which goes to the nearest of them: what the swaps of some minutes find. */
const nearTries = 12
/** Others that are tried for any further link into a bucket. */
const tries = 8

export interface PlanOptions {
  /** In ascending order of their ids. */
  readonly contacts: readonly Contact[]
  readonly random: RandomSource
  /** Links that a peer tries to have. */
  readonly target: number
  readonly canLink: (a: number, b: number) => boolean
  readonly latencyMs: (a: number, b: number) => number
}

/**
 * The links that core's `LinkPolicy` ends up with when nobody comes or goes: the 8 siblings of each, at both ends; then one into each bucket after
 * the other, from the farthest, until the target is used. The first into a bucket goes to one that is near, as seen by the clock.
 */
export function planLinks(options: PlanOptions): LaidOutLinks {
  const { contacts, target } = options
  const links = new LaidOutLinks(contacts.length)
  if (contacts.length <= target) return meshed(links, options)
  const shared = Uint8Array.from(contacts, ({ id }, i) => (i === 0 ? 0 : contacts[i - 1]!.id.sharedBits(id)))
  for (let i = 0; i < contacts.length; i++) linkSiblings(links, options, shared, i)
  const depth = Math.max(1, Math.ceil(Math.log2(contacts.length / siblings)) + 1)
  for (let round = 0; round < target; round++) {
    let made = 0
    for (let bucket = 0; bucket < depth; bucket++) made += linkBucket(links, options, shared, bucket, round === 0 ? nearTries : tries)
    if (made === 0) break
  }
  return links
}

function meshed(links: LaidOutLinks, { contacts, canLink }: PlanOptions): LaidOutLinks {
  for (let a = 0; a < contacts.length; a++) for (let b = 0; b < a; b++) if (canLink(a, b)) links.add(a, b)
  return links
}

/** The closest that can be linked: looked for outwards from the peer's place in the order of ids, where each step shares as many bits or fewer. */
function linkSiblings(links: LaidOutLinks, { contacts, canLink }: PlanOptions, shared: Uint8Array, i: number): void {
  const self = contacts[i]!.id
  const found: number[] = []
  let [left, right] = [i - 1, i + 1]
  let [bitsLeft, bitsRight] = [left < 0 ? -1 : shared[i]!, right >= contacts.length ? -1 : shared[right]!]
  let farthestBits = keyBits
  while (bitsLeft >= 0 || bitsRight >= 0) {
    const goesLeft = bitsLeft >= bitsRight
    const bits = goesLeft ? bitsLeft : bitsRight
    // A whole subtree is looked at before the next, for within it the order of ids is not that of distances.
    if (found.length >= siblings && bits < farthestBits) break
    const other = goesLeft ? left-- : right++
    if (goesLeft) bitsLeft = left < 0 ? -1 : Math.min(bitsLeft, shared[left + 1]!)
    else bitsRight = right >= contacts.length ? -1 : Math.min(bitsRight, shared[right]!)
    farthestBits = bits
    if (canLink(i, other)) found.push(other)
  }
  found.sort((a, b) => Key.compare(self, contacts[a]!.id, contacts[b]!.id))
  for (const other of found.slice(0, siblings)) links.add(i, other)
}

/** One more link for everybody with room into this bucket: the two halves of each subtree are paired by chance. How many were made. */
function linkBucket(links: LaidOutLinks, options: PlanOptions, shared: Uint8Array, bucket: number, tries: number): number {
  const { contacts } = options
  let made = 0
  for (let from = 0; from < contacts.length;) {
    let middle = -1
    let to = from + 1
    for (; to < contacts.length && shared[to]! >= bucket; to++) if (shared[to] === bucket) middle = to
    // All of a small subtree are siblings.
    if (middle >= 0 && to - from > siblings + 1) made += pair(links, options, [from, middle, to], tries)
    from = to
  }
  return made
}

function pair(links: LaidOutLinks, options: PlanOptions, [from, middle, to]: readonly [number, number, number], tries: number): number {
  const { random, target } = options
  const hasRoom = (i: number) => links.countOf(i) < target
  const halves = [shuffled(range(from, middle).filter(hasRoom), random), shuffled(range(middle, to).filter(hasRoom), random)]
  const [few, many] = halves.sort((a, b) => a.length - b.length) as [number[], number[]]
  if (few.length === 0) return 0
  let made = 0
  for (const [i, one] of many.entries()) {
    if (links.countOf(one) >= target) continue
    const other = bestOf(links, options, one, few, i, tries)
    if (other !== undefined && links.add(one, other)) made += 1
  }
  return made
}

/** Of the next few with room that can be linked the nearest (there are few), else any. */
function bestOf(links: LaidOutLinks, options: PlanOptions, one: number, others: readonly number[], at: number, tries: number) {
  const { canLink, latencyMs, target } = options
  let best: number | undefined
  let bestMs = Infinity
  for (let step = 0; step < Math.min(tries, others.length); step++) {
    const other = others[(at + step) % others.length]!
    if (links.countOf(other) >= Math.min(target, laidOutLinksMax) || !canLink(one, other) || links.isLinked(one, other)) continue
    if (tries < nearTries) return other
    const delayMs = latencyMs(one, other)
    if (delayMs < bestMs) [best, bestMs] = [other, delayMs]
  }
  return best
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

function shuffled(items: number[], random: RandomSource): number[] {
  for (let i = items.length - 1; i > 0; i--) {
    const other = random.below(i + 1)
    const item = items[i]!
    items[i] = items[other]!
    items[other] = item
  }
  return items
}
