import { LateMap } from '../late-map.js'
import type { FreshIds } from '../fresh-ids.js'
import type { Key } from '../keys/key.js'
import { replicas } from '../wire/message.js'
import type { RoutingTable } from '../links/routing-table.js'

/** After its first link a newcomer looks at its own surroundings this soon: whom to link to follows from it. */
export const firstLookDelayMs = 500
/** After the siblings changed, one's own surroundings are looked at this soon. */
export const surroundingsDelayMs = 1_500
/** But no sooner than this after the last look, once there are siblings enough: they tell of their neighbours themselves. */
export const surroundingsGapMs = 300_000
/** And this often when nothing changed. */
export const surroundingsEveryMs = 600_000
/** A bucket in which no lookup was made for this long is looked at (Kademlia, section 2.3, has an hour: tabs live shorter). */
export const bucketEveryMs = 1_200_000
/** A bucket in which this many are known, linked or not, needs no look: links come from there, and whoever does not answer is forgotten. */
export const bucketEnough = replicas
/** Once a peer has siblings it looks at its buckets, one after the other, this far apart. */
export const bucketGapMs = 2_000

export type RefreshEvent =
  /** The siblings are others than before. */
  | { type: 'siblingsChanged' }
  /** A lookup for this key ended here: its bucket needs none for a while. */
  | { type: 'lookedUp'; target: Key }
  | { type: 'woke' }

export interface RefreshEffect {
  readonly type: 'look'
  readonly target: Key
}

export type NewRefresh = (table: RoutingTable, ids: FreshIds) => Refresh

/**
 * When to look around: at one's own surroundings while they change, at buckets that went quiet.
 * Invariant: with no link nothing is looked up, for nobody could answer; nor by a leaf.
 */
export class Refresh {
  readonly #table: RoutingTable
  readonly #ids: FreshIds
  readonly #bucketDueMs = new LateMap<number, number>()
  #surroundingsDueMs: number | undefined
  #lookedMs = -Infinity
  #bucketsDueMs: number | undefined

  constructor(table: RoutingTable, ids: FreshIds) {
    this.#table = table
    this.#ids = ids
  }

  handle(event: RefreshEvent, nowMs: number): RefreshEffect[] {
    switch (event.type) {
      case 'siblingsChanged':
        this.#surroundingsDueMs = Math.min(this.#surroundingsDueMs ?? Infinity, this.#soon(nowMs))
        this.#bucketsDueMs ??= nowMs + surroundingsDelayMs + bucketGapMs
        return []
      case 'lookedUp':
        this.#bucketDueMs.set(this.#table.self.sharedBits(event.target), this.#later(bucketEveryMs, nowMs))
        return []
      case 'woke':
        return this.#looksAround ? [...this.#surroundings(nowMs), ...this.#bucket(nowMs)] : []
    }
  }

  get wakeAtMs(): number | undefined {
    if (!this.#looksAround) return undefined
    const dues = [this.#surroundingsDueMs, this.#bucketsDueMs].filter((dueMs) => dueMs !== undefined)
    return dues.length > 0 ? Math.min(...dues) : undefined
  }

  /** A leaf needs no more than the few peers closest to it, who tell it of each other. */
  get #looksAround(): boolean {
    return this.#table.linkCount > 0 && this.#table.role === 'full'
  }

  #surroundings(nowMs: number): RefreshEffect[] {
    if (this.#surroundingsDueMs === undefined || nowMs < this.#surroundingsDueMs) return []
    this.#lookedMs = nowMs
    this.#surroundingsDueMs = this.#later(surroundingsEveryMs, nowMs)
    return [{ type: 'look', target: this.#table.self }]
  }

  #bucket(nowMs: number): RefreshEffect[] {
    if (this.#bucketsDueMs === undefined || nowMs < this.#bucketsDueMs) return []
    const { self } = this.#table
    const farthestSibling = this.#table.siblings()[replicas - 1]
    // Buckets nearer than the farthest sibling hold nobody that is not known.
    const count = farthestSibling ? self.sharedBits(farthestSibling.contact.id) : 0
    let earliestMs = nowMs + bucketEveryMs
    for (let bucket = 0; bucket < count; bucket++) {
      const dueMs = this.#bucketDueMs.get(bucket) ?? nowMs
      if (dueMs <= nowMs) {
        this.#bucketDueMs.set(bucket, this.#later(bucketEveryMs, nowMs))
        if (this.#knownIn(bucket) >= bucketEnough) continue
        this.#bucketsDueMs = nowMs + bucketGapMs
        return [{ type: 'look', target: self.inBucket(bucket, this.#ids.key()) }]
      }
      earliestMs = Math.min(earliestMs, dueMs)
    }
    this.#bucketsDueMs = earliestMs
    return []
  }

  #knownIn(bucket: number): number {
    let count = this.#table.buckets.get(bucket)?.size ?? 0
    for (const link of this.#table.links()) if (link.bucket === bucket) count += 1
    return count
  }

  #soon(nowMs: number): number {
    const delayMs = this.#lookedMs === -Infinity ? firstLookDelayMs : surroundingsDelayMs
    const soonMs = nowMs + delayMs * (0.5 + this.#ids.share())
    return this.#table.linkCount < replicas ? soonMs : Math.max(soonMs, this.#lookedMs + surroundingsGapMs)
  }

  #later(periodMs: number, nowMs: number): number {
    return nowMs + periodMs * (0.75 + this.#ids.share() / 2)
  }
}
