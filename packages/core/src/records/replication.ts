import { Key } from '../keys/key.js'
import { replicas } from '../wire/message.js'
import type { Contact } from '../keys/public-key.js'
import { closest, type RoutingTable } from '../links/routing-table.js'

/** Changes of the surroundings within this time are answered together. */
export const settleMs = 2_000
/** Every record is offered anew to all its replicas this often, by the closest of them: mends what pushes missed. */
export const repairEveryMs = 600_000
/** The first time this soon: a writer may have missed a replica that was slow to answer, or have gone before it was through. */
export const firstRepairMs = 20_000
/** Records looked over in one go: the rest follows at once, in the next. */
export const lookedOverMax = 256
/** Milliseconds between two such goes. */
export const goGapMs = 50

/** A holder that goes within this time of a change may have been gone before it pushed: a crash is noticed within half a minute. */
export const trustMs = 60_000
/** Live peers looked at around a record: its replicas, and as many that may still hold it from before. */
const nearestCount = 2 * replicas

export type ReplicationEvent =
  /** A record is kept here now. `elsewhere`: whoever stored it stored it at all its replicas; else (restored from disk) nobody else is known to have it. */
  | { type: 'kept'; id: string; key: Key; elsewhere: boolean }
  | { type: 'dropped'; id: string }
  /** A link came or went, or a linked peer told of its neighbours. */
  | { type: 'changed' }
  | { type: 'pushed'; id: string; to: Key }
  | { type: 'notPushed'; id: string; to: Key }
  /** This peer goes: hand over. */
  | { type: 'leaving' }
  | { type: 'woke' }

export interface ReplicationEffect {
  readonly type: 'push'
  readonly id: string
  readonly to: Contact
}

interface Held {
  readonly id: string
  readonly key: Key
  /** The peers believed to hold this version, by the hex of their id. */
  settled: Set<string>
  /** Peers counted as settled only because a closer holder is to push to them: by the hex of their id, the holder's, and until when that is in doubt. */
  readonly entrusted: Map<string, { readonly to: string; readonly untilMs: number }>
  /** The live peers that were closest to it when it was last looked over; undefined: it is to be looked over whatever changes. */
  nearest: readonly Contact[] | undefined
  repairAtMs: number
}

/**
 * Keeps every record on the `replicas` peers closest to its key while peers come and go: whoever becomes responsible gets it pushed by
 * the closest of those that hold it. All holders see the same change, and all but the closest trust it to push, while it lives; the repair mends where that was wrong.
 * Invariants: 1. what is pushed was kept here; 2. a record is pushed to a peer again only when a push failed, it changed, or at a repair.
 */
export class Replication {
  readonly #table: RoutingTable
  readonly #share: () => number
  readonly #held = new Map<string, Held>()
  /** Who was alive when the records were last looked over. */
  #alive: ReadonlyMap<string, Contact> = new Map()
  #toDo: Held[] = []
  /** Something changed while `#toDo` was being worked off. */
  #changedMeanwhile = false
  #dueMs: number | undefined

  /** `share` answers with a random number from 0 up to 1: repairs of different peers must not coincide. */
  constructor(table: RoutingTable, share: () => number) {
    this.#table = table
    this.#share = share
  }

