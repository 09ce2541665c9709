import { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import type { RoutingTable } from '../links/routing-table.js'
import { replicas } from '../wire/message.js'

/** A closest set this many times sparser than the size of the overlay lets expect is not believed: it was made up, or somebody is in the way. */
export const sparserMax = 3
/** Closest sets among fewer peers say too little about how dense they should be. */
const densityPeersMin = 4 * replicas

/** Whether peers that somebody named may be the closest there are: as many as there should be, as close as what this peer knows itself, and as dense as the overlay's size lets expect. */
export function isPlausible(table: RoutingTable, estimatedPeers: number, target: Key, contacts: readonly Contact[]): boolean {
  const sorted = [...contacts].sort((a, b) => Key.compare(target, a.id, b.id))
  const [nearest] = sorted
  const [known] = table.closestAlive(target, 1)
  if (!nearest || (known && table.linkTo(known.id) && Key.compare(target, known.id, nearest.id) < 0)) return false
  // One of them may be whoever asked, and one may have gone.
  if (sorted.length < replicas - 1 && sorted.length < table.serving - 1) return false
  const count = Math.min(sorted.length, replicas)
  return estimatedPeers < densityPeersMin || target.distanceShare(sorted[count - 1]!.id) <= (sparserMax * count) / estimatedPeers
}

/** A closest set that is as dense as it is by chance less often than this is doubted: somebody has made keys that crowd around the target. */
export const crowdedChance = 0.003
/** The overlay's size may be so many times what it is taken for. */
const sizeErrorMax = 2
/** Fewer peers than this that happen to be close say nothing. */
const crowdMin = 3

/** Whether peers crowd around a target: the closest of them are so close as they hardly ever are by chance, in an overlay of this size (the tail of a Poisson distribution). */
export function isCrowded(table: RoutingTable, estimatedPeers: number, target: Key, contacts: readonly Contact[]): boolean {
  const peers = sizeErrorMax * Math.max(estimatedPeers, peersByDensity(table))
  if (peers < sizeErrorMax * densityPeersMin) return false
  const shares = contacts.map(({ id }) => target.distanceShare(id)).sort((a, b) => a - b)
  return shares.slice(0, replicas).some((share, i) => i + 1 >= crowdMin && chanceOfMore(i + 1, peers * share) < crowdedChance)
}

/** How many peers there are, if all surroundings are as dense as this peer's own. */
function peersByDensity(table: RoutingTable): number {
  const farthest = table.siblings()[replicas - 1]
  return farthest ? (replicas - 1) / table.self.distanceShare(farthest.contact.id) : 0
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
