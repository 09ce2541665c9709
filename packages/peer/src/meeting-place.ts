import { type Contact, contactOf, isInside, type Key } from '@hashtab/core'
import type { Clock } from './ports/clock.js'
import type { MeetingPoint, MeetingPointEvent, MeetingPointState } from './ports/meeting-point.js'
import type { Random } from './ports/random.js'
import type { Signer } from './ports/signer.js'
import type { IceServer } from './ports/transport.js'

/** A peer that is not in yet looks at its meeting points again this often, times 0.5 to 1.5 by its own id, so that not all come at once. */
const lonelyRetryMs = 20_000
/**
 * Somebody of the overlay looks in at the meeting points this often, however large it is: each peer as much more seldom as there are peers.
 * So a server that was restarted, or lost those who stood there, is found again, and so are peers that formed an overlay of their own.
 */
const visitEveryMs = 30_000
/** But no peer more often than this, nor more seldom than that: the size is an estimate, and tabs do not live long. */
const visitMinMs = 120_000
const visitMaxMs = 3_600_000
/** Contacts taken from one message of a meeting point. */
const contactsMax = 64

export type MeetingPlaceEvent =
  | { type: 'met'; point: number; contacts: readonly Contact[] }
  | { type: 'letter'; point: number; letter: Uint8Array }
  | { type: 'drawn'; count: number }
  | { type: 'iceServers'; servers: readonly IceServer[] }
  | { type: 'changed' }

export interface MeetingPointStatus {
  readonly name: string
  readonly state: MeetingPointState
  readonly detail?: string
}

/** All meeting points of a peer, as one: numbered for the overlay, woken when the peer is alone. */
export class MeetingPlace {
  readonly #points: readonly MeetingPoint[]
  readonly #self: Key
  readonly #clock: Clock
  readonly #random: Random
  readonly #states: MeetingPointStatus[]
  readonly #servers = new Map<number, readonly IceServer[]>()
  #retryAtMs: number | undefined
  #visitedMs = 0
  /** From 0.5 to 1.5: this peer's share of all the visits, drawn anew for each. */
  #visitShare = 1
  /** The most peers that a point has named at once. */
  #named = 0

  constructor(points: readonly MeetingPoint[], self: Key, clock: Clock, random: Random) {
    this.#points = points
    this.#self = self
    this.#clock = clock
    this.#random = random
    this.#states = points.map(({ name }) => ({ name, state: 'connecting' }))
  }

  start(signer: Signer, listener: (event: MeetingPlaceEvent) => void): void {
    this.#retryAtMs = this.#clock.nowMs() + this.#retryMs()
    this.#visited(this.#clock.nowMs())
    this.#points.forEach((point, number) => point.start(signer, (event) => this.#told(number, event, listener)))
  }

  /** Whether anybody was ever met. */
  get hasMet(): boolean {
    return this.#named > 0
  }

  get states(): readonly MeetingPointStatus[] {
    return this.#states
  }

  get wakeAtMs(): number | undefined {
    return this.#points.length > 0 ? this.#retryAtMs : undefined
  }

  /** Called now and then, at least as often as `wakeAtMs` says. */
  woke(nowMs: number, links: number, estimatedPeers: number): void {
    if (this.#retryAtMs === undefined || nowMs < this.#retryAtMs) return
    this.#retryAtMs = nowMs + this.#retryMs()
    const everyMs = Math.min(Math.max(visitEveryMs * estimatedPeers, visitMinMs), visitMaxMs)
    if (isInside(links, this.#named) && nowMs < this.#visitedMs + everyMs * this.#visitShare) return
    this.#visited(nowMs)
    this.wake()
  }

  wake(): void {
    for (const point of this.#points) point.wake()
  }

  carry(point: number, to: Key, letter: Uint8Array): void {
    this.#points[point]?.carry(to, letter)
  }

  close(): void {
    for (const point of this.#points) point.close()
  }

  #visited(nowMs: number): void {
    this.#visitedMs = nowMs
    this.#visitShare = 0.5 + this.#random(1)[0]! / 255
  }

  #retryMs(): number {
    return lonelyRetryMs * (0.5 + this.#self.toBytes()[0]! / 255)
  }

  #told(point: number, event: MeetingPointEvent, listener: (event: MeetingPlaceEvent) => void): void {
    switch (event.type) {
      case 'state': {
        const { name } = this.#points[point]!
        this.#states[point] = { name, state: event.state, ...(event.detail !== undefined && { detail: event.detail }) }
        return listener({ type: 'changed' })
      }
      case 'peers': {
        const contacts = event.peers
          .slice(0, contactsMax)
          .map(contactOf)
          .filter(({ id }) => !id.equals(this.#self))
        this.#named = Math.max(this.#named, contacts.length)
        if (contacts.length > 0) listener({ type: 'met', point, contacts })
        return
      }
      case 'letter':
        return listener({ type: 'letter', point, letter: event.letter })
      case 'iceServers':
        this.#servers.set(point, event.servers)
        return listener({ type: 'iceServers', servers: [...this.#servers.values()].flat() })
      case 'draw':
        return listener({ type: 'drawn', count: event.count })
    }
  }
}