  handle(event: ReplicationEvent, nowMs: number): ReplicationEffect[] {
    switch (event.type) {
      case 'kept': {
        const { id, key } = event
        const settled = new Set(event.elsewhere ? this.#replicasOf(key).map((contact) => contact.id.hex) : [])
        this.#held.set(id, { id, key, settled, entrusted: new Map(), nearest: undefined, repairAtMs: this.#later(firstRepairMs, nowMs) })
        if (!event.elsewhere) this.#dueMs ??= nowMs + settleMs
        return []
      }
      case 'dropped':
        this.#held.delete(event.id)
        return []
      case 'changed':
        this.#changedMeanwhile = this.#toDo.length > 0
        this.#dueMs ??= nowMs + settleMs
        return []
      case 'pushed':
        this.#held.get(event.id)?.settled.add(event.to.hex)
        return []
      case 'notPushed': {
        const held = this.#held.get(event.id)
        if (held?.settled.delete(event.to.hex)) held.nearest = undefined
        return []
      }
      case 'leaving':
        return [...this.#held.values()].slice(0, lookedOverMax).flatMap((held) => this.#handOver(held))
      case 'woke':
        return this.#woke(nowMs)
    }
  }

  get wakeAtMs(): number | undefined {
    let earliest = this.#dueMs
    if (this.#table.linkCount === 0) return undefined
    for (const { repairAtMs } of this.#held.values()) if (earliest === undefined || repairAtMs < earliest) earliest = repairAtMs
    return earliest
  }

  #woke(nowMs: number): ReplicationEffect[] {
    if (this.#table.linkCount === 0) return []
    const effects: ReplicationEffect[] = []
    for (const held of this.#held.values()) if (held.repairAtMs <= nowMs) effects.push(...this.#repair(held, nowMs))
    if (this.#dueMs === undefined || nowMs < this.#dueMs) return effects
    if (this.#toDo.length === 0) this.#toDo = this.#affected()
    for (const held of this.#toDo.splice(0, lookedOverMax)) if (this.#held.get(held.id) === held) effects.push(...this.#lookOver(held, nowMs))
    this.#dueMs = this.#toDo.length > 0 ? nowMs + goGapMs : this.#changedMeanwhile ? nowMs + settleMs : undefined
    if (this.#toDo.length === 0) this.#changedMeanwhile = false
    return effects
  }

  /** The records near which somebody came or went since the last time: a change far away is none of theirs. */
  #affected(): Held[] {
    if (this.#held.size === 0) return []
    const before = this.#alive
    const alive = this.#table.alive()
    this.#alive = alive
    const came = [...alive.values()].filter(({ id }) => !before.has(id.hex))
    const went = [...before.values()].filter(({ id }) => !alive.has(id.hex))
    return [...this.#held.values()].filter(({ key, nearest }) => {
      const farthest = nearest?.at(-1)
      if (!nearest || !farthest) return true
      const isNear = ({ id }: Contact) => nearest.length < nearestCount || Key.compare(key, id, farthest.id) <= 0
      return came.some(isNear) || went.some(isNear)
    })
  }

  #lookOver(held: Held, nowMs: number): ReplicationEffect[] {
    this.#doubt(held, nowMs)
    const nearest = closest(held.key, this.#alive.values(), nearestCount, ({ id }) => id)
    held.nearest = nearest
    const responsible = this.#amongReplicas(held.key, nearest)
    const missing = responsible.filter(({ id }) => !held.settled.has(id.hex))
    const closestHolder = nearest.find(({ id }) => held.settled.has(id.hex))
    held.settled = new Set(nearest.filter(({ id }) => held.settled.has(id.hex)).map(({ id }) => id.hex))
    for (const { id } of missing) held.settled.add(id.hex)
    const othersTurn = closestHolder && Key.compare(held.key, closestHolder.id, this.#table.self) < 0
    if (!othersTurn) return missing.map((to) => ({ type: 'push', id: held.id, to }))
    for (const { id } of missing) held.entrusted.set(id.hex, { to: closestHolder.id.hex, untilMs: nowMs + trustMs })
    return []
  }

  /** Takes back that a peer is settled when the holder that was to push to it has gone meanwhile. */
  #doubt({ entrusted, settled }: Held, nowMs: number): void {
    for (const [hex, { to, untilMs }] of entrusted) {
      if (untilMs > nowMs && this.#alive.has(to)) continue
      entrusted.delete(hex)
      if (untilMs > nowMs) settled.delete(hex)
    }
  }

  #repair(held: Held, nowMs: number): ReplicationEffect[] {
    held.repairAtMs = this.#later(repairEveryMs, nowMs)
    const responsible = this.#replicasOf(held.key)
    const isCloser = (other: Contact | undefined) => other === undefined || Key.compare(held.key, this.#table.self, other.id) < 0
    const [closest, second] = responsible
    if (isCloser(closest)) return responsible.map((to) => ({ type: 'push', id: held.id, to }))
    // The closest may be the one that has it not, and everybody leaves the repair to it: the next closest sees to that.
    return closest && isCloser(second) ? [{ type: 'push', id: held.id, to: closest }] : []
  }

  /** To the peer that becomes responsible when this one is gone. */
  #handOver(held: Held): ReplicationEffect[] {
    const alive = this.#table.closestAlive(held.key, replicas)
    const heir = alive[replicas - 1]
    const responsible = !heir || Key.compare(held.key, this.#table.self, heir.id) < 0
    if (!responsible) return []
    if (heir) return [{ type: 'push', id: held.id, to: heir }]
    return alive.filter(({ id }) => !held.settled.has(id.hex)).map((to) => ({ type: 'push', id: held.id, to }))
  }

  #replicasOf(key: Key): Contact[] {
    return this.#amongReplicas(key, this.#table.closestAlive(key, replicas))
  }

  /** The other replicas: one fewer when this peer is one of them itself. */
  #amongReplicas(key: Key, alive: readonly Contact[]): Contact[] {
    const last = alive[replicas - 1]
    const selfIsOne = !last || Key.compare(key, this.#table.self, last.id) < 0
    return alive.slice(0, selfIsOne ? replicas - 1 : replicas)
  }

  #later(periodMs: number, nowMs: number): number {
    return nowMs + periodMs * (0.75 + this.#share() / 2)
  }
}
