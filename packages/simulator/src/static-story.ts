import { contentRecord, encodeStored, Key, keyBytes, keptRecord, type Record, recordId, replicas } from '@hashtab/core'
import { closestPeers } from './closest-peers.js'
import { type Figures, prefixed, type Progress } from './figures.js'
import { layOut } from './lay-out.js'
import { LookupProbe } from './lookup-probe.js'
import { mean, percentile } from './lookup-tally.js'
import { memoryInUse } from './memory.js'
import { Simulation } from './simulation.js'
import type { SimulationOptions } from './simulation-options.js'
import type { VirtualPeer } from './virtual-peer.js'

/** An overlay that is laid out, in which nobody comes or goes: what lookups cost and bring. */
export interface StaticOptions extends SimulationOptions {
  readonly peers: number
  /** Links that a peer tries to have. */
  readonly target: number
  /** The share of peers that are dead, and not noticed to be. */
  readonly dead: number
  /** Records, each kept by its 8 closest from the beginning, and lookups that read one of them each. */
  readonly records: number
  readonly gets: number
  /** Lookups of keys under which nothing is: they go on to the peer that is closest. */
  readonly probes: number
  readonly puts: number
  /** Lookups begun in a virtual second, in all. */
  readonly perSecond: number
  /** So many peers ask, and nobody else; 0: anybody. */
  readonly askers: number
}

export const defaultStatic: StaticOptions = {
  seed: 1,
  peers: 1_000,
  target: 32,
  latency: { model: 'geography', meanMs: 50 },
  dead: 0,
  records: 500,
  gets: 2_000,
  probes: 2_000,
  puts: 200,
  perSecond: 500,
  askers: 0,
}

/** Bytes of value in a record. */
const valueBytes = 100
/** After records were put where they belong, their keepers look each other over. */
const settleMs = 6_000
/** No lookup takes longer. */
const patienceMs = 60_000

export function runStatic(options: StaticOptions, progress: Progress): Figures {
  const startedMs = performance.now()
  const before = memoryInUse()
  const simulation = new Simulation(options)
  const peers = layOut(simulation, options)
  const laidOut = memoryInUse()
  const laidOutMs = performance.now() - startedMs
  progress('laid out', 0, peers.length)
  const story = new StaticStory(options, simulation, peers, progress)
  const figures = story.tell()
  const seconds = (performance.now() - startedMs - laidOutMs) / 1_000
  return {
    ...figures,
    bytesPerPeer: (laidOut.heapBytes + laidOut.outsideBytes - before.heapBytes - before.outsideBytes) / options.peers,
    peakGiB: memoryInUse().peakBytes / 2 ** 30,
    layOutSeconds: laidOutMs / 1_000,
    runSeconds: seconds,
    eventsPerSecond: simulation.happenings / seconds,
  }
}

class StaticStory {
  readonly #options: StaticOptions
  readonly #simulation: Simulation
  readonly #peers: readonly VirtualPeer[]
  readonly #askers: readonly VirtualPeer[]
  readonly #progress: Progress

  constructor(options: StaticOptions, simulation: Simulation, peers: readonly VirtualPeer[], progress: Progress) {
    this.#options = options
    this.#simulation = simulation
    this.#peers = peers
    this.#progress = progress
    this.#askers = options.askers > 0 ? simulation.random.sample(peers, options.askers) : peers
  }

