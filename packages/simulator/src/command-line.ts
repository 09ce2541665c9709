import { parseArgs } from 'node:util'
import type { ChurnOptions } from './churn.js'
import { latencyModels } from './latency.js'
import { type NatShares, usualNat } from './nat.js'
import { defaultScenario, type ScenarioOptions } from './scenario.js'

export const help = `Runs a virtual network of real Hashtab overlays in virtual time, and reports.

  npm run simulate -- --peers 1000 --churn 10m --seed 7
  npm run simulate -- --scenario churn-10m

A scenario that is kept as a file, with the figures that are expected of it (exit code 1: some were not reached):
  --list                 the scenarios there are (packages/simulator/scenarios)
  --scenario NAME        runs it
  --set OPTION=VALUE     another value for one of its options, as often as needed: --set seed=8 --set latency.meanMs=20

Or a scenario of your own, in which peers come and go:
  --peers N              peers, about as many all the time (1000)
  --churn TIME           half of the peers stay less than this: 90s, 10m, 1h; 0 for no churn (10m)
  --seed N               the same seed and options give the same run (1)
  --minutes N            virtual minutes of churn (30)
  --start HOW            joined, one after the other, or laidOut: linked from the beginning (joined)
  --stays MODEL          exponential or pareto: the longer one has stayed, the longer one will (exponential)
  --arrivals MODEL       replacing: one comes for each that goes, or poisson: by themselves (replacing)
  --crashes SHARE        departures without a word, 0 to 1 (0.5)
  --returning SHARE      arrivals that were here before, with their storage, 0 to 1 (0.2)
  --latency MS           mean one-way delay between two peers (50)
  --latency-model MODEL  ${latencyModels.join(', ')} (lognormal)
  --loss SHARE           packets that are lost and sent again, 0 to 1 (0)
  --uplink MBPS          median uplink of a peer (no bound)
  --unlinkable SHARE     pairs that no direct link can be made between, 0 to 1 (0)
  --nat SHARES           peers behind cone, restricted and symmetric routers, 0.3,0.35,0.25, or usual (none)
  --sleepers A,B,C,D     a share of peers, awake for B on average, then away for C: of these times D hidden, a leaf, else frozen: 0.2,5m,1m,0.5 (none)
  --partition A,B,C      a share of peers that is cut off after B, for C: 0.3,10m,2m (none)
  --kill-meeting-point   the signalling server dies for good once all have joined: peers only leave
  --records N            records written before the churn (200)
  --reads N              lookups a second, in all, during the churn (5)
  --writes N             writes a second, in all, during the churn (0.1)

  --json FILE            writes the result there, too
  --help                 this`

export type CommandLine =
  | { readonly type: 'help' }
  | { readonly type: 'list' }
  | { readonly type: 'wrong'; readonly why: string }
  | { readonly type: 'run'; readonly scenario: ScenarioOptions; readonly json: string | undefined }
  | { readonly type: 'runFile'; readonly name: string; readonly changes: readonly string[]; readonly json: string | undefined }

/** What was asked for on the command line. */
export function readCommandLine(parameters: readonly string[]): CommandLine {
  try {
    const { values } = parseArgs({ args: [...parameters], options: flags, strict: true })
    if (values.help) return { type: 'help' }
    if (values.list) return { type: 'list' }
    if (values.scenario !== undefined) return { type: 'runFile', name: values.scenario, changes: values.set ?? [], json: values.json }
    return { type: 'run', scenario: scenarioOf(values), json: values.json }
  } catch (error) {
    return { type: 'wrong', why: error instanceof Error ? error.message : String(error) }
  }
}

