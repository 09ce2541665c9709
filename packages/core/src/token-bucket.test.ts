import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TokenBucket } from './token-bucket.js'

it('gives a burst, then a token each time one has come', () => {
  const bucket = new TokenBucket(2, 1 / 100, 0)
  expect([bucket.take(1, 0), bucket.take(1, 0), bucket.take(1, 0)]).toEqual([true, true, false])
  expect(bucket.waitMs(0)).toBe(100)
  expect(bucket.waitMs(60)).toBe(40)
  expect(bucket.take(1, 99)).toBe(false)
  expect(bucket.take(1, 100)).toBe(true)
})

it('fills up to its capacity, however long it rests', () => {
  const bucket = new TokenBucket(2, 1, 0)
  expect(bucket.take(3, 1_000_000)).toBe(false)
  expect(bucket.take(2, 1_000_000)).toBe(true)
})

it('lets those into debt who may make one, and makes the others wait until it is paid', () => {
  const bucket = new TokenBucket(1, 1 / 100, 0)
  expect([bucket.take(1, 0, -2), bucket.take(1, 0, -2), bucket.take(1, 0, -2), bucket.take(1, 0, -2)]).toEqual([true, true, true, false])
  expect(bucket.waitMs(0)).toBe(300)
  expect(bucket.take(1, 299)).toBe(false)
  expect(bucket.take(1, 300)).toBe(true)
})

it('never gives more than the burst and what has come since', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 500 })), (steps) => {
      const bucket = new TokenBucket(3, 1 / 100, 0)
      let nowMs = 0
      let taken = 0
      for (const stepMs of steps) {
        nowMs += stepMs
        if (bucket.take(1, nowMs)) taken += 1
        expect(taken).toBeLessThanOrEqual(3 + nowMs / 100 + 1e-6)
      }
    }),
  )
})
