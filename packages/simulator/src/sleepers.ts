import type { Errand } from './happening.js'
import { pairShare } from './latency.js'
import type { Simulation } from './simulation.js'
import type { VirtualPeer } from './virtual-peer.js'

export interface SleeperOptions {
  /** The share of peers that are away now and then: hidden tabs, laptops that are shut. */
  readonly share: number
  /** How long they are there, and how long away, on average. */
  readonly awakeMs: number
  readonly frozenMs: number
  /** The share of times that such a tab is only hidden, so that it is a leaf; else it is frozen, without a word. 0 unless said. */
  readonly hiddenShare?: number | undefined
}

type Absence = 'hidden' | 'frozen'

/**
 * Peers that are away for a while, as browsers do it to tabs. Hidden: it is a leaf, and told to look after its links when it is shown. Frozen: messages wait for it, its timers do not
 * fire, then all comes at once, and by its clock alone it knows.
 */
export class Sleepers {
  readonly #simulation: Simulation
  readonly #options: SleeperOptions
  #running = false
  freezes = 0
  hides = 0
  /** Told of each that is back, and how it was away. */
  returned: ((peer: VirtualPeer, from: Absence) => void) | undefined

  constructor(simulation: Simulation, options: SleeperOptions) {
    this.#simulation = simulation
    this.#options = options
  }

  start(): void {
    this.#running = true
    for (const peer of this.#simulation.alive) this.add(peer)
  }

  /** Nobody goes away any more; who is away comes back in its time. */
  stop(): void {
    this.#running = false
  }

  /** Somebody came: it is one of them, or not, and is so again when it comes back. */
  add(peer: VirtualPeer): void {
    if (!this.#running || pairShare(peer.site, peer.site, 5) >= this.#options.share) return
    this.#after(this.#options.awakeMs, peer, undefined)
  }

  /** `from`: it was away, and comes back; undefined: it goes. */
  turn(peer: VirtualPeer, from: Absence | undefined): void {
    if (!peer.alive || (!from && !this.#running)) return
    if (from) {
      this.#back(peer, from)
      return this.#after(this.#options.awakeMs, peer, undefined)
    }
    const { random } = this.#simulation
    const { hiddenShare = 0, frozenMs } = this.#options
    this.#after(frozenMs, peer, this.#away(peer, hiddenShare > 0 && random.share() < hiddenShare))
  }

  #away(peer: VirtualPeer, isHidden: boolean): Absence {
    if (isHidden) {
      this.hides += 1
      this.#simulation.tell(peer, { type: 'become', role: 'leaf' })
      return 'hidden'
    }
    this.freezes += 1
    this.#simulation.freeze(peer)
    return 'frozen'
  }

  #back(peer: VirtualPeer, from: Absence): void {
    if (from === 'frozen') this.#simulation.thaw(peer)
    else {
      this.#simulation.tell(peer, { type: 'become', role: 'full' })
      this.#simulation.tell(peer, { type: 'resumed' })
    }
    this.returned?.(peer, from)
  }

  #after(meanMs: number, peer: VirtualPeer, from: Absence | undefined): void {
    const { schedule, nowMs, random } = this.#simulation
    schedule.push(nowMs + random.exponential(meanMs), { type: 'errand', errand: new Turn(this, peer, from) })
  }
}

class Turn implements Errand {
  readonly #sleepers: Sleepers
  readonly #peer: VirtualPeer
  readonly #from: Absence | undefined

  constructor(sleepers: Sleepers, peer: VirtualPeer, from: Absence | undefined) {
    this.#sleepers = sleepers
    this.#peer = peer
    this.#from = from
  }

  run(): void {
    this.#sleepers.turn(this.#peer, this.#from)
  }
}
