import { Key } from './key.js'

/** The `count` items closest to a target, the closest first. Few of many are wanted, and often: so no sorting of them all. */
export function closest<T>(target: Key, items: Iterable<T>, count: number, idOf: (item: T) => Key): T[] {
  const best = new Nearest(target, count, idOf)
  for (const item of items) best.offer(item)
  return best.items
}

/** The closest of what is offered, each once. */
export class Nearest<T> {
  readonly items: T[] = []
  /** How often each was offered. */
  readonly times: number[] = []
  /** What is farther than this, by the first 32 bits of its distance, need not be offered. */
  boundHead = Infinity
  readonly #target: Key
  readonly #count: number
  readonly #idOf: (item: T) => Key
  /** The first 32 bits of each item's distance: they nearly always decide. */
  readonly #heads: number[] = []

  constructor(target: Key, count: number, idOf: (item: T) => Key) {
    this.#target = target
    this.#count = count
    this.#idOf = idOf
  }

  offer(item: T): void {
    this.offerAt(item, this.#target.distanceHead(this.#idOf(item)))
  }

  /** Whether this very item is among the closest so far, or another with its id; then it counts as offered once more. `head`: the first 32 bits of its distance. */
  again(item: T, head: number): boolean {
    const heads = this.#heads
    for (let i = 0; i < heads.length; i++) {
      if (heads[i] !== head || (this.items[i] !== item && !this.#idOf(this.items[i]!).equals(this.#idOf(item)))) continue
      this.times[i]! += 1
      return true
    }
    return false
  }

  /** For whoever knows the first 32 bits of the distance already. */
  offerAt(item: T, head: number): void {
    if (head > this.boundHead) return
    const heads = this.#heads
    let place = heads.length
    while (place > 0 && heads[place - 1]! > head) place -= 1
    for (; place > 0 && heads[place - 1] === head; place--) {
      const order = Key.compare(this.#target, this.#idOf(item), this.#idOf(this.items[place - 1]!))
      if (order === 0) {
        this.times[place - 1]! += 1
        return
      }
      if (order > 0) break
    }
    if (place < this.#count) this.#insert(place, item, head)
  }

  #insert(place: number, item: T, head: number): void {
    const { items } = this
    const heads = this.#heads
    const last = Math.min(items.length, this.#count - 1)
    for (let i = last; i > place; i--) {
      items[i] = items[i - 1]!
      heads[i] = heads[i - 1]!
      this.times[i] = this.times[i - 1]!
    }
    items[place] = item
    heads[place] = head
    this.times[place] = 1
    if (items.length === this.#count) this.boundHead = heads[this.#count - 1]!
  }
}
