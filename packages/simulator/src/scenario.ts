import type { LinkLimits } from '@hashtab/core'
import { Churn, type ChurnOptions } from './churn.js'
import type { Errand } from './happening.js'
import type { Progress } from './figures.js'
import type { Latency } from './latency.js'
import { layOut, standAtMeetingPoint } from './lay-out.js'
import type { NatShares } from './nat.js'
import { type PartitionOptions, schedulePartition } from './partition.js'
import { type Report, reportOf } from './report.js'
import { Simulation } from './simulation.js'
import { type SleeperOptions, Sleepers } from './sleepers.js'
import { WakeProbe } from './wake-probe.js'
import { Workload } from './workload.js'

export interface ScenarioOptions {
  readonly seed: number
  readonly peers: number
  /** Virtual time during which peers come and go. */
  readonly churnMs: number
  readonly churn: ChurnOptions
  readonly latency: Latency
  /** The share of pairs between which no direct link can be made, 0 to 1. */
  readonly unlinkable: number
  readonly loss: number
  readonly uplinkMbps: number | undefined
  readonly nat: NatShares | undefined
  readonly sleepers: SleeperOptions | undefined
  readonly partition: PartitionOptions | undefined
  /** `laidOut`: the overlay is there from the beginning; else it forms by joining. */
  readonly start: 'joined' | 'laidOut'
  /** The signalling server dies for good as soon as everybody has joined, and nobody new can come: churn is departures alone. */
  readonly killMeetingPoint: boolean
  /** Records written before the churn. */
  readonly records: number
  readonly readsPerSecond: number
  readonly writesPerSecond: number
  readonly limits?: LinkLimits | undefined
}

export const defaultScenario: ScenarioOptions = {
  seed: 1,
  peers: 1_000,
  churnMs: 30 * 60_000,
  churn: { medianStayMs: 10 * 60_000, stays: 'exponential', crashes: 0.5, arrivals: 'replacing', returning: 0.2 },
  latency: { model: 'lognormal', meanMs: 50 },
  unlinkable: 0,
  loss: 0,
  uplinkMbps: undefined,
  nat: undefined,
  sleepers: undefined,
  partition: undefined,
  start: 'joined',
  killMeetingPoint: false,
  records: 200,
  readsPerSecond: 5,
  writesPerSecond: 0.1,
}

/** Peers that arrive in a second, while the overlay forms. */
export const arrivalsPerSecond = 20
/** After all have arrived, and after the first writes. */
export const settleMs = 30_000
/**
 * After the churn the overlay calms down for this long: the last young peers pay back the dials of their joining (24 at 6 a minute), and make the
 * links they lack.
 */
export const calmMs = 6 * 60_000
/** Then so many windows without a lookup, and so many with `windowReads` lookups each, which must make no more connections than upkeep does anyway. */
export const windows = 5
export const windowMs = 12_000
export const windowReads = 300
/** The end of a window, without lookups: whatever they lead to is begun by then. */
const windowRestMs = 2_000

/** Runs one whole story: an overlay forms, peers come and go while records are written and read, all calms down, every record is looked for. */
export function runScenario(options: ScenarioOptions, progress: Progress = () => {}): Report {
  const simulation = new Simulation(options)
  const workload = new Workload(simulation)
  const churn = new Churn(simulation, options.churn)
  const pass: Pass = (forMs, stage) => {
    for (let leftMs = forMs; leftMs > 0; leftMs -= progressEveryMs) {
      simulation.run(Math.min(leftMs, progressEveryMs))
      progress(stage, simulation.nowMs, simulation.alive.length)
    }
  }
  form(options, simulation, workload, pass)
  const formed = countsOf(simulation)
  const sleepers = options.sleepers && new Sleepers(simulation, options.sleepers)
  const woken = new WakeProbe(simulation, workload)
  if (sleepers) sleepers.returned = (peer) => woken.begin(peer)
  liveOn(options, simulation, workload, churn, sleepers, pass)
  const churned = countsOf(simulation)
  const churnReads = workload.takeReads()
  pass(calmMs, 'settling')
  const calm = countsOf(simulation)
  const quietWindows = eachWindow(simulation, () => pass(windowMs, 'settling'))
  const quieted = countsOf(simulation)
  const readingWindows = eachWindow(simulation, (window) => readAll(simulation, workload, window))
  simulation.run(lookupsEndMs)
  progress('done', simulation.nowMs, simulation.alive.length)
  const counts = { formed, churned, calm, quieted }
  return reportOf({
    options,
    simulation,
    workload,
    churn,
    churnReads,
    calmReads: workload.takeReads(),
    counts,
    quietWindows,
    readingWindows,
    sleepers,
    woken,
  })
}

