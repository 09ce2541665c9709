import { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import type { RoutingTable } from '../links/routing-table.js'
import { replicas } from '../wire/message.js'

/** A closest set this many times sparser than the size of the overlay lets expect is not believed: it was made up, or somebody is in the way. One honest set in a hundred is; a fifth who name only each other are five times sparser. */
export const sparserMax = 2
/** Closest sets among fewer peers say too little about how dense they should be. */
export const densityPeersMin = 4 * replicas

/**
 * How many peers there are, by how close the siblings of linked peers are to them: in the middle of a gamma variable, a third less than `replicas`. A few who lie hardly change it.
 * Fewer than `replicas`: nobody has told of enough.
 */
export function peersByDensity({ siblingShareToExpect }: RoutingTable): number {
  return (replicas - 1 / 3) / siblingShareToExpect
}

/** Whether peers that somebody named may be the closest there are: as many as there should be, as close as what this peer knows itself, and as dense as the overlay's size lets expect. */
export function isPlausible(table: RoutingTable, estimatedPeers: number, target: Key, contacts: readonly Contact[]): boolean {
  const sorted = [...contacts].sort((a, b) => Key.compare(target, a.id, b.id))
  const [nearest] = sorted
  // Whoever is linked is there, and would be among them.
  if (!nearest || table.fullLinks().some(({ contact: { id } }) => Key.compare(target, id, nearest.id) < 0)) return false
  // One of them may be whoever asked, and one may have gone.
  if (sorted.length < replicas - 1 && sorted.length < table.serving - 1) return false
  const count = Math.min(sorted.length, replicas)
  // Who answers lookups with sparse sets makes the overlay seem small, too.
  const peers = Math.max(estimatedPeers, peersByDensity(table))
  return peers < densityPeersMin || target.distanceShare(sorted[count - 1]!.id) <= (sparserMax * count) / peers
}
