import type { LinkLimits } from '@hashtab/core'
import type { Latency } from './latency.js'
import type { NatShares } from './nat.js'

export interface SimulationOptions {
  readonly seed: number
  readonly latency: Latency
  /** The share of pairs between which no direct link can be made, 0 to 1. */
  readonly unlinkable?: number | undefined
  /** The share of packets that are lost on their way, and sent again. */
  readonly loss?: number | undefined
  /** The median uplink in Mbit/s; undefined: no bound. */
  readonly uplinkMbps?: number | undefined
  /** What routers peers are behind; undefined: none that matters. */
  readonly nat?: NatShares | undefined
  readonly limits?: LinkLimits | undefined
}
