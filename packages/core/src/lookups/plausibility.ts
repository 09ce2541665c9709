import { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import type { RoutingTable } from '../links/routing-table.js'
import { replicas } from '../wire/message.js'

/** A closest set this many times sparser than the size of the overlay lets expect is not believed: it was made up, or somebody is in the way. */
export const sparserMax = 3
/** Closest sets among fewer peers say too little about how dense they should be. */
export const densityPeersMin = 4 * replicas

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
