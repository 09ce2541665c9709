import { LateMap } from '../late-map.js'
import { Key } from '../keys/key.js'
import type { KeptRecord } from './kept-record.js'
import { printPublicKey } from '../keys/public-key.js'
import { compareRecords } from './record.js'
import { Shelf } from './shelf.js'
import type { QuotaName, StoreQuotas } from './store-quotas.js'

/** What must go so that a record can come, or the quota that leaves no room for it. */
export type RoomPlan =
  | { readonly type: 'room'; readonly victims: readonly KeptRecord[] }
  | { readonly type: 'full'; readonly quota: QuotaName }

/**
 * The share of the whole store, one part in so many, from which whoever contributed it counts as great. Below it all are equal, so that few records of many
 * publishers have no advantage over several of one; and at most so many can be great.
 */
const greatShare = 32

/**
 * The room of one store: what each group of records takes, and who goes when it overflows. What is over its time goes first. When all is full, those who contributed
 * most give way: first the peers that brought the most, of what they brought the most by one publisher, of that the farthest from `self`.
 * Whose shares are within a factor of two are equals: among them, as among those below `greatShare`, and in every other group, the farthest goes; under one key, the oldest.
 * This peer's own records never go.
 */
export class StoreRoom {
  readonly #quotas: StoreQuotas
  /** By the group's name; what a peer brought of one publisher is a group, too. */
  readonly #shelves = new LateMap<string, Shelf>()
  /** Groups of peers, and of publishers with one peer, that are great. */
  readonly #great = new LateMap<string, Contribution>()
  /** What is over its time soonest comes first. */
  readonly #byTime = new Shelf((a, b) => a.dropUnixS - b.dropUnixS)
  readonly #compareWorth: (a: KeptRecord, b: KeptRecord) => number

  constructor(self: Key, quotas: StoreQuotas) {
    this.#quotas = quotas
    this.#compareWorth = (a, b) => compareWorth(self, a, b)
  }

  /** Notes that a record is kept. */
  add(kept: KeptRecord): void {
    for (const { name } of groupsOf(kept)) {
      let shelf = this.#shelves.get(name)
      if (!shelf) this.#shelves.set(name, (shelf = new Shelf(this.#compareWorth)))
      shelf.add(kept)
    }
    this.#weigh(kept)
    if (!isOwn(kept)) this.#byTime.add(kept)
  }

  /** Notes that a record is gone. */
  remove(kept: KeptRecord): void {
    for (const { name } of groupsOf(kept)) {
      const shelf = this.#shelves.get(name)
      shelf?.remove(kept)
      if (shelf?.records === 0) this.#shelves.delete(name)
    }
    this.#weigh(kept)
    if (!isOwn(kept)) this.#byTime.remove(kept)
  }

  /** How `incoming` finds room among what is `kept`; the version it replaces does not count. One that would be the first to go is not let in. */
  plan(incoming: KeptRecord, kept: ReadonlyMap<string, KeptRecord>, unixS: number): RoomPlan {
    const victims = new Set<KeptRecord>()
    const before = kept.get(incoming.id)
    for (const { quota, name } of groupsOf(incoming)) {
      if (!quota) continue
      let { records, bytes } = this.#shelves.get(name) ?? empty
      records += 1
      bytes += incoming.bytes
      for (const gone of before ? [before, ...victims] : victims) {
        if (!belongs(gone, name)) continue
        records -= 1
        bytes -= gone.bytes
      }
      while (records > this.#quotas[quota].records || bytes > this.#quotas[quota].bytes) {
        const isLeft = (other: KeptRecord) => other.id !== incoming.id && !victims.has(other)
        const victim = quota === 'own' ? incoming : this.#victim(incoming, quota, name, isLeft, unixS)
        if (victim === incoming) return { type: 'full', quota }
        victims.add(victim)
        records -= 1
        bytes -= victim.bytes
      }
    }
    return { type: 'room', victims: [...victims] }
  }

