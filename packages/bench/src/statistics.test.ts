import { expect, test } from 'vitest'
import { shareOf, summarise } from './statistics.js'

const never = Number.POSITIVE_INFINITY

test.each([
  { samples: [5], median: 5, min: 5, max: 5 },
  { samples: [9, 1, 5], median: 5, min: 1, max: 9 },
  { samples: [4, 1, 3, 2], median: 2.5, min: 1, max: 4 },
  { samples: [1, never, 2], median: 2, min: 1, max: never },
  { samples: [never, never, 2], median: never, min: 2, max: never },
  { samples: [never, never], median: never, min: never, max: never },
  { samples: [10, 9, 100], median: 10, min: 9, max: 100 },
])('the median of $samples is $median', ({ samples, median, min, max }) => {
  expect(summarise(samples)).toEqual({ count: samples.length, median, min, max })
})

test('of nothing there is no summary', () => {
  expect(summarise([])).toBeUndefined()
})

test('samples stay as they were', () => {
  const samples = [3, 1, 2]
  summarise(samples)
  expect(samples).toEqual([3, 1, 2])
})

test('a share counts what was done', () => {
  expect(shareOf([1, 0, 1, 1])).toEqual({ done: 3, of: 4 })
})
