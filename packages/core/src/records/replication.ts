import { Key } from '../keys/key.js'
import { replicas } from '../wire/message.js'
import type { Contact } from '../keys/public-key.js'
import type { RoutingTable } from '../links/routing-table.js'

/** Changes of the surroundings within this time are answered together. */
export const settleMs = 2_000
/** Every record is offered anew to all its replicas this often, by the closest of them: mends what pushes missed. */
export const repairEveryMs = 600_000
/** Records looked over in one go: the rest follows at once, in the next. */
export const lookedOverMax = 256
/** Milliseconds between two such goes. */
export const goGapMs = 50

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
  repairAtMs: number
}

/**
 * Keeps every record on the `replicas` peers closest to its key while peers come and go: whoever becomes responsible gets it pushed by
 * the closest of those that hold it. All holders see the same change, and all but the closest trust it to push; the repair mends where that was wrong.
 * Invariants: 1. what is pushed was kept here; 2. a record is pushed to a peer again only when a push failed, it changed, or at a repair.
 */
export class Replication {
  readonly #table: RoutingTable
  readonly #share: () => number
  readonly #held = new Map<string, Held>()
  #toDo: Held[] = []
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
        this.#held.set(id, { id, key, settled, repairAtMs: this.#nextRepair(nowMs) })
        if (!event.elsewhere) this.#dueMs ??= nowMs + settleMs
        return []
      }
      case 'dropped':
        this.#held.delete(event.id)
        return []
      case 'changed':
        this.#dueMs ??= nowMs + settleMs
        return []
      case 'pushed':
        this.#held.get(event.id)?.settled.add(event.to.hex)
        return []
      case 'notPushed':
        this.#held.get(event.id)?.settled.delete(event.to.hex)
        return []
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
    if (this.#toDo.length === 0) this.#toDo = [...this.#held.values()]
    for (const held of this.#toDo.splice(0, lookedOverMax)) if (this.#held.get(held.id) === held) effects.push(...this.#lookOver(held))
    this.#dueMs = this.#toDo.length > 0 ? nowMs + goGapMs : undefined
    return effects
  }

  #lookOver(held: Held): ReplicationEffect[] {
    const alive = this.#table.closestAlive(held.key, 2 * replicas)
    const responsible = this.#amongReplicas(held.key, alive)
    const missing = responsible.filter(({ id }) => !held.settled.has(id.hex))
    const closestHolder = alive.find(({ id }) => held.settled.has(id.hex))
    held.settled = new Set(alive.filter(({ id }) => held.settled.has(id.hex)).map(({ id }) => id.hex))
    for (const { id } of missing) held.settled.add(id.hex)
    const othersTurn = closestHolder && Key.compare(held.key, closestHolder.id, this.#table.self) < 0
    return othersTurn ? [] : missing.map((to) => ({ type: 'push', id: held.id, to }))
  }

  #repair(held: Held, nowMs: number): ReplicationEffect[] {
    held.repairAtMs = this.#nextRepair(nowMs)
    const responsible = this.#replicasOf(held.key)
    const [closest] = responsible
    if (!closest || Key.compare(held.key, closest.id, this.#table.self) < 0) return []
    return responsible.map((to) => ({ type: 'push', id: held.id, to }))
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

  #nextRepair(nowMs: number): number {
    return nowMs + repairEveryMs * (0.75 + this.#share() / 2)
  }
}
