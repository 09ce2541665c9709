import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventHeap } from './event-heap.js'

describe('an event heap', () => {
  it('gives back the earliest first, and of one moment the first put in', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (times) => {
        const heap = new EventHeap<readonly [number, number]>()
        times.forEach((atMs, order) => heap.push(atMs, [atMs, order]))
        const popped = times.map(() => heap.pop())
        const expected = times.map((atMs, order) => [atMs, order] as const).sort((a, b) => a[0] - b[0] || a[1] - b[1])
        expect(popped).toEqual(expected)
        expect(heap.nextMs).toBe(Infinity)
      }),
    )
  })

  it('stays in order while it is used and grows', () => {
    const heap = new EventHeap<number>()
    let lastMs = 0
    for (let i = 0; i < 5_000; i++) {
      heap.push(lastMs + ((i * 7_919) % 1_000), i)
      if (i % 3 > 0) continue
      const { nextMs } = heap
      expect(nextMs).toBeGreaterThanOrEqual(lastMs)
      lastMs = nextMs
      heap.pop()
    }
    expect(heap.size).toBe(3_333)
  })

  it('has nothing to give when it is empty', () => {
    expect(() => new EventHeap().pop()).toThrow(RangeError)
  })
})
