import type { Errand } from './happening.js'
import { pairShare } from './latency.js'
import type { Simulation } from './simulation.js'
import type { Site } from './site.js'

export interface PartitionOptions {
  /** The share of peers that are cut off from the others, and from the meeting point. */
  readonly share: number
  /** From the beginning of the churn until it begins, and how long it lasts. */
  readonly afterMs: number
  readonly forMs: number
}

/** Cuts some off from the others for a while: their links break, and none can be made; then all is as before but for the links. */
export function schedulePartition(simulation: Simulation, { share, afterMs, forMs }: PartitionOptions): void {
  const { schedule, nowMs } = simulation
  const cut = (site: Site) => pairShare(site, site, 6) < share
  const divide: Errand = { run: (nowMs) => simulation.network.divide(simulation.alive, (peer) => cut(peer.site), nowMs) }
  const heal: Errand = { run: () => simulation.heal() }
  schedule.push(nowMs + afterMs, { type: 'errand', errand: divide })
  schedule.push(nowMs + afterMs + forMs, { type: 'errand', errand: heal })
}
