import { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'

/** Somebody that a linked peer says it is linked to. */
export interface Neighbour {
  readonly contact: Contact
  /** Whole milliseconds of the round trip between the two; 0: not measured yet. */
  readonly rttMs: number
}

/** What changed in a list since it was last told. Whoever is in `came` and was there already has a new round trip. */
export interface NeighbourChange {
  readonly came: readonly Neighbour[]
  readonly went: readonly Key[]
}

/** Round trips that differ by less than this share of the greater one are told as the same. */
const rttShare = 0.3

/**
 * Whom one peer is linked to. Immutable, so that all who were told may share it; the first 32 bits of the ids lie side by side, for a peer
 * looks through a thousand of them to find one next hop.
 */
export class NeighbourList {
  static readonly empty = new NeighbourList([])
  readonly all: readonly Neighbour[]
  /** The first 32 bits of each one's id, as `Key.head`. */
  readonly heads: Int32Array
  /** The last change that was asked for, and what came of it: where messages pass by reference all who are told of a change end up with one list. */
  #next: { readonly change: NeighbourChange; readonly list: NeighbourList } | undefined

  constructor(all: readonly Neighbour[]) {
    this.all = all
    this.heads = Int32Array.from(all, ({ contact }) => contact.id.head)
  }

  /** The list after a change, cut off at `max` entries. */
  changed(change: NeighbourChange, max: number): NeighbourList {
    if (this.#next?.change === change) return this.#next.list
    const over = new Set([...change.went, ...change.came.map(({ contact }) => contact.id)].map(({ hex }) => hex))
    const kept = over.size > 0 ? this.all.filter(({ contact }) => !over.has(contact.id.hex)) : this.all
    const list = new NeighbourList([...kept, ...change.came].slice(0, max))
    this.#next = { change, list }
    return list
  }

  /** What to tell somebody who was told this list, so that it has the next; undefined: nothing worth a message. */
  changeTo(next: NeighbourList): NeighbourChange | undefined {
    if (next === this) return undefined
    const before = new Map(this.all.map((one) => [one.contact.id.hex, one]))
    const came = next.all.filter((one) => !isTold(before.get(one.contact.id.hex), one))
    const after = new Set(next.all.map(({ contact }) => contact.id.hex))
    const went = this.all.filter(({ contact }) => !after.has(contact.id.hex)).map(({ contact }) => contact.id)
    return came.length + went.length > 0 ? { came, went } : undefined
  }

  /** The entry of this peer. */
  find(id: Key): Neighbour | undefined {
    const { head } = id
    const heads = this.heads
    for (let i = 0; i < heads.length; i++) if (heads[i] === head && this.all[i]!.contact.id.equals(id)) return this.all[i]
    return undefined
  }
}

function isTold(before: Neighbour | undefined, now: Neighbour): boolean {
  if (!before) return false
  if (before.rttMs === 0 || now.rttMs === 0) return before.rttMs === now.rttMs
  return Math.abs(before.rttMs - now.rttMs) <= rttShare * Math.max(before.rttMs, now.rttMs)
}
