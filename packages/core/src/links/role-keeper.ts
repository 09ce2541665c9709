import type { FreshIds } from '../fresh-ids.js'
import { type PeerRole, replicas } from '../wire/message.js'
import type { RoutingTable } from './routing-table.js'

/** A peer is a leaf only while this many others serve: fewer could not keep a record at `replicas` peers without it. */
export const othersServingMin = replicas
/** From the wish to be a leaf to being one, times 0.5 to 1.5: of several that wish it at once, the last must hear of the first. */
export const stepDownDelayMs = 2_000
/** From the loss of others that serve to serving again, times 0.5 to 1.5, for the same reason. */
export const stepUpDelayMs = 1_000

export type RoleKeeperEvent =
  /** What this peer would rather be. */
  | { type: 'wished'; role: PeerRole }
  /** Others came or went, or serve no longer. */
  | { type: 'changed' }
  | { type: 'woke' }

/**
 * Whether this peer serves (`full`) or only takes part for itself (`leaf`). See docs/decisions/0010.
 * Invariants: 1. who wishes to serve does so at once; 2. who wishes to be a leaf is one only while `othersServingMin` others are known to serve.
 */
export class RoleKeeper {
  readonly #table: RoutingTable
  readonly #chance: Pick<FreshIds, 'share'>
  #wish: PeerRole = 'full'
  #dueMs: number | undefined

  constructor(table: RoutingTable, chance: Pick<FreshIds, 'share'>) {
    this.#table = table
    this.#chance = chance
  }

  /** The role that is to be taken now; undefined: the same as before. */
  handle(event: RoleKeeperEvent, nowMs: number): PeerRole | undefined {
    if (event.type === 'wished') {
      this.#wish = event.role
      this.#dueMs = undefined
    }
    const isLeaf = this.#wish === 'leaf' && this.#table.serving >= othersServingMin
    const role = isLeaf ? 'leaf' : 'full'
    if (role === this.#table.role) {
      this.#dueMs = undefined
      return undefined
    }
    if (this.#wish === 'full') return role
    this.#dueMs ??= nowMs + (role === 'leaf' ? stepDownDelayMs : stepUpDelayMs) * (0.5 + this.#chance.share())
    if (event.type !== 'woke' || nowMs < this.#dueMs) return undefined
    this.#dueMs = undefined
    return role
  }

  /** Undefined: waiting for nothing. */
  get wakeAtMs(): number | undefined {
    return this.#dueMs
  }
}
