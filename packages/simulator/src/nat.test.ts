import { expect, it } from 'vitest'
import { canLink, natAt, type NatType, natTypes, usualNat } from './index.js'

it.each<[NatType, NatType, boolean]>([
  ['open', 'open', true],
  ['open', 'symmetric', true],
  ['cone', 'symmetric', true],
  ['restricted', 'restricted', true],
  ['restricted', 'symmetric', false],
  ['symmetric', 'symmetric', false],
])('%s and %s: %s', (a, b, links) => {
  expect(canLink(a, b)).toBe(links)
  expect(canLink(b, a)).toBe(links)
})

it('leaves the usual share of pairs without a link', () => {
  const shares = Array.from({ length: 200 }, (_, i) => natAt(usualNat, (i + 0.5) / 200))
  const without = shares.flatMap((a) => shares.filter((b) => !canLink(a, b))).length / 200 ** 2
  expect(without).toBeCloseTo(2 * 0.35 * 0.25 + 0.25 ** 2, 2)
  expect(natTypes.filter((type) => shares.includes(type))).toHaveLength(4)
})
