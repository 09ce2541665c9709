import { type Figures, type Progress } from './figures.js'
import { joinAll } from './joining-story.js'
import { layOut } from './lay-out.js'
import { percentile } from './lookup-tally.js'
import { takeCensus } from './record-census.js'
import { Simulation } from './simulation.js'
import type { SimulationOptions } from './simulation-options.js'
import type { Finish, Watcher } from './watcher.js'
import type { VirtualPeer } from './virtual-peer.js'
import { Workload, type Written } from './workload.js'

/** Many peers are gone within one second: how soon every record can be read again. */
export interface CrashOptions extends SimulationOptions {
  readonly peers: number
  readonly start: 'laidOut' | 'joined'
  readonly records: number
  /** The share of peers that crash. */
  readonly share: number
}

export const defaultCrash: CrashOptions = {
  seed: 1,
  peers: 1_000,
  start: 'joined',
  latency: { model: 'geography', meanMs: 50 },
  records: 500,
  share: 1 / 3,
}

/** Between two of the writes before. */
const writeGapMs = 50
const settleMs = 60_000
/** All crash within this time. */
const crashMs = 1_000
/** Every record that was not read yet is asked for this often, each time by somebody else. */
const askEveryMs = 500
const watchedMs = 60_000
/** By then, all should have been read. */
const soonMs = 10_000

export function runCrash(options: CrashOptions, progress: Progress): Figures {
  const simulation = new Simulation(options)
  if (options.start === 'laidOut') layOut(simulation, { peers: options.peers })
  else joinAll(simulation, options.peers, progress)
  const { written } = writeAll(simulation, options.records, progress)
  const confirmed = written.filter((one) => one.confirmed !== undefined)
  const victims = simulation.random.sample(simulation.alive, Math.round(options.share * simulation.alive.length))
  for (const victim of victims) {
    simulation.crash(victim)
    simulation.run(crashMs / victims.length)
  }
  const readers = new Readers(simulation, confirmed)
  while (readers.sinceMs < watchedMs && readers.left > 0) {
    readers.askAll()
    simulation.run(askEveryMs)
    progress(`reading, ${readers.left} left`, simulation.nowMs, simulation.alive.length)
  }
  const census = takeCensus(simulation.alive, confirmed)
  return {
    records: confirmed.length,
    readWithin10s: confirmed.filter(({ id }) => (readers.readAfterMs.get(id) ?? Infinity) <= soonMs).length / confirmed.length,
    lastReadMs: readers.left > 0 ? Infinity : Math.max(...readers.readAfterMs.values()),
    readMedianMs: percentile([...readers.readAfterMs.values()], 0.5),
    firstTrySuccess: readers.firstTries / confirmed.length,
    lost: census.lost.length,
    happenings: simulation.happenings,
  }
}

function writeAll(simulation: Simulation, records: number, progress: Progress): Workload {
  const workload = new Workload(simulation)
  for (let i = 0; i < records; i++) {
    workload.write(true)
    simulation.run(writeGapMs)
    if (i % 100 === 0) progress('writing', simulation.nowMs, simulation.alive.length)
  }
  simulation.run(settleMs)
  return workload
}

/** Asks for each record until it was read once. */
class Readers implements Watcher {
  readonly #simulation: Simulation
  readonly #written: readonly Written[]
  readonly #beganMs: number
  readonly #byOperation = new Map<number, { readonly written: Written; readonly isFirst: boolean }>()
  readonly readAfterMs = new Map<string, number>()
  firstTries = 0
  #rounds = 0

  constructor(simulation: Simulation, written: readonly Written[]) {
    this.#simulation = simulation
    this.#written = written
    this.#beganMs = simulation.nowMs
    simulation.watcher = this
  }

  get sinceMs(): number {
    return this.#simulation.nowMs - this.#beganMs
  }

  get left(): number {
    return this.#written.length - this.readAfterMs.size
  }

  askAll(): void {
    this.#rounds += 1
    for (const written of this.#written) {
      if (this.readAfterMs.has(written.id)) continue
      const operation = this.#simulation.nextOperation()
      this.#byOperation.set(operation, { written, isFirst: this.#rounds === 1 })
      const reader = this.#simulation.random.pick(this.#simulation.alive)!
      this.#simulation.tell(reader, { type: 'read', operation, target: written.key, want: written.kind })
    }
  }

  finished(_peer: VirtualPeer, { operation, outcome }: Finish): void {
    const asked = this.#byOperation.get(operation)
    this.#byOperation.delete(operation)
    if (!asked || outcome.type !== 'read') return
    const { written, isFirst } = asked
    const isRead = outcome.records.some((record) => record.kind === 'content' || record.seq >= (written.confirmed ?? 0n))
    if (!isRead) return
    if (isFirst) this.firstTries += 1
    if (!this.readAfterMs.has(written.id)) this.readAfterMs.set(written.id, this.sinceMs)
  }

  sent(): void {}
}
