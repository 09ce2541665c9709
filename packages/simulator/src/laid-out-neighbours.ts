import { NeighbourList, type OverlayEvent } from '@hashtab/core'
import { laidOutLinkId, type LaidOutLinks } from './laid-out-links.js'
import type { Identity } from './virtual-peer.js'

/** Links as an overlay is told of those that it finds itself with. */
type ToldLinks = Extract<OverlayEvent, { type: 'laidOut' }>['links']

/**
 * What each peer knows of the links laid out, by its place: its own, and those of the peers at their other ends. All who know a list share it.
 * `rttMs`: between two places, in whole milliseconds.
 */
export function laidOutNeighbours(
  identities: readonly Identity[],
  links: LaidOutLinks,
  rttMs: (a: number, b: number) => number,
): (place: number) => ToldLinks {
  const lists = identities.map(
    (_, i) => new NeighbourList(linkedTo(links, i).map((other) => ({ contact: identities[other]!.contact, rttMs: rttMs(i, other) }))),
  )
  return (peer) =>
    lists[peer]!.all.map((to, place) => ({ ...to, link: laidOutLinkId(place), neighbours: lists[links.otherOf(peer, place)]! }))
}

function linkedTo(links: LaidOutLinks, peer: number): number[] {
  return Array.from({ length: links.countOf(peer) }, (_, place) => links.otherOf(peer, place))
}