const text = { type: 'string' } as const
const flags = {
  scenario: text,
  set: { type: 'string', multiple: true },
  list: { type: 'boolean' },
  peers: text,
  churn: text,
  seed: text,
  minutes: text,
  start: text,
  stays: text,
  arrivals: text,
  crashes: text,
  returning: text,
  latency: text,
  'latency-model': text,
  loss: text,
  uplink: text,
  unlinkable: text,
  nat: text,
  sleepers: text,
  partition: text,
  records: text,
  reads: text,
  writes: text,
  json: text,
  'kill-meeting-point': { type: 'boolean' },
  help: { type: 'boolean' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof flags }>>['values']

function scenarioOf(values: Values): ScenarioOptions {
  const { latency } = defaultScenario
  return {
    seed: number('seed', values.seed, defaultScenario.seed, 0, 2 ** 32 - 1),
    peers: number('peers', values.peers, defaultScenario.peers, 2, 10_000_000),
    churnMs: number('minutes', values.minutes, defaultScenario.churnMs / 60_000, 0, 1e6) * 60_000,
    start: oneOf('start', values.start, defaultScenario.start, ['joined', 'laidOut']),
    churn: churnOf(values),
    latency: {
      model: oneOf('latency-model', values['latency-model'], latency.model, latencyModels),
      meanMs: number('latency', values.latency, latency.meanMs, 0.5, 2_000),
    },
    loss: number('loss', values.loss, defaultScenario.loss, 0, 0.5),
    uplinkMbps: values.uplink === undefined ? undefined : number('uplink', values.uplink, 1, 0.01, 10_000),
    unlinkable: number('unlinkable', values.unlinkable, defaultScenario.unlinkable, 0, 1),
    nat: values.nat === undefined ? undefined : natOf(values.nat),
    sleepers: values.sleepers === undefined ? undefined : sleepersOf(values.sleepers),
    partition: values.partition === undefined ? undefined : partitionOf(values.partition),
    killMeetingPoint: values['kill-meeting-point'] ?? false,
    records: number('records', values.records, defaultScenario.records, 1, 1e6),
    readsPerSecond: number('reads', values.reads, defaultScenario.readsPerSecond, 0, 1e6),
    writesPerSecond: number('writes', values.writes, defaultScenario.writesPerSecond, 0, 1e6),
  }
}

function churnOf(values: Values): ChurnOptions {
  const { churn } = defaultScenario
  const medianStayMs = values.churn === undefined ? churn.medianStayMs : timeMs('churn', values.churn)
  return {
    medianStayMs: medianStayMs === 0 ? Infinity : medianStayMs,
    stays: oneOf('stays', values.stays, churn.stays, ['exponential', 'pareto']),
    arrivals: oneOf('arrivals', values.arrivals, churn.arrivals, ['replacing', 'poisson']),
    crashes: number('crashes', values.crashes, churn.crashes, 0, 1),
    returning: number('returning', values.returning, churn.returning, 0, 1),
  }
}

function natOf(value: string): NatShares {
  if (value === 'usual') return usualNat
  const [cone, restricted, symmetric] = value.split(',').map((part) => number('nat', part, 0, 0, 1))
  if (cone === undefined || restricted === undefined || symmetric === undefined || cone + restricted + symmetric > 1)
    throw new RangeError(`--nat is usual or three shares that make at most 1, such as 0.3,0.35,0.25, not ${value}.`)
  return { cone, restricted, symmetric }
}

function sleepersOf(value: string) {
  const [share, awakeMs, frozenMs] = shareAndTimes('sleepers', value)
  const hiddenShare = value.split(',')[3]
  return { share, awakeMs, frozenMs, hiddenShare: number('sleepers', hiddenShare, 0, 0, 1) }
}

function partitionOf(value: string) {
  const [share, afterMs, forMs] = shareAndTimes('partition', value)
  return { share, afterMs, forMs }
}

function shareAndTimes(name: string, value: string): readonly [number, number, number] {
  const [share, first, second] = value.split(',')
  if (share === undefined || first === undefined || second === undefined)
    throw new RangeError(`--${name} is a share and two times, such as 0.2,5m,1m, not ${value}.`)
  return [number(name, share, 0, 0, 1), timeMs(name, first), timeMs(name, second)]
}

function number(name: string, value: string | undefined, otherwise: number, least: number, most: number): number {
  const read = value === undefined ? otherwise : Number(value.trim() || NaN)
  if (!(read >= least && read <= most)) throw new RangeError(`--${name} is a number from ${least} to ${most}, not ${value}.`)
  return read
}

function oneOf<const T extends string>(name: string, value: string | undefined, otherwise: T, choices: readonly T[]): T {
  const chosen = value === undefined ? otherwise : choices.find((choice) => choice === value)
  if (chosen === undefined) throw new RangeError(`--${name} is one of ${choices.join(', ')}, not ${value}.`)
  return chosen
}

function timeMs(name: string, value: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(value) ?? []
  if (amount === undefined || (unit === undefined && Number(amount) !== 0))
    throw new RangeError(`--${name} takes times such as 90s, 10m or 1h, or 0, not ${value}.`)
  return Number(amount) * { s: 1_000, m: 60_000, h: 3_600_000 }[(unit ?? 's') as 's' | 'm' | 'h']
}
