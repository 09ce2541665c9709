import { centralAngle, geographyScale } from './geography.js'
import { quantileOfKing } from './king.js'
import type { Site } from './site.js'

export const latencyModels = ['constant', 'uniform', 'lognormal', 'king', 'geography'] as const
export type LatencyModel = (typeof latencyModels)[number]

/** One-way delays between pairs of peers. */
export interface Latency {
  /**
   * `uniform`: from none to twice the mean. `lognormal`: as measured on the Internet, most pairs below the mean and a long tail.
   * `king`: the shape that was measured between name servers (see `king.ts`). `geography`: places on a sphere and the way into the network at either
   * end, so that near ones of near ones are near. In the others every pair has its own delay, and the triangle inequality does not hold.
   */
  readonly model: LatencyModel
  readonly meanMs: number
}

/** Spread of the logarithm: 5 % of pairs are slower than twice the mean. */
const logDeviation = 0.5
/** Even neighbours in one room need this long. */
export const latencyMinMs = 0.5
/** Beyond this a pair would count as broken. */
export const latencyMaxMs = 2_000

/** The one-way delay between two peers: always the same for the same two, whoever asks. */
export function latencyBetween({ model, meanMs }: Latency, a: Site, b: Site): number {
  switch (model) {
    case 'constant':
      return meanMs
    case 'uniform':
      return bounded(2 * meanMs * pairShare(a, b, 1))
    case 'lognormal':
      return bounded(meanMs * Math.exp(logDeviation * pairNormal(a, b) - logDeviation ** 2 / 2))
    case 'king':
      return bounded(meanMs * quantileOfKing(pairShare(a, b, 1)))
    case 'geography':
      return bounded(meanMs * geographyScale * (a.access + b.access + centralAngle(a, b)))
  }
}

/** A number from 0 up to, not including, 1, that follows from the pair: the same at both ends. */
export function pairShare(a: Site, b: Site, purpose: number): number {
  let mixed = Math.imul(a.salt ^ b.salt, 0x9e3779b1) ^ Math.imul((a.salt + b.salt) | 0, 0x85ebca6b) ^ Math.imul(purpose, 0xc2b2ae35)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
}

/** Mean 0, deviation 1 (Box & Muller 1958). */
function pairNormal(a: Site, b: Site): number {
  return Math.sqrt(-2 * Math.log(1 - pairShare(a, b, 2))) * Math.cos(2 * Math.PI * pairShare(a, b, 3))
}

/** To the microsecond: what `Math.exp` answers may differ in the last bits from one engine to another. */
function bounded(latencyMs: number): number {
  return Math.round(Math.min(Math.max(latencyMs, latencyMinMs), latencyMaxMs) * 1_000) / 1_000
}