  #victim(incoming: KeptRecord, quota: QuotaName, name: string, isLeft: (kept: KeptRecord) => boolean, unixS: number): KeptRecord {
    const over = this.#byTime.first((kept) => kept.dropUnixS > unixS || (isLeft(kept) && belongs(kept, name)))
    if (over && over.dropUnixS <= unixS) return over
    const peers = quota === 'total' ? this.#greatest('peer', undefined, incoming) : quota === 'peer' ? [name] : []
    const piles = peers.flatMap((peer) => {
      const publishers = this.#greatest('publisher', peer, incoming)
      return publishers.length > 0 ? publishers : [peer]
    })
    return this.#leastWorthy(piles, incoming, isLeft) ?? this.#leastWorthy([name], incoming, isLeft) ?? incoming
  }

  /** The least worthy of these groups, `incoming` among them if it belongs there. */
  #leastWorthy(names: readonly string[], incoming: KeptRecord, isLeft: (kept: KeptRecord) => boolean): KeptRecord | undefined {
    let least: KeptRecord | undefined
    for (const name of names) {
      const first = belongs(incoming, name) ? incoming : undefined
      for (const one of [first, this.#shelves.get(name)?.first(isLeft)])
        if (one && (!least || this.#compareWorth(one, least) < 0)) least = one
    }
    return least
  }

  /** The names of the greatest: of peers, or of publishers with one peer. What is about to come counts already. */
  #greatest(of: Contribution['of'], peer: string | undefined, incoming: KeptRecord): string[] {
    const sizes = new Map<string, number>()
    for (const [name, contribution] of this.#great)
      if (contribution.of === of && (of === 'peer' || contribution.peer === peer)) sizes.set(name, contribution.size)
    for (const contribution of contributionsOf(incoming)) {
      if (contribution.of !== of || (of === 'publisher' && contribution.peer !== peer)) continue
      const size = this.#sizeOf(contribution.name, incoming)
      if (size > 0) sizes.set(contribution.name, size)
    }
    const greatest = Math.max(...sizes.values())
    return [...sizes.keys()].filter((name) => sizes.get(name) === greatest)
  }

  #weigh(kept: KeptRecord): void {
    for (const { of, name, peer } of contributionsOf(kept)) {
      const size = this.#sizeOf(name)
      if (size > 0) this.#great.set(name, { of, peer, size })
      else this.#great.delete(name)
    }
  }

  /** 0: not great; else one more for each doubling. */
  #sizeOf(name: string, besides?: KeptRecord): number {
    const { records, bytes } = this.#shelves.get(name) ?? empty
    const { total } = this.#quotas
    const share = Math.max((records + (besides ? 1 : 0)) / total.records, (bytes + (besides?.bytes ?? 0)) / total.bytes)
    return Math.max(0, Math.floor(Math.log2(share * greatShare)) + 1)
  }
}

/** What one peer brought, or brought of one publisher. */
interface Contribution {
  readonly of: 'peer' | 'publisher'
  /** The name of the peer's group. */
  readonly peer: string
  readonly size: number
}

const empty = { records: 0, bytes: 0 }

interface Group {
  /** undefined: it is counted, not bounded. */
  readonly quota: QuotaName | undefined
  readonly name: string
}

/** The groups a record belongs to, the narrowest first. */
function groupsOf(kept: KeptRecord): Group[] {
  const { record, from } = kept
  if (isOwn(kept)) return [{ quota: 'own', name: 'own' }]
  const groups: Group[] = []
  if (record.kind === 'open') groups.push({ quota: 'key', name: `key ${record.key.hex}` })
  if (record.kind !== 'content') groups.push({ quota: 'publisher', name: publisherOf(kept) })
  const [peer, publisher] = contributionsOf(kept)
  groups.push({ quota: undefined, name: publisher!.name }, { quota: from && 'peer', name: peer!.name }, { quota: 'total', name: 'total' })
  return groups
}

function contributionsOf(kept: KeptRecord): (Pick<Contribution, 'of' | 'peer'> & { readonly name: string })[] {
  if (isOwn(kept)) return []
  const peer = `peer ${kept.from?.hex ?? 'self'}`
  return [
    { of: 'peer', peer, name: peer },
    { of: 'publisher', peer, name: `${peer} ${publisherOf(kept)}` },
  ]
}

/** Content bears nobody's name: all of it counts as one publisher's. */
function publisherOf({ record }: KeptRecord): string {
  return record.kind === 'content' ? 'publisher nobody' : `publisher ${printPublicKey(record.publicKey)}`
}

function belongs(kept: KeptRecord, group: string): boolean {
  return groupsOf(kept).some(({ name }) => name === group)
}

function isOwn(kept: KeptRecord): boolean {
  return kept.role === 'own'
}

/** Negative: `a` goes before `b`. One order for every group, so that stores near one place that heard the same keep the same. */
function compareWorth(self: Key, a: KeptRecord, b: KeptRecord): number {
  const difference = Key.compare(self, b.record.key, a.record.key)
  if (difference !== 0) return difference
  if (a.record.kind !== b.record.kind) return a.record.kind < b.record.kind ? -1 : 1
  return compareRecords(a.record, b.record)
}
