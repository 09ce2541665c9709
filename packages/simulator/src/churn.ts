import type { Errand } from './happening.js'
import { farewellMs, type Simulation } from './simulation.js'
import type { Identity, VirtualPeer } from './virtual-peer.js'

export interface ChurnOptions {
  /** Half of the peers stay less than this; Infinity: all of them stay. */
  readonly medianStayMs: number
  /** `pareto`: the longer one has stayed, the longer one will (index 1.5). */
  readonly stays: 'exponential' | 'pareto'
  /** The share of departures without a word, 0 to 1. */
  readonly crashes: number
  /** `replacing`: one comes for each that goes. `poisson`: they come by themselves, as many as keep the number the same on average. */
  readonly arrivals: 'replacing' | 'poisson'
  /** The share of arrivals that were here before, with their storage, 0 to 1. */
  readonly returning: number
}

/** Pareto's index: a finite mean, an infinite variance, as measured of sessions in file-sharing networks. */
const paretoIndex = 1.5
/** Those who are away and may come back: the longest away is forgotten first. */
const awayMax = 1_000
/** Somebody comes for everybody who goes, between these times: never before the one who goes is gone. */
const arrivalMinMs = 2 * farewellMs
const arrivalMaxMs = 4_000

/** Peers that come and go, so that their number stays about the same. */
export class Churn {
  readonly #simulation: Simulation
  readonly #options: ChurnOptions
  readonly #away: Identity[] = []
  #running = false
  /** How many there were when it began. */
  #peers = 0
  arrivals = 0
  crashes = 0
  leaves = 0
  /** Told of everybody who comes. */
  arrived: ((peer: VirtualPeer) => void) | undefined

  constructor(simulation: Simulation, options: ChurnOptions) {
    this.#simulation = simulation
    this.#options = options
  }

  /** From now on every peer's stay is limited. */
  start(): void {
    this.#running = true
    this.#peers = this.#simulation.alive.length
    for (const peer of this.#simulation.alive) this.#limitStay(peer, this.#restOfStayMs())
    if (this.#options.arrivals === 'poisson') this.#expect()
  }

  /** Nobody comes or goes any more. */
  stop(): void {
    this.#running = false
  }

  depart(peer: VirtualPeer): void {
    if (!this.#running || !peer.alive) return
    const { random, schedule, nowMs } = this.#simulation
    if (random.share() < this.#options.crashes) {
      this.crashes += 1
      this.#simulation.crash(peer)
    } else {
      this.leaves += 1
      this.#simulation.leave(peer)
    }
    this.#away.push({ contact: peer.contact, storage: peer.storage })
    if (this.#away.length > awayMax) this.#away.shift()
    if (!this.#simulation.meetingPoint.alive || this.#options.arrivals === 'poisson') return
    schedule.push(nowMs + random.between(arrivalMinMs, arrivalMaxMs), { type: 'errand', errand: new Arrival(this) })
  }

  arrive(): void {
    if (!this.#running && this.#options.arrivals === 'poisson') return
    const { random } = this.#simulation
    const returns = this.#away.length > 0 && random.share() < this.#options.returning
    const [identity] = returns ? this.#away.splice(random.below(this.#away.length), 1) : []
    this.arrivals += 1
    const peer = this.#simulation.join(identity)
    this.#limitStay(peer)
    this.arrived?.(peer)
    if (this.#options.arrivals === 'poisson') this.#expect()
  }

  /** The next arrival of many that know nothing of each other. */
  #expect(): void {
    const { schedule, nowMs, random } = this.#simulation
    const gapMs = this.#meanStayMs / Math.max(1, this.#peers)
    if (gapMs < Infinity) schedule.push(nowMs + random.exponential(gapMs), { type: 'errand', errand: new Arrival(this) })
  }

  get #meanStayMs(): number {
    const { medianStayMs, stays } = this.#options
    if (stays === 'exponential') return medianStayMs / Math.LN2
    return (medianStayMs / 2 ** (1 / paretoIndex)) * (paretoIndex / (paretoIndex - 1))
  }

  #limitStay(peer: VirtualPeer, stayMs = this.#stayMs()): void {
    const { schedule, nowMs } = this.#simulation
    if (stayMs < Infinity) schedule.push(nowMs + stayMs, { type: 'errand', errand: new Departure(this, peer) })
  }

  /** Of somebody who is met at any moment: long stays are met more often, and the moment is anywhere in the stay. */
  #restOfStayMs(): number {
    const { random } = this.#simulation
    const { medianStayMs, stays } = this.#options
    if (stays === 'exponential') return this.#stayMs()
    return random.share() * (medianStayMs / 2 ** (1 / paretoIndex)) * (1 - random.share()) ** (-1 / (paretoIndex - 1))
  }

  #stayMs(): number {
    const { random } = this.#simulation
    const { medianStayMs, stays } = this.#options
    if (stays === 'exponential') return random.exponential(medianStayMs / Math.LN2)
    return (medianStayMs / 2 ** (1 / paretoIndex)) * (1 - random.share()) ** (-1 / paretoIndex)
  }
}

class Departure implements Errand {
  readonly #churn: Churn
  readonly #peer: VirtualPeer

  constructor(churn: Churn, peer: VirtualPeer) {
    this.#churn = churn
    this.#peer = peer
  }

  run(): void {
    this.#churn.depart(this.#peer)
  }
}

class Arrival implements Errand {
  readonly #churn: Churn

  constructor(churn: Churn) {
    this.#churn = churn
  }

  run(): void {
    this.#churn.arrive()
  }
}
