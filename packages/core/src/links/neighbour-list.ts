import type { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import { replicas } from '../wire/message.js'

/** Somebody that a linked peer says it is linked to. */
export interface Neighbour {
  readonly contact: Contact
  /** Whole milliseconds of the round trip between the two; 0: not measured yet. */
  readonly rttMs: number
}

/** What changed in a list since it was last told. Whoever is in `came` and was there already has a new round trip. */
export interface NeighbourChange {
  readonly came: readonly Neighbour[]
  /** By `Key.prefix`. */
  readonly went: readonly string[]
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
  #siblingShare: number | undefined

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
    const known = outcomes.get(change)
    if (known?.before === this) return known.after
    const { came, went } = change
    const isOver = ({ id }: Contact) => went.includes(id.prefix) || came.some(({ contact }) => contact.id.equals(id))
    const last = came.filter(({ contact }, i) => came.findLastIndex((other) => other.contact.id.equals(contact.id)) === i)
    const after = new NeighbourList([...this.all.filter(({ contact }) => !isOver(contact)), ...last].slice(0, max))
    outcomes.set(change, { before: this, after })
    return after
  }

  /** Notes that this change makes this list the next: whoever is told of it by reference, and has this list, shall have that very one. */
  becomes(next: NeighbourList, change: NeighbourChange): void {
    outcomes.set(change, { before: this, after: next })
  }

  /** What to tell somebody who was told this list, so that it has the next; undefined: it has. */
  changeTo(next: NeighbourList): NeighbourChange | undefined {
    if (next === this) return undefined
    const came = next.all.filter(({ contact, rttMs }) => this.#rttMsOf(contact.id) !== rttMs)
    const went = this.contacts.filter(({ id }) => next.placeOf(id) < 0).map(({ id }) => id.prefix)
    return came.length + went.length > 0 ? { came, went } : undefined
  }

  /** The next list as it is worth telling: round trips that are about the same stay as they were. This very list, if there is nothing else. */
  renewed(next: NeighbourList): NeighbourList {
    const all = next.all.map((one) => {
      const beforeMs = this.#rttMsOf(one.contact.id)
      return beforeMs !== undefined && isAboutSame(beforeMs, one.rttMs) ? { contact: one.contact, rttMs: beforeMs } : one
    })
    const list = new NeighbourList(all)
    return this.changeTo(list) ? list : this
  }

  #rttMsOf(id: Key): number | undefined {
    return this.rttsMs[this.placeOf(id)]
  }

  /** The share of the key space, by the first 32 bits, that is as close to the peer whose list this is as the farthest of its siblings; 1: too few are listed. */
  siblingShare(owner: Key): number {
    return (this.#siblingShare ??=
      this.heads
        .map((head) => (((head ^ owner.head) >>> 0) + 1) / 2 ** 32)
        .sort((a, b) => a - b)
        .at(replicas - 1) ?? 1)
  }

  /** The place of this peer in the list; -1: it is not there. */
  placeOf(id: Key): number {
    for (let i = this.heads.indexOf(id.head); i >= 0; i = this.heads.indexOf(id.head, i + 1)) if (this.contacts[i]!.id.equals(id)) return i
    return -1
  }
}

/** What came of a change of a list: where messages pass by reference all who are told of a change end up with one list. */
const outcomes = new WeakMap<NeighbourChange, { readonly before: NeighbourList; readonly after: NeighbourList }>()

function isAboutSame(beforeMs: number, nowMs: number): boolean {
  if (beforeMs === 0 || nowMs === 0) return beforeMs === nowMs
  return Math.abs(beforeMs - nowMs) <= rttShare * Math.max(beforeMs, nowMs)
}
