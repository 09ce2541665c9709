/**
 * What is still to happen, the earliest first; of one moment, in the order in which it was put in. A binary heap (Williams 1964) whose keys
 * lie in typed arrays: a million entries cost no more than their payloads.
 */
export class EventHeap<T> {
  #atMs = new Float64Array(1_024)
  #order = new Float64Array(1_024)
  readonly #payloads: T[] = []
  #orders = 0

  get size(): number {
    return this.#payloads.length
  }

  /** When the earliest happens; Infinity: nothing is to happen. */
  get nextMs(): number {
    return this.#payloads.length > 0 ? this.#atMs[0]! : Infinity
  }

  push(atMs: number, payload: T): void {
    const order = ++this.#orders
    let place = this.#payloads.length
    if (place === this.#atMs.length) this.#grow()
    this.#payloads.push(payload)
    while (place > 0) {
      const above = (place - 1) >>> 1
      if (this.#atMs[above]! <= atMs) break
      this.#move(above, place)
      place = above
    }
    this.#put(place, atMs, order, payload)
  }

  /** Takes out the earliest. Throws a `RangeError` when there is none. */
  pop(): T {
    const top = this.#payloads[0]
    if (top === undefined) throw new RangeError('Nothing is to happen.')
    const last = this.#payloads.length - 1
    const atMs = this.#atMs[last]!
    const order = this.#order[last]!
    const payload = this.#payloads.pop()!
    if (last === 0) return top
    let place = 0
    for (;;) {
      let below = 2 * place + 1
      if (below >= last) break
      if (below + 1 < last && this.#isBefore(below + 1, this.#atMs[below]!, this.#order[below]!)) below += 1
      if (!this.#isBefore(below, atMs, order)) break
      this.#move(below, place)
      place = below
    }
    this.#put(place, atMs, order, payload)
    return top
  }

  #isBefore(place: number, atMs: number, order: number): boolean {
    const differenceMs = this.#atMs[place]! - atMs
    return differenceMs < 0 || (differenceMs === 0 && this.#order[place]! < order)
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#atMs[from]!, this.#order[from]!, this.#payloads[from]!)
  }

  #put(place: number, atMs: number, order: number, payload: T): void {
    this.#atMs[place] = atMs
    this.#order[place] = order
    this.#payloads[place] = payload
  }

  #grow(): void {
    const atMs = new Float64Array(2 * this.#atMs.length)
    const order = new Float64Array(2 * this.#order.length)
    atMs.set(this.#atMs)
    order.set(this.#order)
    this.#atMs = atMs
    this.#order = order
  }
}