type Pass = (forMs: number, stage: string) => void

function form(options: ScenarioOptions, simulation: Simulation, workload: Workload, pass: Pass): void {
  if (options.start === 'laidOut') {
    layOut(simulation, { peers: options.peers, ...(options.limits && { target: options.limits.target }) })
    standAtMeetingPoint(simulation)
  }
  for (let i = simulation.alive.length; i < options.peers; i++) {
    simulation.join()
    if (i % arrivalsPerSecond === arrivalsPerSecond - 1) pass(1_000, 'forming')
  }
  pass(settleMs, 'forming')
  if (options.killMeetingPoint) simulation.meetingPoint.kill()
  for (let i = 0; i < options.records; i++) {
    workload.write(true)
    simulation.run(recordGapMs)
  }
  pass(settleMs, 'forming')
}

function liveOn(
  options: ScenarioOptions,
  simulation: Simulation,
  workload: Workload,
  churn: Churn,
  sleepers: Sleepers | undefined,
  pass: Pass,
): void {
  churn.start()
  const { partition } = options
  if (partition) schedulePartition(simulation, partition)
  if (sleepers) churn.arrived = (peer) => sleepers.add(peer)
  sleepers?.start()
  const reading = new Repeated(simulation, options.readsPerSecond, () => workload.read())
  const writing = new Repeated(simulation, options.writesPerSecond, () => workload.write())
  pass(options.churnMs, 'churning')
  for (const each of [churn, reading, writing, sleepers]) each?.stop()
}

/** Record after record, from one window to the next. */
function readAll(simulation: Simulation, workload: Workload, window: number): void {
  const { written } = workload
  for (let i = 0; i < windowReads; i++) {
    workload.read(written[(window * windowReads + i) % written.length])
    simulation.run((windowMs - windowRestMs) / windowReads)
  }
  simulation.run(windowRestMs)
}

/** The ends of connections made in each window. */
function eachWindow(simulation: Simulation, happen: (window: number) => void): number[] {
  return Array.from({ length: windows }, (_, window) => {
    const before = simulation.network.connectionsMade
    happen(window)
    return simulation.network.connectionsMade - before
  })
}

/** Longer than any lookup may take. */
const lookupsEndMs = 30_000
/** Between two reports of progress. */
const progressEveryMs = 10_000
/** Between two of the first writes. */
const recordGapMs = 100

export interface Counts {
  readonly nowMs: number
  readonly messages: number
  readonly bytes: number
  readonly connections: number
}

function countsOf({ nowMs, traffic, network }: Simulation): Counts {
  return { nowMs, messages: traffic.messages, bytes: traffic.bytes, connections: network.connectionsMade }
}

/** Something that is done again and again, at random moments. */
class Repeated implements Errand {
  readonly #simulation: Simulation
  readonly #perSecond: number
  readonly #deed: () => void
  #running = true

  constructor(simulation: Simulation, perSecond: number, deed: () => void) {
    this.#simulation = simulation
    this.#perSecond = perSecond
    this.#deed = deed
    this.#next()
  }

  run(): void {
    if (!this.#running) return
    this.#deed()
    this.#next()
  }

  stop(): void {
    this.#running = false
  }

  #next(): void {
    const { schedule, nowMs, random } = this.#simulation
    if (this.#perSecond > 0) schedule.push(nowMs + random.exponential(1_000 / this.#perSecond), { type: 'errand', errand: this })
  }
}
