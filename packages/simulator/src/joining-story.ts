import { contentRecord } from '@hashtab/core'
import type { Errand } from './happening.js'
import { type Figures, type Progress } from './figures.js'
import { layOut, standAtMeetingPoint } from './lay-out.js'
import { mean, percentile } from './lookup-tally.js'
import { Simulation } from './simulation.js'
import type { SimulationOptions } from './simulation-options.js'
import type { Finish, Watcher } from './watcher.js'
import type { VirtualPeer } from './virtual-peer.js'

/** Newcomers to an overlay that is there: how soon each has its first answer, and its links. */
export interface JoiningOptions extends SimulationOptions {
  /** Peers that are there already. */
  readonly peers: number
  readonly start: 'laidOut' | 'joined'
  readonly newcomers: number
  readonly perSecond: number
  /** Links that count as a full table. */
  readonly links: number
}

export const defaultJoining: JoiningOptions = {
  seed: 1,
  peers: 1_000,
  start: 'laidOut',
  latency: { model: 'geography', meanMs: 50 },
  newcomers: 50,
  perSecond: 1,
  links: 32,
}

/** How often a newcomer that has a link and no answer asks again, and how often its links are counted. */
const lookEveryMs = 100
/** Each newcomer is watched for this long. */
const watchedMs = 90_000
/** Before the first comes. */
const settleMs = 60_000

export function runJoining(options: JoiningOptions, progress: Progress): Figures {
  const simulation = new Simulation(options)
  const present = options.start === 'laidOut' ? layOut(simulation, { peers: options.peers }) : joinAll(simulation, options.peers, progress)
  if (options.start === 'laidOut') standAtMeetingPoint(simulation)
  simulation.run(settleMs)
  const connections = simulation.network.connectionsMade
  const arrivals = new Arrivals(simulation)
  for (let i = 0; i < options.newcomers; i++) {
    arrivals.come(options.links)
    simulation.run(1_000 / options.perSecond)
    progress(`newcomer ${i + 1} of ${options.newcomers}`, simulation.nowMs, simulation.alive.length)
  }
  simulation.run(watchedMs)
  const firsts = arrivals.newcomers.map(({ answeredMs }) => answeredMs ?? Infinity)
  const fulls = arrivals.newcomers.map(({ fullMs }) => fullMs ?? Infinity)
  const links = arrivals.newcomers.map(({ peer }) => peer.openLinks)
  return {
    firstAnswerMedianMs: percentile(firsts, 0.5),
    firstAnswerP95Ms: percentile(firsts, 0.95),
    fullTableMedianMs: percentile(fulls, 0.5),
    fullTableP95Ms: percentile(fulls, 0.95),
    linksMean: mean(links),
    linksMin: Math.min(...links),
    connectionsPerNewcomer: (simulation.network.connectionsMade - connections) / 2 / options.newcomers,
    presentLinksMean: mean(present.map(({ openLinks }) => openLinks)),
    happenings: simulation.happenings,
  }
}

/** One after the other, as fast as the meeting point introduces them. */
export function joinAll(simulation: Simulation, peers: number, progress: Progress, perSecond = 20): VirtualPeer[] {
  const all: VirtualPeer[] = []
  while (all.length < peers) {
    for (let i = 0; i < perSecond && all.length < peers; i++) all.push(simulation.join())
    simulation.run(1_000)
    progress('forming', simulation.nowMs, all.length)
  }
  simulation.run(settleMs)
  return all
}

/** Asks, and counts links, until it has both. */
class Arrivals implements Watcher {
  readonly simulation: Simulation
  readonly newcomers: Newcomer[] = []
  readonly #byOperation = new Map<number, Newcomer>()

  constructor(simulation: Simulation) {
    this.simulation = simulation
    simulation.watcher = this
  }

  come(links: number): void {
    const newcomer = new Newcomer(this, this.simulation.join(), links)
    this.newcomers.push(newcomer)
    newcomer.run()
  }

  ask(newcomer: Newcomer): void {
    const { simulation } = this
    const operation = simulation.nextOperation()
    this.#byOperation.set(operation, newcomer)
    simulation.tell(newcomer.peer, { type: 'read', operation, target: contentRecord(simulation.random.bytes(8)).key, want: 'open' })
  }

  finished(_peer: VirtualPeer, { operation, outcome }: Finish): void {
    const newcomer = this.#byOperation.get(operation)
    this.#byOperation.delete(operation)
    if (newcomer && outcome.type === 'read') newcomer.answered(outcome.complete && outcome.asked > 0)
  }

  sent(): void {}
}

class Newcomer implements Errand {
  readonly peer: VirtualPeer
  readonly #arrivals: Arrivals
  readonly #cameMs: number
  readonly #links: number
  #asks = false
  answeredMs: number | undefined
  fullMs: number | undefined

  constructor(arrivals: Arrivals, peer: VirtualPeer, links: number) {
    this.#arrivals = arrivals
    this.peer = peer
    this.#cameMs = arrivals.simulation.nowMs
    this.#links = links
  }

  run(): void {
    const { schedule, nowMs } = this.#arrivals.simulation
    const { openLinks } = this.peer
    if (openLinks >= this.#links) this.fullMs ??= nowMs - this.#cameMs
    if (openLinks > 0 && this.answeredMs === undefined && !this.#asks) {
      this.#asks = true
      this.#arrivals.ask(this)
    }
    const isDone = this.answeredMs !== undefined && this.fullMs !== undefined
    if (!isDone && nowMs - this.#cameMs < watchedMs) schedule.push(nowMs + lookEveryMs, { type: 'errand', errand: this })
  }

  answered(wasWhole: boolean): void {
    this.#asks = false
    if (wasWhole) this.answeredMs ??= this.#arrivals.simulation.nowMs - this.#cameMs
  }
}
