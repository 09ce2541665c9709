import { storageSuite } from '@hashtab/conformance'
import { IDBFactory, forceCloseDatabase } from 'fake-indexeddb'
import { describe, expect, test } from 'vitest'
import { IndexedDbStorage } from './indexeddb-storage.js'

describe('IndexedDbStorage keeps the promises of Storage', () => {
  test.each(storageSuite)('$name', ({ run }) => {
    const indexedDB = new IDBFactory()
    let places = 0
    return run(() => {
      const name = `place ${places++}`
      return { open: () => new IndexedDbStorage(name, { indexedDB }) }
    })
  })
})

/** A factory that shows the connections it opened: what a browser does behind the page's back is done to them. */
class WatchedFactory extends IDBFactory {
  readonly connections: IDBDatabase[] = []

  override open(name: string, version?: number) {
    const request = super.open(name, version)
    request.addEventListener('success', () => this.connections.push(request.result))
    return request
  }
}

describe('a connection that is lost', () => {
  test('is opened again, and a write that comes then is kept', async () => {
    const indexedDB = new WatchedFactory()
    const storage = new IndexedDbStorage('records', { indexedDB })
    await storage.write(new Map([['a', Uint8Array.of(1)]]), 'strict')
    forceCloseDatabase(indexedDB.connections[0] as never)
    await storage.write(new Map([['b', Uint8Array.of(2)]]), 'strict')
    expect([...(await storage.load()).keys()].sort()).toEqual(['a', 'b'])
    expect(indexedDB.connections).toHaveLength(2)
    await storage.close()
  })

  test('is opened again when nobody said that it was lost (Safari closes connections without an event at times)', async () => {
    const indexedDB = new WatchedFactory()
    const storage = new IndexedDbStorage('records', { indexedDB })
    await storage.write(new Map([['a', Uint8Array.of(1)]]), 'strict')
    indexedDB.connections[0]!.close()
    await storage.write(new Map([['b', Uint8Array.of(2)]]), 'strict')
    expect((await storage.load()).size).toBe(2)
    await storage.close()
  })

  test('is let go when another tab deletes the database', async () => {
    const indexedDB = new IDBFactory()
    const storage = new IndexedDbStorage('records', { indexedDB })
    await storage.write(new Map([['a', Uint8Array.of(1)]]), 'strict')
    await new Promise((resolve) => {
      indexedDB.deleteDatabase('records').onsuccess = resolve
    })
    expect((await storage.load()).size).toBe(0)
    await storage.close()
  })
})

describe('a place that cannot keep', () => {
  test('without IndexedDB: unavailable', async () => {
    const storage = new IndexedDbStorage('records', { indexedDB: undefined })
    await expect(storage.load()).rejects.toMatchObject({ name: 'StorageFault', code: 'unavailable' })
    await expect(storage.write(new Map([['a', Uint8Array.of(1)]]), 'relaxed')).rejects.toMatchObject({ code: 'unavailable' })
    await storage.close()
  })

  test('foreign things in the database are not loaded', async () => {
    const indexedDB = new WatchedFactory()
    const storage = new IndexedDbStorage('records', { indexedDB })
    await storage.write(new Map([['a', Uint8Array.of(1)]]), 'strict')
    const transaction = indexedDB.connections[0]!.transaction('keyval', 'readwrite')
    transaction.objectStore('keyval').put('text', 'b')
    transaction.objectStore('keyval').put(Uint8Array.of(2), 7)
    expect([...(await storage.load()).keys()]).toEqual(['a'])
    await storage.close()
  })
})
