import type { Errand } from './happening.js'
import { pairShare } from './latency.js'
import type { Simulation } from './simulation.js'
import type { VirtualPeer } from './virtual-peer.js'

export interface SleeperOptions {
  /** The share of peers that freeze now and then: hidden tabs, laptops that are shut. */
  readonly share: number
  /** How long they are awake, and how long frozen, on average. */
  readonly awakeMs: number
  readonly frozenMs: number
}

/** Peers that freeze for a while: messages wait for them, their timers do not fire, then all comes at once. */
export class Sleepers {
  readonly #simulation: Simulation
  readonly #options: SleeperOptions
  #running = false
  freezes = 0

  constructor(simulation: Simulation, options: SleeperOptions) {
    this.#simulation = simulation
    this.#options = options
  }

  start(): void {
    this.#running = true
    for (const peer of this.#simulation.alive) this.add(peer)
  }

  /** Nobody freezes any more; who is frozen thaws in its time. */
  stop(): void {
    this.#running = false
  }

  /** Somebody came: it is one of them, or not, and is so again when it comes back. */
  add(peer: VirtualPeer): void {
    if (!this.#running || pairShare(peer.site, peer.site, 5) >= this.#options.share) return
    this.#after(this.#options.awakeMs, peer, true)
  }

  turn(peer: VirtualPeer, freezes: boolean): void {
    if (!peer.alive || (freezes && !this.#running)) return
    if (freezes) {
      this.freezes += 1
      this.#simulation.freeze(peer)
    } else this.#simulation.thaw(peer)
    this.#after(freezes ? this.#options.frozenMs : this.#options.awakeMs, peer, !freezes)
  }

  #after(meanMs: number, peer: VirtualPeer, freezes: boolean): void {
    const { schedule, nowMs, random } = this.#simulation
    schedule.push(nowMs + random.exponential(meanMs), { type: 'errand', errand: new Turn(this, peer, freezes) })
  }
}

class Turn implements Errand {
  readonly #sleepers: Sleepers
  readonly #peer: VirtualPeer
  readonly #freezes: boolean

  constructor(sleepers: Sleepers, peer: VirtualPeer, freezes: boolean) {
    this.#sleepers = sleepers
    this.#peer = peer
    this.#freezes = freezes
  }

  run(): void {
    this.#sleepers.turn(this.#peer, this.#freezes)
  }
}
