import { parseArgs } from 'node:util'
import { latencyModels } from './latency.js'
import { defaultScenario, type ScenarioOptions } from './scenario.js'

export const help = `Runs a virtual network of real Hashtab overlays in virtual time, and reports.

  npm run simulate -- --peers 1000 --churn 10m --seed 7

  --peers N              peers, about as many all the time (1000)
  --churn TIME           half of the peers stay less than this: 90s, 10m, 1h; 0 for no churn (10m)
  --seed N               the same seed and options give the same run (1)
  --minutes N            virtual minutes of churn (30)
  --stays MODEL          exponential or pareto: the longer one has stayed, the longer one will (exponential)
  --crashes SHARE        departures without a word, 0 to 1 (0.5)
  --returning SHARE      arrivals that were here before, with their storage, 0 to 1 (0.2)
  --latency MS           mean one-way delay between two peers (50)
  --latency-model MODEL  ${latencyModels.join(', ')} (lognormal)
  --unlinkable SHARE     pairs that no direct link can be made between, 0 to 1 (0)
  --kill-meeting-point   the signalling server dies for good once all have joined: peers only leave
  --records N            records written before the churn (200)
  --reads N              lookups a second, in all, during the churn (5)
  --writes N             writes a second, in all, during the churn (0.1)
  --json FILE            writes the report there, too
  --help                 this`

export type CommandLine =
  | { readonly type: 'help' }
  | { readonly type: 'wrong'; readonly why: string }
  | { readonly type: 'run'; readonly scenario: ScenarioOptions; readonly json: string | undefined }

/** What was asked for on the command line. */
export function readCommandLine(parameters: readonly string[]): CommandLine {
  try {
    const { values } = parseArgs({ args: [...parameters], options: flags, strict: true })
    if (values.help) return { type: 'help' }
    return { type: 'run', scenario: scenarioOf(values), json: values.json }
  } catch (error) {
    return { type: 'wrong', why: error instanceof Error ? error.message : String(error) }
  }
}

const text = { type: 'string' } as const
const flags = {
  peers: text,
  churn: text,
  seed: text,
  minutes: text,
  stays: text,
  crashes: text,
  returning: text,
  latency: text,
  'latency-model': text,
  unlinkable: text,
  records: text,
  reads: text,
  writes: text,
  json: text,
  'kill-meeting-point': { type: 'boolean' },
  help: { type: 'boolean' },
} as const

type Values = { readonly [name in keyof typeof flags]?: (typeof flags)[name]['type'] extends 'boolean' ? boolean : string }

function scenarioOf(values: Values): ScenarioOptions {
  const { churn, latency } = defaultScenario
  const medianStayMs = values.churn === undefined ? churn.medianStayMs : timeMs(values.churn)
  return {
    seed: number('seed', values.seed, defaultScenario.seed, 0, 2 ** 32 - 1),
    peers: number('peers', values.peers, defaultScenario.peers, 2, 10_000_000),
    churnMs: number('minutes', values.minutes, defaultScenario.churnMs / 60_000, 0, 1e6) * 60_000,
    churn: {
      medianStayMs: medianStayMs === 0 ? Infinity : medianStayMs,
      stays: oneOf('stays', values.stays, churn.stays, ['exponential', 'pareto']),
      crashes: number('crashes', values.crashes, churn.crashes, 0, 1),
      returning: number('returning', values.returning, churn.returning, 0, 1),
    },
    latency: {
      model: oneOf('latency-model', values['latency-model'], latency.model, latencyModels),
      meanMs: number('latency', values.latency, latency.meanMs, 0.5, 2_000),
    },
    unlinkable: number('unlinkable', values.unlinkable, defaultScenario.unlinkable, 0, 1),
    killMeetingPoint: values['kill-meeting-point'] ?? false,
    records: number('records', values.records, defaultScenario.records, 1, 1e6),
    readsPerSecond: number('reads', values.reads, defaultScenario.readsPerSecond, 0, 1e6),
    writesPerSecond: number('writes', values.writes, defaultScenario.writesPerSecond, 0, 1e6),
  }
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

function timeMs(value: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(value) ?? []
  if (amount === undefined || (unit === undefined && Number(amount) !== 0))
    throw new RangeError(`--churn is a time such as 90s, 10m or 1h, or 0, not ${value}.`)
  return Number(amount) * { s: 1_000, m: 60_000, h: 3_600_000 }[(unit ?? 's') as 's' | 'm' | 'h']
}
