/** A set that takes next to no memory while it is empty, as `LateMap` is a map. */
export class LateSet<T> {
  #set: Set<T> | undefined

  get size(): number {
    return this.#set?.size ?? 0
  }

  has(item: T): boolean {
    return this.#set?.has(item) ?? false
  }

  add(item: T): this {
    this.#set ??= new Set<T>()
    this.#set.add(item)
    return this
  }

  /** Puts it in as the newest; of more than `max` the oldest makes room. */
  keep(item: T, max: number): void {
    this.delete(item)
    this.add(item)
    if (this.size > max) for (const oldest of this) return void this.delete(oldest)
  }

  delete(item: T): boolean {
    const set = this.#set
    if (!set?.delete(item)) return false
    if (set.size === 0) this.#set = undefined
    return true
  }

  [Symbol.iterator](): SetIterator<T> {
    return (this.#set ?? empty).values()
  }
}

const empty = new Set<never>()
