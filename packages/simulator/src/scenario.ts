import type { LinkLimits } from '@hashtab/core'
import { Churn, type ChurnOptions } from './churn.js'
import type { Errand } from './happening.js'
import type { Latency } from './latency.js'
import { type Report, reportOf } from './report.js'
import { Simulation } from './simulation.js'
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
  /** The signalling server dies for good as soon as everybody has joined, and nobody new can come: churn is departures alone. */
  readonly killMeetingPoint: boolean
  /** Records written before the churn. */
  readonly records: number
  readonly readsPerSecond: number
  readonly writesPerSecond: number
  readonly limits?: LinkLimits
}

export const defaultScenario: ScenarioOptions = {
  seed: 1,
  peers: 1_000,
  churnMs: 30 * 60_000,
  churn: { medianStayMs: 10 * 60_000, stays: 'exponential', crashes: 0.5, returning: 0.2 },
  latency: { model: 'lognormal', meanMs: 50 },
  unlinkable: 0,
  killMeetingPoint: false,
  records: 200,
  readsPerSecond: 5,
  writesPerSecond: 0.1,
}

/** Peers that arrive in a second, while the overlay forms. */
export const arrivalsPerSecond = 20
/** After all have arrived, and after the first writes. */
export const settleMs = 30_000
/** After the churn, until the last young peer has paid back the dials of its joining (24 at 6 a minute) and made the links it lacks. */
export const calmMs = 6 * 60_000
/** In a calm overlay: time without any lookup, and then as long again with `calmReads` lookups, none of which may make a connection. */
export const calmWindowMs = 60_000
export const calmReads = 1_000

export type Progress = (stage: 'forming' | 'churning' | 'settling' | 'reading' | 'done', nowMs: number, peers: number) => void

/** Runs one whole story: an overlay forms, peers come and go while records are written and read, all calms down, every record is looked for. */
export function runScenario(options: ScenarioOptions, progress: Progress = () => {}): Report {
  const simulation = new Simulation(options)
  const workload = new Workload(simulation)
  const churn = new Churn(simulation, options.churn)
  const tell = (stage: Parameters<Progress>[0]) => progress(stage, simulation.nowMs, simulation.alive.length)
  const pass = (forMs: number, stage: Parameters<Progress>[0]) => {
    for (let leftMs = forMs; leftMs > 0; leftMs -= progressEveryMs) {
      simulation.run(Math.min(leftMs, progressEveryMs))
      tell(stage)
    }
  }

  for (let i = 0; i < options.peers; i++) {
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
  const formed = countsOf(simulation)

  churn.start()
  const reading = new Repeated(simulation, options.readsPerSecond, () => workload.read())
  const writing = new Repeated(simulation, options.writesPerSecond, () => workload.write())
  pass(options.churnMs, 'churning')
  for (const each of [churn, reading, writing]) each.stop()
  const churned = countsOf(simulation)
  const churnReads = workload.takeReads()

  pass(calmMs, 'settling')
  const calm = countsOf(simulation)
  pass(calmWindowMs, 'settling')
  const quiet = countsOf(simulation)
  for (let i = 0; i < calmReads; i++) {
    workload.read(workload.written[i % workload.written.length])
    simulation.run(calmWindowMs / calmReads)
  }
  const calmlyRead = countsOf(simulation)
  // Lookups that are still under way end by their deadline.
  simulation.run(lookupsEndMs)
  tell('done')
  return reportOf({ options, simulation, workload, churn, churnReads, calmReads: workload.takeReads(), counts: { formed, churned, calm, quiet, calmlyRead } })
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
  readonly connections: number
}

function countsOf({ nowMs, traffic, network }: Simulation): Counts {
  return { nowMs, messages: traffic.messages, connections: network.connectionsMade }
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
