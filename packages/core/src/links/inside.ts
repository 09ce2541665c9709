/** With so many links a peer is in, or with as many as there were peers to meet. Fewer than the links of a leaf. */
const linksInside = 4

/**
 * Whether a peer is part of the overlay of which a meeting point has named `named` peers at once. When many come at one time, all whom a newcomer is told of may have no
 * room for it: a few such that find each other are no overlay, and must look at their meeting points again.
 */
export function isInside(links: number, named: number): boolean {
  return links > 0 && links >= Math.min(linksInside, named)
}
