/**
 * What is still to happen, the earliest first; of one moment, in the order in which it was put in. Times are rounded up to whole milliseconds: what remembers
 * them, in millions of peers, takes a word for each then. A binary heap (Williams 1964) whose keys
 * lie in typed arrays, with the places of the payloads, which stay where they are: a million entries cost no more than those.
 */
export class EventHeap<T> {
  #atMs = new Float64Array(1_024)
  #order = new Float64Array(1_024)
  #slots = new Int32Array(1_024)
  readonly #payloads: (T | undefined)[] = []
  /** Slots of `#payloads` that are empty. */
  readonly #free: number[] = []
  #size = 0
  #orders = 0

  get size(): number {
    return this.#size
  }

  /** When the earliest happens; Infinity: nothing is to happen. */
  get nextMs(): number {
    return this.#size > 0 ? this.#atMs[0]! : Infinity
  }

  push(exactlyAtMs: number, payload: T): void {
    const atMs = Math.ceil(exactlyAtMs)
    const order = ++this.#orders
    const slot = this.#free.pop() ?? this.#payloads.length
    this.#payloads[slot] = payload
    let place = this.#size++
    if (place === this.#atMs.length) this.#grow()
    while (place > 0) {
      const above = (place - 1) >>> 1
      if (this.#atMs[above]! <= atMs) break
      this.#move(above, place)
      place = above
    }
    this.#put(place, atMs, order, slot)
  }

  /** Takes out the earliest. Throws a `RangeError` when there is none. */
  pop(): T {
    if (this.#size === 0) throw new RangeError('Nothing is to happen.')
    const top = this.#slots[0]!
    const last = --this.#size
    const atMs = this.#atMs[last]!
    const order = this.#order[last]!
    const slot = this.#slots[last]!
    let place = 0
    for (;;) {
      let below = 2 * place + 1
      if (below >= last) break
      if (below + 1 < last && this.#isBefore(below + 1, this.#atMs[below]!, this.#order[below]!)) below += 1
      if (!this.#isBefore(below, atMs, order)) break
      this.#move(below, place)
      place = below
    }
    this.#put(place, atMs, order, slot)
    return this.#taken(top)
  }

  #taken(slot: number): T {
    const payload = this.#payloads[slot] as T
    this.#payloads[slot] = undefined
    this.#free.push(slot)
    return payload
  }

  #isBefore(place: number, atMs: number, order: number): boolean {
    const differenceMs = this.#atMs[place]! - atMs
    return differenceMs < 0 || (differenceMs === 0 && this.#order[place]! < order)
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#atMs[from]!, this.#order[from]!, this.#slots[from]!)
  }

  #put(place: number, atMs: number, order: number, slot: number): void {
    this.#atMs[place] = atMs
    this.#order[place] = order
    this.#slots[place] = slot
  }

  #grow(): void {
    const length = 2 * this.#atMs.length
    this.#atMs = copied(new Float64Array(length), this.#atMs)
    this.#order = copied(new Float64Array(length), this.#order)
    this.#slots = copied(new Int32Array(length), this.#slots)
  }
}

function copied<A extends Float64Array | Int32Array>(to: A, from: A): A {
  to.set(from)
  return to
}
