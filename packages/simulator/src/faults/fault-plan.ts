import { desktopLinkLimits, type LinkLimits } from '@hashtab/core'
import type { ConductName } from '../adversaries/conduct-name.js'
import { RandomSource } from '../random-source.js'
import type { SimulationOptions } from '../simulation-options.js'

/** A small world, and what goes wrong in it. */
export interface FaultPlan extends SimulationOptions {
  readonly limits: LinkLimits
  readonly peers: number
  readonly points: number
  /** For so long things go wrong. */
  readonly faultsMs: number
  /** Half of the peers stay less than this. */
  readonly medianStayMs: number
  /** Departures without a word, 0 to 1. */
  readonly crashes: number
  /** A share of the peers crashes within a second. */
  readonly burst: { readonly atMs: number; readonly share: number } | undefined
  readonly partition: { readonly atMs: number; readonly forMs: number; readonly share: number } | undefined
  readonly freezesPerMinute: number
  readonly hostileShare: number
  readonly conducts: readonly ConductName[]
  readonly operationsPerSecond: number
}

/**
 * The share of peers that may fail, or be hostile, within a minute without a loss of what was acknowledged: stated here, kept by every plan. At 8 replicas each of a third
 * that fails a record in fifteen thousand would go with all of its own; the burst of a plan stays below a quarter.
 */
export const burstMax = 0.2
export const hostileMax = 0.25
const peersMin = 20
const peersMax = 40

const phoneLinkLimits: LinkLimits = { target: 16, soft: 24, hard: 32 }
/** Ways to misbehave that go together. */
const gangs: readonly (readonly ConductName[])[] = [
  ['drops'],
  ['withholds'],
  ['invents'],
  ['colludes', 'liesOfFriends'],
  ['drops', 'liesOfStrangers'],
  ['misroutes'],
  ['dawdles'],
  ['replays'],
  ['forges'],
  ['forges', 'replays'],
  ['floodsKnocks'],
  ['floodsStores'],
  ['equivocates'],
  ['equivocates', 'replays', 'dawdles'],
]

/** The world of a seed: the same seed, the same world. */
export function planFaults(seed: number): FaultPlan {
  const random = new RandomSource(seed ^ 0x5eed)
  const sometimes = (share: number) => random.share() < share
  const faultsMs = random.between(30_000, 70_000)
  const isHostile = sometimes(0.6)
  return {
    seed,
    peers: peersMin + random.below(peersMax - peersMin),
    points: 1 + random.below(3),
    limits: sometimes(0.5) ? desktopLinkLimits : phoneLinkLimits,
    latency: { model: 'lognormal', meanMs: random.between(10, 150) },
    loss: sometimes(0.3) ? random.between(0, 0.05) : 0,
    unlinkable: sometimes(0.3) ? random.between(0, 0.3) : 0,
    faultsMs,
    medianStayMs: sometimes(0.6) ? random.between(60_000, 600_000) : Infinity,
    crashes: random.share(),
    burst: sometimes(0.3) ? { atMs: random.between(0, faultsMs), share: random.between(0.05, burstMax) } : undefined,
    partition: sometimes(0.2)
      ? { atMs: random.between(0, faultsMs / 2), forMs: random.between(5_000, faultsMs / 2), share: random.between(0.1, 0.4) }
      : undefined,
    freezesPerMinute: sometimes(0.4) ? random.between(1, 20) : 0,
    hostileShare: isHostile ? random.between(0.05, hostileMax) : 0,
    conducts: isHostile ? random.pick(gangs)! : [],
    operationsPerSecond: random.between(1, 4),
  }
}
