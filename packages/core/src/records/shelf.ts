import type { KeptRecord } from './kept-record.js'

/** Records of one group in a store, in an order, and what they take. To find one among n, or its place, takes log n comparisons. */
export class Shelf {
  readonly #compare: (a: KeptRecord, b: KeptRecord) => number
  readonly #ordered: KeptRecord[] = []
  #bytes = 0

  /** `compare`: negative where `a` is the first of the two. */
  constructor(compare: (a: KeptRecord, b: KeptRecord) => number) {
    this.#compare = compare
  }

  get records(): number {
    return this.#ordered.length
  }

  get bytes(): number {
    return this.#bytes
  }

  add(kept: KeptRecord): void {
    this.#ordered.splice(this.#placeOf(kept), 0, kept)
    this.#bytes += kept.bytes
  }

  remove(kept: KeptRecord): void {
    for (let place = this.#placeOf(kept); place < this.#ordered.length; place++) {
      if (this.#ordered[place]!.id !== kept.id) continue
      this.#bytes -= this.#ordered[place]!.bytes
      this.#ordered.splice(place, 1)
      return
    }
  }

  /** The first that this holds of. */
  first(isSought: (kept: KeptRecord) => boolean): KeptRecord | undefined {
    return this.#ordered.find(isSought)
  }

  /** Where the first is that does not come before it. */
  #placeOf(kept: KeptRecord): number {
    let [from, to] = [0, this.#ordered.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (this.#compare(this.#ordered[middle]!, kept) < 0) from = middle + 1
      else to = middle
    }
    return from
  }
}
