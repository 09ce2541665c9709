import { LateMap } from '../late-map.js'
import type { Key } from '../keys/key.js'
import type { Link, LinkId, RoutingTable } from './routing-table.js'

/** A link over which nothing came for this long is asked for a sign of life. Transports notice most deaths within half a minute themselves. */
export const idleMs = 120_000
/** Both ends see the silence at the same time; the one with the larger id waits this much longer, so that only one of them asks. */
export const secondIdleMs = 1.25 * idleMs
/** Signs of life that may fail to come before the link is given up. */
export const missesMax = 2
/** After a clock jump of this length (a sleeping laptop, a frozen tab) every link is asked at once. A hidden tab wakes once a minute: that is none. */
export const jumpMs = 90_000

export type LivenessEvent =
  /** It opened: its round trip is measured at once, by the end with the smaller id, which tells the other in its neighbour list. */
  | { type: 'linked'; link: LinkId }
  | { type: 'troubled'; link: LinkId }
  | { type: 'alive'; link: LinkId; rttMs: number }
  | { type: 'silent'; link: LinkId }
  | { type: 'unlinked'; link: LinkId }
  /** This peer stood still for a while: whoever is linked may be gone. */
  | { type: 'resumed' }
  | { type: 'woke' }

export type LivenessEffect =
  | { type: 'ping'; link: LinkId; to: Key }
  | { type: 'giveUp'; link: LinkId }
  /** The clock jumped: links are most likely dead, and whatever waits is old. */
  | { type: 'stoodStill' }

/**
 * Whether the other ends of the links are still there.
 * Invariants: 1. one ping under way per link; 2. a link is given up after `missesMax` pings without an answer, never sooner.
 */
export class Liveness {
  readonly #table: RoutingTable
  /** Links with a ping under way, and how many went unanswered before it. */
  readonly #asked = new LateMap<LinkId, number>()
  #wokeMs: number | undefined
  /** No link is due before this. Found out anew at each wake-up: links that are heard, and new ones, are only due later. */
  #earliestMs: number | undefined

  constructor(table: RoutingTable) {
    this.#table = table
  }

  handle(event: LivenessEvent, nowMs: number): LivenessEffect[] {
    switch (event.type) {
      case 'linked': {
        const link = this.#table.byLinkId(event.link)
        return link && this.#table.self.isBefore(link.contact.id) ? this.#ping(link, 0) : []
      }
      case 'troubled': {
        const link = this.#table.byLinkId(event.link)
        return link ? this.#ping(link, 0) : []
      }
      case 'alive': {
        this.#asked.delete(event.link)
        this.#table.measured(event.link, event.rttMs)
        return []
      }
      case 'silent': {
        const link = this.#table.byLinkId(event.link)
        const misses = (this.#asked.get(event.link) ?? 0) + 1
        this.#asked.delete(event.link)
        if (!link) return []
        return misses >= missesMax ? [{ type: 'giveUp', link: link.link }] : this.#ping(link, misses)
      }
      case 'unlinked':
        this.#asked.delete(event.link)
        return []
      case 'resumed':
      case 'woke': {
        const jumped = this.#wokeMs !== undefined && nowMs - this.#wokeMs > jumpMs
        this.#wokeMs = nowMs
        if (jumped) return [{ type: 'stoodStill' }, ...this.#askAll()]
        if (event.type === 'resumed') return this.#askAll()
        if ((this.wakeAtMs ?? Infinity) > nowMs) return []
        this.#earliestMs = undefined
        return [...this.#table.links()].filter((link) => this.#dueMs(link) <= nowMs).flatMap((link) => this.#ping(link, 0))
      }
    }
  }

  get wakeAtMs(): number | undefined {
    return (this.#earliestMs ??= this.#earliest())
  }

  /** Whoever answers is as good as before; until then, nobody is relied on. */
  #askAll(): LivenessEffect[] {
    this.#earliestMs = undefined
    return [...this.#table.links()].flatMap((link) => {
      link.isSilent = true
      return this.#ping(link, 0)
    })
  }

  #earliest(): number | undefined {
    let earliest: number | undefined
    for (const link of this.#table.links()) {
      const dueMs = this.#dueMs(link)
      if (!this.#asked.has(link.link) && (earliest === undefined || dueMs < earliest)) earliest = dueMs
    }
    return earliest
  }

  #dueMs({ contact, lastHeardMs }: Link): number {
    return lastHeardMs + (this.#table.self.isBefore(contact.id) ? idleMs : secondIdleMs)
  }

  #ping(link: Link, misses: number): LivenessEffect[] {
    if (this.#asked.has(link.link)) return []
    this.#asked.set(link.link, misses)
    return [{ type: 'ping', link: link.link, to: link.contact.id }]
  }
}
