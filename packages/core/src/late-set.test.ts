import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LateSet } from './late-set.js'

const change = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 4 }))

it('is what a set is, whatever is done to it', () => {
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const [late, set] = [new LateSet<number>(), new Set<number>()]
      for (const [isAdded, item] of changes) {
        if (isAdded) expect([late.add(item), set.add(item)]).toEqual([late, set])
        else expect(late.delete(item)).toBe(set.delete(item))
        expect([...late, late.size]).toEqual([...set, set.size])
        expect(late.has(item)).toBe(set.has(item))
      }
    }),
  )
})

it('keeps the newest of too many', () => {
  const late = new LateSet<number>()
  for (const item of [1, 2, 3, 1, 4]) late.keep(item, 3)
  expect([...late]).toEqual([3, 1, 4])
})
