import { type Contact, Key } from '@hashtab/core'

interface Placed {
  readonly contact: Contact
}

/** Of those in the order of ids, so many on either side of a key's place are looked at: what is close to it is among them. */
const reach = 64

/** The peers closest to a key, the closest first, of those that are wanted. `peers`: in ascending order of their ids. */
export function closestPeers<T extends Placed>(
  peers: readonly T[],
  key: Key,
  count: number,
  isWanted: (peer: T) => boolean = () => true,
): T[] {
  const place = placeOfClosest(peers, key)
  for (let around = reach; ; around *= 4) {
    const near = peers.slice(Math.max(0, place - around), place + around + 1).filter(isWanted)
    if (near.length < Math.min(4 * count, peers.length) && around < peers.length) continue
    return near.sort((a, b) => Key.compare(key, a.contact.id, b.contact.id)).slice(0, count)
  }
}

/** The place of the peer closest to a key. */
export function placeOfClosest(peers: readonly Placed[], key: Key): number {
  let [from, to] = [0, peers.length]
  for (let bit = 0; to - from > 1; bit++) {
    let [low, high] = [from, to]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (peers[middle]!.contact.id.bit(bit) === 1) high = middle
      else low = middle + 1
    }
    // Into the half that shares the key's bit, where it is not empty.
    if (key.bit(bit) === 1 ? low < to : low === from) from = low
    else to = low
  }
  return from
}
