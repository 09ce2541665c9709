import type { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import type { RoutingTable } from '../links/routing-table.js'
import { replicas } from '../wire/message.js'
import { densityPeersMin, peersByDensity } from './plausibility.js'

export type IsCrowded = (table: RoutingTable, estimatedPeers: number, target: Key, contacts: readonly Contact[]) => boolean

/** A closest set that is as dense as it is by chance less often than this is doubted: somebody has made keys that crowd around the target. */
export const crowdedChance = 0.003
/** The overlay's size may be so many times what it is taken for. */
const sizeErrorMax = 2
/** Fewer peers than this that happen to be close say nothing. */
const crowdMin = 3

/** Whether peers crowd around a target: the closest of them are so close as they hardly ever are by chance, in an overlay of this size (the tail of a Poisson distribution). */
export const isCrowded: IsCrowded = (table, estimatedPeers, target, contacts) => {
  const peers = sizeErrorMax * Math.max(estimatedPeers, peersByDensity(table))
  if (peers < sizeErrorMax * densityPeersMin) return false
  const shares = contacts.map(({ id }) => target.distanceShare(id)).sort((a, b) => a - b)
  return shares.slice(0, replicas).some((share, i) => i + 1 >= crowdMin && chanceOfMore(i + 1, peers * share) < crowdedChance)
}

/** The chance that so many or more are found where this many are expected. */
function chanceOfMore(count: number, expected: number): number {
  let term = Math.exp(-expected)
  let fewer = 0
  for (let i = 0; i < count; i++) {
    fewer += term
    term *= expected / (i + 1)
  }
  return 1 - fewer
}
