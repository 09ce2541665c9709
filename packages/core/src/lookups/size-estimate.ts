import type { Key } from '../keys/key.js'

/** Closest sets remembered: the mean of this many is within a tenth of the truth. */
export const samplesMax = 32

/**
 * How many peers the overlay has, read off the closest sets that lookups find anyway: among n peers the i-th closest to a key
 * lies, on average, i / (n + 1) of the key space away.
 */
export class SizeEstimate {
  /** By target, the newest last: one's own surroundings, looked at again and again, are one sample and not many. */
  readonly #samples = new Map<string, number>()

  /** Notes the peers closest to a key, the closest first: all of the overlay's when there are few. */
  note(target: Key, closest: readonly Key[]): void {
    if (closest.length < 2) return
    // Least squares of the distances d_i on i/n (Kademlia implementations of Mainline use the same), exact for even spacing.
    const squares = closest.reduce((sum, _, i) => sum + (i + 1) ** 2, 0)
    const products = closest.reduce((sum, id, i) => sum + (i + 1) * target.distanceShare(id), 0)
    this.#samples.delete(target.hex)
    this.#samples.set(target.hex, products / squares)
    const [oldest] = this.#samples.keys()
    if (this.#samples.size > samplesMax && oldest !== undefined) this.#samples.delete(oldest)
  }

  /** The estimate, never less than the peers that are seen. */
  peers(seen: number): number {
    if (this.#samples.size === 0) return seen
    const meanShare = [...this.#samples.values()].reduce((sum, share) => sum + share, 0) / this.#samples.size
    return Math.max(seen, Math.round(1 / meanShare) - 1)
  }
}
