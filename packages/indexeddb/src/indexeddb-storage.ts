import { StorageFault, type Storage } from '@hashtab/peer'
import { entries } from 'idb-keyval'
import { Database, committed } from './database.js'

export interface IndexedDbStorageOptions {
  /** Default: the page's own. */
  readonly indexedDB?: IDBFactory | undefined
}

/**
 * Keeps named byte strings in one IndexedDB database. Give it the `storageName` of a `HeldIdentity`, so that no two tabs share one.
 * Rejects with a `StorageFault`: `quota`, `closed` (also after one vain try to open again), `unavailable`.
 */
export class IndexedDbStorage implements Storage {
  readonly #database: Database
  /** The call before this one, settled: calls run one after the other, so that a connection opened again keeps their order. */
  #before: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(name: string, options: IndexedDbStorageOptions = {}) {
    this.#database = new Database(name, 'indexedDB' in options ? options.indexedDB : globalThis.indexedDB)
  }

  load(): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#inTurn(async () => {
      const kept = await entries<IDBValidKey, unknown>(this.#database.store('relaxed'))
      return new Map(kept.filter(isRecord))
    })
  }

  write(changes: ReadonlyMap<string, Uint8Array | undefined>, durability: 'relaxed' | 'strict'): Promise<void> {
    // Copied now: the caller may change its bytes, and a view would be kept with the whole buffer behind it.
    const batch = [...changes].map(([name, value]) => [name, value?.slice()] as const)
    return this.#inTurn(() =>
      this.#database.store(durability)('readwrite', (store) => {
        for (const [name, value] of batch) {
          if (value === undefined) store.delete(name)
          else store.put(value, name)
        }
        return committed(store.transaction)
      }),
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#before
    await this.#database.close()
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new StorageFault('closed', 'This storage was closed: make another of the same name.'))
    const result = this.#before.then(call)
    this.#before = result.catch(() => undefined)
    return result
  }
}

function isRecord(entry: [IDBValidKey, unknown]): entry is [string, Uint8Array] {
  return typeof entry[0] === 'string' && entry[1] instanceof Uint8Array
}
