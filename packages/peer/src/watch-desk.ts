import { type Key, type OperationId, ownedKey, type PublicKey, type Record, type Watchable, watchesMax } from '@hashtab/core'
import type { CallOptions } from './calls.js'
import type { Driver } from './driver.js'
import { type Entry, entryOf } from './entry.js'
import { Listeners } from './listeners.js'
import { PeerError } from './peer-error.js'
import { saltOf } from './record-desk.js'

/** Watching records: begins and ends watches, and says in the app's words what was seen. */
export class WatchDesk {
  readonly #driver: Driver
  readonly #stops = new Set<() => void>()

  constructor(driver: Driver) {
    this.#driver = driver
  }

  watch(key: Key, listener: (entry: Entry) => void, options: CallOptions): () => void {
    return this.#begin(key, 'open', listener, options)
  }

  follow(publicKey: PublicKey, name: string, listener: (entry: Entry) => void, options: CallOptions): () => void {
    return this.#begin(ownedKey(publicKey, saltOf(name)), 'owned', listener, options)
  }

  /** Ends every watch: the peer has left. */
  end(): void {
    for (const stop of this.#stops) stop()
  }

  #begin(target: Key, want: Watchable, listener: (entry: Entry) => void, { signal }: CallOptions): () => void {
    signal?.throwIfAborted()
    if (this.#stops.size >= watchesMax) {
      throw new PeerError('quota', `A peer watches ${watchesMax} records at a time: stop watching some, or use get and resolve.`)
    }
    const listeners = new Listeners<{ seen: Entry }>()
    listeners.on('seen', listener)
    const seen = (record: Record) => {
      if (record.kind !== 'content') listeners.emit('seen', entryOf(record))
    }
    let operation: OperationId | undefined
    const stop = () => {
      if (!this.#stops.delete(stop)) return
      listeners.clear()
      signal?.removeEventListener('abort', stop)
      if (operation !== undefined) this.#driver.cancel(operation)
    }
    this.#stops.add(stop)
    signal?.addEventListener('abort', stop, { once: true })
    // Not at once: what is here already is told before this returns, to a listener that may want to call what it returns.
    queueMicrotask(() => {
      if (!this.#stops.has(stop)) return
      operation = this.#driver.watch({ target, want }, seen)
      if (!this.#stops.has(stop)) this.#driver.cancel(operation)
    })
    return stop
  }
}
