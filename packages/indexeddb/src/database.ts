import { StorageFault } from '@hashtab/peer'
import { promisifyRequest, type UseStore } from 'idb-keyval'

/** The one object store in each of our databases: idb-keyval's model is one flat table. */
const storeName = 'keyval'

/**
 * One IndexedDB database with one flat table, whose `store` functions of idb-keyval take as theirs.
 * Beyond idb-keyval's own `createStore`: durability is chosen, a connection that the browser closed or another tab
 * wants gone is opened once more, and every failure is a `StorageFault`.
 */
export class Database {
  readonly #name: string
  readonly #factory: IDBFactory | undefined
  #connection: Promise<IDBDatabase> | undefined

  constructor(name: string, factory: IDBFactory | undefined) {
    this.#name = name
    this.#factory = factory
  }

  /** What idb-keyval calls a store. `strict`: a transaction is on disk before it resolves. */
  store(durability: 'relaxed' | 'strict'): UseStore {
    return (mode, callback) => this.#run(mode, durability, callback)
  }

  async close(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    const database = await connection?.catch(() => undefined)
    database?.close()
  }

  async #run<T>(
    mode: IDBTransactionMode,
    durability: 'relaxed' | 'strict',
    callback: (store: IDBObjectStore) => T | PromiseLike<T>,
  ): Promise<T> {
    const begin = async () => {
      const connection = await this.#connect()
      return connection.transaction(storeName, mode, { durability }).objectStore(storeName)
    }
    try {
      // Only the begin is tried twice: a transaction that has begun may have changed things.
      const store = await begin().catch((reason: unknown) => {
        if (!isNamed(reason, 'InvalidStateError', 'NotFoundError')) throw reason
        this.#connection = undefined
        return begin()
      })
      return await callback(store)
    } catch (reason) {
      throw faultOf(reason)
    }
  }

  #connect(): Promise<IDBDatabase> {
    return (this.#connection ??= this.#open())
  }

  async #open(): Promise<IDBDatabase> {
    try {
      if (!this.#factory) throw new StorageFault('unavailable', 'There is no IndexedDB here, as in Node: nothing can be kept.')
      const request = this.#factory.open(this.#name)
      request.onupgradeneeded = () => request.result.createObjectStore(storeName)
      const connection = await promisifyRequest(request)
      const letGo = () => {
        connection.close()
        this.#connection = undefined
      }
      connection.onclose = letGo
      // Another tab deletes the database: to hold on would block it for ever.
      connection.onversionchange = letGo
      return connection
    } catch (reason) {
      this.#connection = undefined
      if (reason instanceof StorageFault || isNamed(reason, 'QuotaExceededError')) throw reason
      throw new StorageFault('unavailable', `IndexedDB did not open: ${String(reason)}`, { cause: reason })
    }
  }
}

/** Resolves when all of a transaction is kept; rejects with why it was not. (idb-keyval's listens to `error` too, where the reason is not known yet.) */
export function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () =>
      reject(transaction.error ?? new DOMException('The connection closed under a transaction.', 'InvalidStateError'))
  })
}

function faultOf(reason: unknown): StorageFault {
  if (reason instanceof StorageFault) return reason
  if (isNamed(reason, 'QuotaExceededError')) {
    return new StorageFault('quota', 'The browser gives this site no more room: clear site data, or free disk space.', { cause: reason })
  }
  return new StorageFault('closed', `IndexedDB stopped answering: ${String(reason)}`, { cause: reason })
}

function isNamed(reason: unknown, ...names: string[]): boolean {
  return reason instanceof Error && names.includes(reason.name)
}
