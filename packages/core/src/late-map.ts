/**
 * A map that takes next to no memory while it is empty: most machines of most peers wait for nothing most of the time, and an empty `Map` takes 200 bytes.
 * As a `Map`, but for one thing: what is put in while it is iterated over after it was emptied is not met by that iteration.
 */
export class LateMap<K, V> implements Map<K, V> {
  #map: Map<K, V> | undefined

  get size(): number {
    return this.#map?.size ?? 0
  }

  get(key: K): V | undefined {
    return this.#map?.get(key)
  }

  has(key: K): boolean {
    return this.#map?.has(key) ?? false
  }

  set(key: K, value: V): this {
    this.#map ??= new Map<K, V>()
    this.#map.set(key, value)
    return this
  }

  /** Puts it in as the newest; of more than `max` the oldest makes room. */
  keep(key: K, value: V, max: number): void {
    this.delete(key)
    this.set(key, value)
    if (this.size > max) for (const oldest of this.keys()) return void this.delete(oldest)
  }

  delete(key: K): boolean {
    const map = this.#map
    if (!map?.delete(key)) return false
    if (map.size === 0) this.#map = undefined
    return true
  }

  clear(): void {
    this.#map = undefined
  }

  keys(): MapIterator<K> {
    return (this.#map ?? empty).keys()
  }

  values(): MapIterator<V> {
    return (this.#map ?? empty).values()
  }

  entries(): MapIterator<[K, V]> {
    return (this.#map ?? empty).entries()
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries()
  }

  forEach(callback: (value: V, key: K, map: Map<K, V>) => void): void {
    this.#map?.forEach((value, key) => callback(value, key, this))
  }

  get [Symbol.toStringTag](): string {
    return 'LateMap'
  }
}

const empty = new Map<never, never>()
