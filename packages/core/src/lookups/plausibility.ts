import { Key } from '../keys/key.js'
import { closest } from '../keys/nearest.js'
import type { Contact } from '../keys/public-key.js'
import type { Link, RoutingTable } from '../links/routing-table.js'
import { replicas } from '../wire/message.js'

/** A closest set this many times sparser than the size of the overlay lets expect is not believed: it was made up, or somebody is in the way. One honest set in a hundred is; a fifth who name only each other are five times sparser. */
export const sparserMax = 2
/** Linked peers that may be missing in a closest set: they have gone, or come, just now. Where all are linked, those who name only each other leave out most. */
export const missingMax = 2
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
  const ids = closest(
    target,
    contacts.map(({ id }) => id),
    replicas,
    (id) => id,
  )
  const [nearest] = ids
  const last = ids.at(-1)
  if (!nearest || !last) return false
  // Whoever is linked, and not silent, is there, and would be among them.
  const isMissing = ({ contact: { id }, isSilent }: Link) =>
    !isSilent && Key.compare(target, id, last) < 0 && !ids.some((one) => one.equals(id))
  const missing = table.fullLinks().filter(isMissing)
  if (missing.length > missingMax || missing.some(({ contact: { id } }) => Key.compare(target, id, nearest) < 0)) return false
  // One of them may be whoever asked, and one may have gone.
  if (ids.length < replicas - 1 && ids.length < table.serving - 1) return false
  // Who answers lookups with sparse sets makes the overlay seem small, too.
  const peers = Math.max(estimatedPeers, peersByDensity(table))
  return peers < densityPeersMin || target.distanceShare(last) <= (sparserMax * ids.length) / peers
}