  tell(): Figures {
    const { records, gets, probes, puts, dead } = this.#options
    const kept = Array.from({ length: records }, () => this.#keep())
    this.#simulation.run(settleMs)
    for (let left = Math.round(dead * this.#peers.length); left > 0; left--) this.#silenceAny()
    const connections = this.#simulation.network.connectionsMade
    const beganMs = performance.now()
    const read = this.#each('reading', gets, (probe) => this.#get(probe, kept))
    const seconds = (performance.now() - beganMs) / 1_000
    const probed = this.#each('probing', probes, (probe) => this.#probe(probe))
    const made = this.#simulation.network.connectionsMade - connections
    const written = this.#each('writing', puts, (probe) => this.#put(probe))
    return {
      ...prefixed('get', read),
      ...prefixed('probe', probed),
      ...prefixed('put', written),
      ...this.#estimates(),
      connectionsPerLookup: made / Math.max(1, gets + probes),
      lookupsPerSecond: gets / seconds,
      linksMean: mean(this.#simulation.alive.map(({ openLinks }) => openLinks)),
      happenings: this.#simulation.happenings,
    }
  }

  #each(stage: string, count: number, begin: (probe: LookupProbe) => void): Figures {
    const simulation = this.#simulation
    const probe = new LookupProbe(() => simulation.nowMs)
    simulation.watcher = probe
    for (let i = 0; i < count; i++) {
      begin(probe)
      simulation.run(1_000 / this.#options.perSecond)
      if (i % 1_000 === 0) this.#progress(`${stage} ${i} of ${count}`, simulation.nowMs, simulation.alive.length)
    }
    for (let waitedMs = 0; probe.underWay > 0 && waitedMs < patienceMs; waitedMs += 1_000) simulation.run(1_000)
    return probe.figures
  }

  #get(probe: LookupProbe, kept: readonly Kept[]): void {
    const one = this.#simulation.random.pick(kept)
    if (!one) return
    const { record, id, holders } = one
    this.#read(probe, copyOf(record.key), holders, 'content', (records) => records.some((found) => recordId(found) === id))
  }

  #probe(probe: LookupProbe): void {
    const target = Key.fromBytes(this.#simulation.random.bytes(keyBytes))
    this.#read(probe, target, closestPeers(this.#peers, target, 1, isAlive), 'open', () => true)
  }

  #read(
    probe: LookupProbe,
    target: Key,
    goals: readonly VirtualPeer[],
    want: 'content' | 'open',
    succeeds: (records: readonly Record[]) => boolean,
  ): void {
    const operation = this.#simulation.nextOperation()
    probe.begin(operation, target, goals, (outcome) => outcome.type === 'read' && succeeds(outcome.records))
    this.#simulation.tell(this.#anyAsker(), { type: 'read', operation, target, want })
  }

  #put(probe: LookupProbe): void {
    const record = contentRecord(this.#simulation.random.bytes(valueBytes))
    const operation = this.#simulation.nextOperation()
    probe.begin(operation, record.key, closestPeers(this.#peers, record.key, replicas, isAlive), (outcome) => {
      return outcome.type === 'written' && outcome.stored > 0
    })
    this.#simulation.tell(this.#anyAsker(), { type: 'write', operation, record })
  }

  /** A record where it belongs, as if its keepers had it from before. */
  #keep(): Kept {
    const { random, unixMs } = this.#simulation
    const record = contentRecord(random.bytes(valueBytes))
    const id = recordId(record)
    const holders = closestPeers(this.#peers, record.key, replicas)
    const stored = new Map([[id, encodeStored(keptRecord(record, { role: 'replica' }, Math.floor(unixMs / 1_000)))]])
    for (const holder of holders) this.#simulation.tell(holder, { type: 'restored', stored })
    return { record, id, holders }
  }

  #silenceAny(): void {
    const { random, alive } = this.#simulation
    const peer = random.pick(alive)
    if (peer && (this.#options.askers === 0 || !this.#askers.includes(peer))) this.#simulation.silence(peer)
  }

  #anyAsker(): VirtualPeer {
    const { random } = this.#simulation
    for (;;) {
      const peer = random.pick(this.#askers)!
      if (peer.alive) return peer
    }
  }

  /** How far off the askers are with the number of peers, when there are few of them, who have all looked up a lot. */
  #estimates(): Figures {
    if (this.#options.askers === 0) return {}
    const estimates = this.#askers.map(({ overlay }) => overlay.status.estimatedPeers)
    const errors = estimates.map((estimate) => Math.abs(estimate / this.#options.peers - 1))
    return {
      sizeErrorMedian: percentile(errors, 0.5),
      sizeErrorP90: percentile(errors, 0.9),
      sizeBias: mean(estimates) / this.#options.peers - 1,
    }
  }
}

interface Kept {
  readonly record: Record
  readonly id: string
  readonly holders: readonly VirtualPeer[]
}

function copyOf(key: Key): Key {
  return Key.fromBytes(key.toBytes())
}

function isAlive({ alive }: VirtualPeer): boolean {
  return alive
}
