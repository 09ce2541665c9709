import { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import type { RoutingTable } from '../links/routing-table.js'
import { replicas } from '../wire/message.js'
import { type Held, isCloser } from './held.js'
import { farOffBits, type ReplicaView } from './replica-view.js'

/** Besides the closest, any other replica does the same with this chance: a closest one that lies must not have the last word. */
const doubleCheckShare = 1 / 16
/** The first time with this one: nobody but the one whom its writer's path ended at has seen to it that all have it. */
const firstDoubleCheckShare = 1 / 3
/** Of the replicas, the closest that must say they have a record before one that is none of them any more drops it. They see to the others. */
export const proofsNeeded = 3
/** Of eight replicas the farthest seldom shares so many bits less with the key as one of the closest. */
const asNearBits = 3
const nobody: readonly Contact[] = []

/** Who is responsible for a record by what this peer knows, and what of that is its own turn. */
export class Duty {
  readonly #table: RoutingTable
  readonly #view: ReplicaView
  readonly #share: () => number

  /** `share` answers with a random number from 0 up to 1. */
  constructor(table: RoutingTable, view: ReplicaView, share: () => number) {
    this.#table = table
    this.#view = view
    this.#share = share
  }

  /** The other replicas of a key: one fewer when this peer is one of them itself. */
  replicasOf(key: Key): Contact[] {
    return this.amongReplicas(key, this.#view.closest(key, replicas))
  }

  /** The same, of those that count and are closest to it. */
  amongReplicas(key: Key, alive: readonly Contact[]): Contact[] {
    const last = alive[replicas - 1]
    const selfIsOne = !this.isLeaf && (!last || Key.compare(key, this.#table.self, last.id) < 0)
    return alive.slice(0, selfIsOne ? replicas - 1 : replicas)
  }

  /** Whether a peer is about as near to the key as this one, or nearer. */
  isAsNear(key: Key, id: Key): boolean {
    return key.sharedBits(id) >= key.sharedBits(this.#table.self) - asNearBits
  }

  /** Whether others see to this record, as `ReplicaView.isFarOff` says, for a peer that does not know its own siblings yet: by those of linked peers. */
  isFarOffByLists(key: Key): boolean {
    return this.#table.self.sharedBits(key) < this.#table.siblingBitsToExpect - farOffBits
  }

  /** Whether this peer knows its surroundings: its siblings have said whom they are linked to, and none of those is closer than they are. */
  get isWhole(): boolean {
    const { self } = this.#table
    const haveTold = this.#table.siblings().every(({ neighbours }) => neighbours.contacts.length > 0)
    return haveTold && this.#table.closestAlive(self, replicas).every(({ id }) => this.#table.linkTo(id) !== undefined)
  }

  get isLeaf(): boolean {
    return this.#table.role === 'leaf'
  }

  /** Whether this peer does not even know who is responsible: it left when the overlay was smaller, or was given the record by mistake. */
  isMisplaced({ key, own }: Held): boolean {
    return !own && !this.isLeaf && this.#view.isFarOff(key)
  }

  /** Those of the replicas that it is this peer's turn to ask whether they have the record. */
  doubtful(held: Held): readonly Contact[] {
    const { self } = this.#table
    // What a leaf still has is its own, which it writes anew itself; so is what is far off, and whom it would take for replicas there are not the closest.
    if (this.isLeaf || this.#view.isFarOff(held.key)) return nobody
    const responsible = this.replicasOf(held.key)
    const [closest, second] = responsible.filter(({ id }) => this.#view.isTrusted(id))
    if (isCloser(held.key, self, closest)) return responsible
    if (responsible.length === replicas) {
      // This peer is none of them any more. At the next round it asks, if it still is none, and at the one after the record may go.
      // What has just come may have been brought to the wrong peers, by somebody who lied to its writer: those who should have it are asked at once.
      const { proved } = held
      if (!proved && !held.own) held.proved = new Set()
      if (held.isFresh) return responsible
      return proved ? responsible.slice(0, proofsNeeded).filter(({ id }) => !proved.has(id.hex)) : nobody
    }
    held.proved = undefined
    if (this.#share() < (held.isFresh ? firstDoubleCheckShare : doubleCheckShare)) return responsible
    // The closest may be the one that has it not, and everybody leaves the repair to it: the next closest sees to that. At the first time all do, for
    // whoever brought it may have known but a part of the overlay, and none of the closest.
    return closest && (held.isFresh || isCloser(held.key, self, second)) ? [closest] : nobody
  }

  /** Whether a record may go that this peer is no replica of any more. */
  isDone({ key, proved }: Held): boolean {
    if (!proved || proved.size < proofsNeeded) return false
    const responsible = this.replicasOf(key)
    const proofs = responsible.slice(0, proofsNeeded)
    return responsible.length === replicas && proofs.every(({ id }) => proved.has(id.hex) && this.#view.isTrusted(id))
  }

  /** The peer that becomes responsible when this one is gone; where there are few, all that lack the record. */
  heirs(held: Held): readonly Contact[] {
    const alive = this.#view.closest(held.key, replicas)
    const heir = alive[replicas - 1]
    const responsible = !heir || Key.compare(held.key, this.#table.self, heir.id) < 0
    if (!responsible) return []
    return heir ? [heir] : alive.filter(({ id }) => !held.settled.has(id.hex))
  }
}
