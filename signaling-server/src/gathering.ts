import { randomInt } from 'node:crypto'
import type { IceServer } from '@hashtab/peer'
import { drawMax, peersMax } from '@hashtab/signaling/protocol'
import type { SignalingLimits } from './limits.js'
import { Reservoir, type ReservoirEvent, sample } from './reservoir.js'
import type { Visitor } from './visitor.js'

export interface GatheringOptions {
  readonly limits: SignalingLimits
  readonly iceServers: readonly IceServer[]
  /** The last one has left. */
  readonly onEmpty: () => void
}

/** Those of one network who are here: introduces newcomers, carries letters, and keeps no more than the reservoir allows. */
export class Gathering {
  readonly #limits: SignalingLimits
  readonly #iceServers: readonly IceServer[]
  readonly #onEmpty: () => void
  readonly #visitors = new Map<string, Visitor>()
  readonly #reservoir: Reservoir
  #timer: NodeJS.Timeout | undefined

  constructor({ limits, iceServers, onEmpty }: GatheringOptions) {
    this.#limits = limits
    this.#iceServers = iceServers
    this.#onEmpty = onEmpty
    this.#reservoir = new Reservoir({ size: limits.reservoirSize, lowWater: limits.lowWater, graceMs: limits.graceMs, below: randomInt })
  }

  /** Introduces a peer that has proved its key. Answers false when there is no room. */
  enter(visitor: Visitor, id: string): boolean {
    const older = this.#visitors.get(id)
    if (older === undefined && this.#visitors.size >= this.#limits.networkSocketsMax) return false
    this.#visitors.delete(id)
    older?.refuse('replaced', 'The same key came in on another socket.')
    const others = sample([...this.#visitors.values()], peersMax, randomInt)
    this.#visitors.set(id, visitor)
    visitor.send({ type: 'welcome', peers: others.map((other) => other.publicKey!), iceServers: this.#iceServers })
    for (const other of others) other.send({ type: 'peers', peers: [visitor.publicKey!] })
    this.#tell({ type: 'came', peer: id })
    return true
  }

  /** Takes a letter to this peer, if it is here and not too slow. */
  carry(id: string, letter: Uint8Array): void {
    this.#visitors.get(id)?.send({ type: 'letter', letter })
  }

  leave(visitor: Visitor, id: string): void {
    if (this.#visitors.get(id) !== visitor) return
    this.#visitors.delete(id)
    this.#tell({ type: 'left', peer: id })
    if (this.#visitors.size === 0) this.#onEmpty()
  }

  #tell(event: ReservoirEvent): void {
    clearTimeout(this.#timer)
    for (const effect of this.#reservoir.handle(event, performance.now())) {
      if (effect.type === 'draw') {
        for (const id of effect.from) this.#visitors.get(id)?.send({ type: 'draw', count: Math.min(effect.count, drawMax) })
      } else {
        const visitor = this.#visitors.get(effect.peer)
        this.#visitors.delete(effect.peer)
        visitor?.rest()
      }
    }
    const { wakeAtMs } = this.#reservoir
    if (wakeAtMs === undefined) return
    this.#timer = setTimeout(() => this.#tell({ type: 'ticked' }), Math.max(0, wakeAtMs - performance.now())).unref()
  }
}
