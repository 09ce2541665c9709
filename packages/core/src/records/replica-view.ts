import type { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import { LateMap } from '../late-map.js'
import { type RoutingTable, vouchersNeeded } from '../links/routing-table.js'
import { replicas } from '../wire/message.js'

/** A peer that answered counts for this long although only one link names it: two rounds of comparing. */
export const provenMs = 1_500_000
/** A peer that no push reaches counts for nothing this long, unless it is linked or answers: lists that name it wrongly are right again by then, or were lies. */
export const disbelievedMs = 600_000
/** Peers remembered for having answered, and as many for not having: the oldest make room. */
export const rememberedMax = 1_024
/** Peers looked at around a key at most: two hostile lists, full of peers that are not there. */
const lookedAtMax = 192

/** What a live peer is to the records near it. `counted`: one of their replicas, if it is near enough; `unproven`: only one link names it, so it may be made up. */
export type Standing = 'counted' | 'unproven' | 'none'

/** The peers around a key, the closest first. */
export interface Around {
  readonly counted: readonly Contact[]
  /** No farther than the last that counts, and no more than may be tried. */
  readonly unproven: readonly Contact[]
}

/**
 * Whom this peer takes for replicas. Any linked peer may list peers that do not exist right beside a key; so an unlinked peer counts only when two links name it,
 * or when it has answered.
 * Invariants: 1. a linked full peer counts, a linked leaf does not; 2. one that is named by one link alone counts only while it is proven; 3. one that is disbelieved does not.
 */
export class ReplicaView {
  readonly #table: RoutingTable
  /** Until when, by the hex of the id, the oldest first. */
  readonly #proven = new LateMap<string, number>()
  readonly #disbelieved = new LateMap<string, number>()

  constructor(table: RoutingTable) {
    this.#table = table
  }

  /** It answered a push or a comparison. */
  answered({ hex }: Key, nowMs: number): void {
    this.#disbelieved.delete(hex)
    remember(this.#proven, hex, nowMs + provenMs)
  }

  /** Nothing reaches it. */
  unreached({ hex }: Key, nowMs: number): void {
    this.#proven.delete(hex)
    remember(this.#disbelieved, hex, nowMs + disbelievedMs)
  }

  /** Forgets what is over its time. */
  tick(nowMs: number): void {
    for (const map of [this.#proven, this.#disbelieved]) {
      for (const [hex, untilMs] of map) {
        if (untilMs > nowMs) break
        map.delete(hex)
      }
    }
  }

  /** Whether it is linked, or has answered: what repairs lean on. */
  isTrusted(id: Key): boolean {
    return this.#table.linkTo(id) !== undefined || this.#proven.has(id.hex)
  }

  standing(id: Key): Standing {
    const link = this.#table.linkTo(id)
    if (link) return link.role === 'full' ? 'counted' : 'none'
    return this.#table.isAlive(id) ? this.#unlinked(id, this.#table.isVouchedFor(id)) : 'none'
  }

  /** The replicas of a key, as far as they are other peers: `count` at most. */
  closest(key: Key, count: number): Contact[] {
    return this.around(key, count).counted.slice(0, count)
  }

  /** The `count` closest that count, and those among them that may be made up. */
  around(key: Key, count: number): Around {
    for (let lookedAt = count + replicas; ; lookedAt *= 2) {
      const nearest = this.#table.closestNamed(key, lookedAt)
      const counted: Contact[] = []
      const unproven: Contact[] = []
      for (const { contact, namedBy } of nearest) {
        if (counted.length >= count) break
        const standing = this.#table.linkTo(contact.id) ? 'counted' : this.#unlinked(contact.id, namedBy >= vouchersNeeded)
        if (standing === 'counted') counted.push(contact)
        else if (standing === 'unproven' && unproven.length < replicas) unproven.push(contact)
      }
      if (counted.length >= count || nearest.length < lookedAt || lookedAt >= lookedAtMax) return { counted, unproven }
    }
  }

  #unlinked(id: Key, isVouchedFor: boolean): Standing {
    if (this.#disbelieved.has(id.hex)) return 'none'
    return isVouchedFor || this.#proven.has(id.hex) ? 'counted' : 'unproven'
  }
}

function remember(map: LateMap<string, number>, hex: string, untilMs: number): void {
  map.delete(hex)
  map.set(hex, untilMs)
  const [oldest] = map.keys()
  if (map.size > rememberedMax && oldest !== undefined) map.delete(oldest)
}
