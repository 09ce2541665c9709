import { LateMap } from '../late-map.js'
import type { Key } from '../keys/key.js'

/** Closest sets remembered: with 32 of 8 peers each, nine estimates of ten are within a tenth of the truth. */
export const samplesMax = 32

interface Sample {
  readonly peers: number
  /** The share of the key space that is as close to the key as the last of them. */
  readonly share: number
}

/**
 * How many peers the overlay has, read off the closest sets that lookups find anyway. Ids are spread by chance, so the distance of the last of a closest set
 * tells all there is to tell about the density (a gamma variable), and the best unbiased estimate is (peers − 1) / share, over all sets together.
 */
export class SizeEstimate {
  /** By target, the newest last: one's own surroundings, looked at again and again, are one sample and not many. */
  readonly #samples = new LateMap<string, Sample>()

  /** Notes the peers closest to a key, the closest first: all of the overlay's when there are few. */
  note(target: Key, closest: readonly Key[]): void {
    const last = closest.at(-1)
    if (!last || closest.length < 2) return
    this.#samples.keep(target.hex, { peers: closest.length, share: target.distanceShare(last) }, samplesMax)
  }

  /** The estimate, never less than the peers that are seen. */
  peers(seen: number): number {
    let peers = 0
    let share = 0
    for (const sample of this.#samples.values()) {
      peers += sample.peers
      share += sample.share
    }
    return share === 0 ? seen : Math.max(seen, Math.round((peers - 1) / share))
  }
}
