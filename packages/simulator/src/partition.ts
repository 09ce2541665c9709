import type { Errand } from './happening.js'
import { pairShare } from './latency.js'
import { seekAgainMs, type Simulation } from './simulation.js'
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
  const mend: Errand = { run: () => heal(simulation) }
  schedule.push(nowMs + afterMs, { type: 'errand', errand: divide })
  schedule.push(nowMs + afterMs + forMs, { type: 'errand', errand: mend })
}

/** Whoever was cut off is so no longer. A socket that was open then is opened anew after a while, or looks who else is there, as the signalling client does. */
export function heal({ alive, network, schedule, random, nowMs }: Simulation): void {
  for (const peer of alive) {
    if (!network.isCutOff(peer) || !peer.points.some((point) => point.has(peer))) continue
    schedule.push(nowMs + random.between(seekAgainMs / 10, seekAgainMs), { type: 'seeks', peer, drawn: true })
  }
  network.heal()
}
