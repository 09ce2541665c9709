import { Key, keyBytes, publicKey, publicKeyBytes, type SignedRecord } from '@hashtab/core'
import { cheaplySigned } from './cheap-signature.js'
import type { Errand } from './happening.js'
import { type Figures, type Progress } from './figures.js'
import { layOut, standAtMeetingPoint } from './lay-out.js'
import { mean, percentile } from './lookup-tally.js'
import { Simulation } from './simulation.js'
import type { SimulationOptions } from './simulation-options.js'
import type { Finish, Watcher } from './watcher.js'
import type { VirtualPeer } from './virtual-peer.js'

/** Newcomers to an overlay that is there: how soon each finds somebody's record, is told that nothing is under another key, and has its links. */
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

/** Records that newcomers find. */
const recordsMax = 50
const valueBytes = 100
const expiresInS = 86_400
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
  const arrivals = new Arrivals(simulation, present)
  simulation.run(settleMs)
  const connections = simulation.network.connectionsMade
  for (let i = 0; i < options.newcomers; i++) {
    arrivals.come(options.links)
    simulation.run(1_000 / options.perSecond)
    progress(`newcomer ${i + 1} of ${options.newcomers}`, simulation.nowMs, simulation.alive.length)
  }
  simulation.run(watchedMs)
  const firsts = arrivals.newcomers.map(({ foundMs }) => foundMs ?? Infinity)
  const denials = arrivals.newcomers.map(({ deniedMs }) => deniedMs ?? Infinity)
  const fulls = arrivals.newcomers.map(({ fullMs }) => fullMs ?? Infinity)
  const links = arrivals.newcomers.map(({ peer }) => peer.openLinks)
  return {
    firstAnswerMedianMs: percentile(firsts, 0.5),
    firstAnswerP95Ms: percentile(firsts, 0.95),
    firstDenialMedianMs: percentile(denials, 0.5),
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

/** What a newcomer asks for first: what somebody has published, and what nobody has. */
type Wanted = 'there' | 'absent'

/** Asks, and counts links, until it has both. */
class Arrivals implements Watcher {
  readonly simulation: Simulation
  readonly newcomers: Newcomer[] = []
  readonly #records: SignedRecord[]
  readonly #byOperation = new Map<number, { readonly newcomer: Newcomer; readonly wanted: Wanted }>()

  /** `present`: each of some of them publishes a record. */
  constructor(simulation: Simulation, present: readonly VirtualPeer[]) {
    this.simulation = simulation
    simulation.watcher = this
    this.#records = simulation.random.sample(present, recordsMax).map((peer) => {
      const record = this.#signed()
      simulation.tell(peer, { type: 'write', operation: simulation.nextOperation(), record })
      return record
    })
  }

  come(links: number): void {
    const newcomer = new Newcomer(this, this.simulation.join(), links)
    this.newcomers.push(newcomer)
    newcomer.run()
  }

  ask(newcomer: Newcomer, wanted: Wanted): void {
    const { simulation } = this
    const operation = simulation.nextOperation()
    this.#byOperation.set(operation, { newcomer, wanted })
    const target = wanted === 'there' ? simulation.random.pick(this.#records)!.key : Key.fromBytes(simulation.random.bytes(keyBytes))
    simulation.tell(newcomer.peer, { type: 'read', operation, target, want: 'owned' })
  }

  finished(_peer: VirtualPeer, { operation, outcome }: Finish): void {
    const asked = this.#byOperation.get(operation)
    this.#byOperation.delete(operation)
    if (!asked || outcome.type !== 'read') return
    const { newcomer, wanted } = asked
    newcomer.answered(wanted, wanted === 'there' ? outcome.records.length > 0 : outcome.complete && outcome.asked > 0)
  }

  sent(): void {}

  #signed(): SignedRecord {
    const { random, unixMs } = this.simulation
    const expiresUnixS = Math.floor(unixMs / 1_000) + expiresInS
    const whose = publicKey(random.bytes(publicKeyBytes))
    return cheaplySigned({
      kind: 'owned',
      salt: new Uint8Array(),
      publicKey: whose,
      seq: 1n,
      expiresUnixS,
      value: random.bytes(valueBytes),
    })
  }
}

class Newcomer implements Errand {
  readonly peer: VirtualPeer
  readonly #arrivals: Arrivals
  readonly #cameMs: number
  readonly #links: number
  readonly #asking = new Set<Wanted>()
  foundMs: number | undefined
  deniedMs: number | undefined
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
    if (openLinks > 0 && this.foundMs === undefined) this.#ask('there')
    if (openLinks > 0 && this.deniedMs === undefined) this.#ask('absent')
    const isDone = this.foundMs !== undefined && this.deniedMs !== undefined && this.fullMs !== undefined
    if (!isDone && nowMs - this.#cameMs < watchedMs) schedule.push(nowMs + lookEveryMs, { type: 'errand', errand: this })
  }

  answered(wanted: Wanted, isGood: boolean): void {
    this.#asking.delete(wanted)
    const tookMs = this.#arrivals.simulation.nowMs - this.#cameMs
    if (isGood && wanted === 'there') this.foundMs ??= tookMs
    if (isGood && wanted === 'absent') this.deniedMs ??= tookMs
  }

  #ask(wanted: Wanted): void {
    if (this.#asking.has(wanted)) return
    this.#asking.add(wanted)
    this.#arrivals.ask(this, wanted)
  }
}
