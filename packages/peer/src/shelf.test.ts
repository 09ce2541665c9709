import { ManualClock } from '@hashtab/conformance'
import { describe, expect, test } from 'vitest'
import { MemoryStorage, type Storage } from './index.js'
import { Shelf, storageTimeoutMs } from './shelf.js'

const never = () => new Promise<never>(() => {})
/** What a browser shows of a database that another page keeps from opening. */
const silent: Storage = { load: never, write: never, close: never }
const bytes = Uint8Array.of(1)

describe('a storage that never answers', () => {
  test('is given up: what it has is not waited for', async () => {
    const clock = new ManualClock()
    const shelf = new Shelf(silent, clock)
    const loaded = shelf.load()
    clock.advance(storageTimeoutMs - 1)
    expect(shelf.fault).toBeUndefined()
    clock.advance(1)
    expect(await loaded).toEqual(new Map())
    expect(shelf.fault).toBe('unavailable')
  })

  test('does not hold up a write, nor those after it, nor the end', async () => {
    const clock = new ManualClock()
    const writes: string[][] = []
    const write: Storage['write'] = (changes) => {
      writes.push([...changes.keys()])
      return never()
    }
    const shelf = new Shelf({ ...silent, write }, clock)
    shelf.change('one', bytes, true, clock.nowMs())
    const first = shelf.flushed()
    shelf.change('two', bytes, true, clock.nowMs())
    const second = shelf.flushed()
    clock.advance(storageTimeoutMs)
    await Promise.all([first, second])
    expect(shelf.fault).toBe('unavailable')
    shelf.change('three', bytes, true, clock.nowMs())
    await shelf.flushed()
    expect(writes).toEqual([['one']])
    const closed = shelf.close()
    await shelf.flushed()
    clock.advance(storageTimeoutMs)
    await closed
  })
})

test('a storage that answers leaves no timer behind', async () => {
  const clock = new ManualClock()
  const kept = new Map<string, Uint8Array>()
  const shelf = new Shelf(new MemoryStorage(kept), clock)
  await shelf.load()
  shelf.change('one', bytes, true, clock.nowMs())
  await shelf.close()
  expect(kept).toEqual(new Map([['one', bytes]]))
  expect(clock.waiting).toBe(0)
  expect(shelf.fault).toBeUndefined()
})
