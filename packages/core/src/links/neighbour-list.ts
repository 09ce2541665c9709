import type { Key } from '../keys/key.js'
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
 * Whom one peer is linked to. Immutable, so that all who were told may share it. What is looked through lies side by side:
 * a peer goes over a thousand ids to find one next hop.
 */
export class NeighbourList {
  static readonly empty = new NeighbourList([])
  readonly contacts: readonly Contact[]
  /** The first 32 bits of each one's id, as `Key.head`. */
  readonly heads: readonly number[]
  /** Round trips in whole milliseconds; 0: not measured yet. */
  readonly rttsMs: readonly number[]
  /** The last change that was asked for, and what came of it: where messages pass by reference all who are told of a change end up with one list. */
  #next: { readonly change: NeighbourChange; readonly list: NeighbourList } | undefined

  constructor(all: readonly Neighbour[]) {
    this.contacts = all.map(({ contact }) => contact)
    this.heads = all.map(({ contact }) => contact.id.head)
    this.rttsMs = all.map(({ rttMs }) => rttMs)
  }

  get all(): Neighbour[] {
    return this.contacts.map((contact, i) => ({ contact, rttMs: this.rttsMs[i]! }))
  }

  /** The list after a change, cut off at `max` entries; of a peer that came twice, the last counts. */
  changed(change: NeighbourChange, max: number): NeighbourList {
    if (this.#next?.change === change) return this.#next.list
    const came = new Map(change.came.map((one) => [one.contact.id.hex, one]))
    const over = new Set([...came.keys(), ...change.went.map(({ hex }) => hex)])
    const kept = this.all.filter(({ contact }) => !over.has(contact.id.hex))
    const list = new NeighbourList([...kept, ...came.values()].slice(0, max))
    this.#next = { change, list }
    return list
  }

  /** What to tell somebody who was told this list, so that it has the next; undefined: nothing worth a message. */
  changeTo(next: NeighbourList): NeighbourChange | undefined {
    if (next === this) return undefined
    const before = new Map(this.contacts.map(({ id }, i) => [id.hex, this.rttsMs[i]!]))
    const came = next.all.filter(({ contact, rttMs }) => !isTold(before.get(contact.id.hex), rttMs))
    const after = new Set(next.contacts.map(({ id }) => id.hex))
    const went = this.contacts.filter(({ id }) => !after.has(id.hex)).map(({ id }) => id)
    return came.length + went.length > 0 ? { came, went } : undefined
  }

  /** The place of this peer in the list; -1: it is not there. */
  placeOf(id: Key): number {
    for (let i = this.heads.indexOf(id.head); i >= 0; i = this.heads.indexOf(id.head, i + 1)) if (this.contacts[i]!.id.equals(id)) return i
    return -1
  }
}

function isTold(beforeMs: number | undefined, nowMs: number): boolean {
  if (beforeMs === undefined) return false
  if (beforeMs === 0 || nowMs === 0) return beforeMs === nowMs
  return Math.abs(beforeMs - nowMs) <= rttShare * Math.max(beforeMs, nowMs)
}
