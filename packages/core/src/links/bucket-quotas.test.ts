import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketQuotas, wouldTake } from './bucket-quotas.js'

const supplies = fc.array(fc.nat(6), { minLength: 1, maxLength: 8 })
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)

describe('the quotas of buckets', () => {
  it('are raised in turn, the farthest first', () => {
    expect(bucketQuotas([9, 9, 9], 5).quotas).toEqual([2, 2, 1])
  })

  it('give to others what a poor bucket does not use', () => {
    expect(bucketQuotas([9, 1, 0], 5).quotas).toEqual([4, 1, 0])
    expect(bucketQuotas([1, 1], 5)).toEqual({ quotas: [1, 1], supply: [1, 1], left: 3 })
  })

  it('would take another peer exactly where one more known would raise them', () => {
    fc.assert(
      fc.property(supplies, fc.nat(20), fc.nat(8), (supply, room, bucket) => {
        const before = bucketQuotas(supply, room)
        const more = Array.from({ length: Math.max(supply.length, bucket + 1) }, (_, i) => (supply[i] ?? 0) + (i === bucket ? 1 : 0))
        const after = bucketQuotas(more, room)
        expect(wouldTake(before, bucket)).toBe(after.quotas[bucket]! > (before.quotas[bucket] ?? 0))
        expect(sum(after.quotas) + after.left).toBe(room)
      }),
    )
  })
})
