import type { RandomSource } from './random-source.js'

export const latencyModels = ['constant', 'uniform', 'lognormal'] as const
export type LatencyModel = (typeof latencyModels)[number]

/** One-way delays between pairs of peers. */
export interface Latency {
  /** `uniform`: from none to twice the mean. `lognormal`: as measured on the Internet, most pairs below the mean and a long tail. */
  readonly model: LatencyModel
  readonly meanMs: number
}

/** Spread of the logarithm: 5 % of pairs are slower than twice the mean. */
const logDeviation = 0.5
/** Even neighbours in one room need this long. */
export const latencyMinMs = 0.5
/** Beyond this a pair would count as broken. */
export const latencyMaxMs = 2_000

/** Draws the one-way delay of one pair. */
export function drawLatencyMs({ model, meanMs }: Latency, random: RandomSource): number {
  switch (model) {
    case 'constant':
      return meanMs
    case 'uniform':
      return bounded(random.between(0, 2 * meanMs))
    case 'lognormal':
      return bounded(meanMs * Math.exp(logDeviation * random.normal() - logDeviation ** 2 / 2))
  }
}

/** To the microsecond: what `Math.exp` answers may differ in the last bits from one engine to another. */
function bounded(latencyMs: number): number {
  return Math.round(Math.min(Math.max(latencyMs, latencyMinMs), latencyMaxMs) * 1_000) / 1_000
}
