import type { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import { LateMap } from '../late-map.js'
import { type RoutingTable, vouchersNeeded } from '../links/routing-table.js'
import { replicas } from '../wire/message.js'

/** A peer that answered counts for this long although only one link names it: two rounds of comparing. */
export const provenMs = 1_500_000
/** A peer that no push reaches counts for nothing this long, unless it is linked or answers: lists that name it wrongly are right again by then, or were lies. */
export const disbelievedMs = 600_000
/** Peers remembered for having answered, or not: the oldest make room. */
export const rememberedMax = 1_024
/** Peers looked at around a key at most: two hostile lists, full of peers that are not there. */
const lookedAtMax = 192

const nobody: readonly Contact[] = []

/** What a live peer is to the records near it. `counted`: one of their replicas, if it is near enough; `unproven`: only one link names it, so it may be made up. */
export type Standing = 'counted' | 'unproven' | 'none'

interface Learnt {
  readonly isThere: boolean
  readonly untilMs: number
}

/** The peers around a key, the closest first. */
export interface Around {
  readonly counted: readonly Contact[]
  /** No farther than the last that counts, and no more than may be tried. */
  readonly unproven: readonly Contact[]
}

/** A record whose key shares more bits less than this with this peer than its farthest sibling has 32 to 64 peers that are closer. */
export const farOffBits = 2

/**
 * Whom this peer takes for replicas. Any linked peer may list peers that do not exist right beside a key; so an unlinked peer counts only when two links name it,
 * or when it has answered.
 * Invariants: 1. a linked full peer counts, a linked leaf does not; 2. one that is named by one link alone counts only while it is proven; 3. one that is disbelieved does not.
 */
export class ReplicaView {
  readonly #table: RoutingTable
  /** What was learnt of peers, by the hex of their id, the oldest first. */
  readonly #learnt = new LateMap<string, Learnt>()

  constructor(table: RoutingTable) {
    this.#table = table
  }

  /** It answered a push or a comparison. */
  answered({ hex }: Key, nowMs: number): void {
    this.#learn(hex, { isThere: true, untilMs: nowMs + provenMs })
  }

  /** Nothing reaches it. */
  unreached({ hex }: Key, nowMs: number): void {
    this.#learn(hex, { isThere: false, untilMs: nowMs + disbelievedMs })
  }

  /** Forgets what is over its time, and says of whom, by the hex of their ids. */
  tick(nowMs: number): readonly string[] {
    const over: string[] = []
    for (const [hex, { untilMs }] of this.#learnt) if (untilMs <= nowMs) over.push(hex)
    for (const hex of over) this.#learnt.delete(hex)
    return over
  }

  /** Whether it is linked, or has answered: what repairs lean on. */
  isTrusted(id: Key): boolean {
    return this.#table.linkTo(id) !== undefined || this.#learnt.get(id.hex)?.isThere === true
  }

  /**
   * Whether others see to this record, and this peer has it from before: it lies so far beyond the siblings, which are linked and so are there, that it is no concern of
   * this peer's. Whom it would take for replicas there are mostly others like itself, and each of them would go on to push it.
   */
  isFarOff(key: Key): boolean {
    const farthest = this.#table.fullLinks()[replicas - 1]
    return farthest !== undefined && this.#table.self.sharedBits(key) < farthest.bucket - farOffBits
  }

  /** What it is; this peer itself is nothing to its own records. */
  standing(id: Key): Standing {
    if (id.equals(this.#table.self)) return 'none'
    const link = this.#table.linkTo(id)
    if (link) return link.role === 'full' ? 'counted' : 'none'
    const vouchers = this.#table.vouchersOf(id)
    return vouchers > 0 ? this.#unlinked(id, vouchers >= vouchersNeeded) : 'none'
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
      const isAll = counted.length >= count || nearest.length < lookedAt || lookedAt >= lookedAtMax
      if (isAll) return { counted, unproven: unproven.length > 0 ? unproven : nobody }
    }
  }

  #unlinked(id: Key, isVouchedFor: boolean): Standing {
    const isThere = this.#learnt.get(id.hex)?.isThere
    if (isThere === undefined) return isVouchedFor ? 'counted' : 'unproven'
    return isThere ? 'counted' : 'none'
  }

  #learn(hex: string, learnt: Learnt): void {
    this.#learnt.keep(hex, learnt, rememberedMax)
  }
}
