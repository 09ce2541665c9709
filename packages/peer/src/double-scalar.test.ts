import { Point } from '@noble/ed25519'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { doubleScalar } from './double-scalar.js'

const order = Point.CURVE().n
const torsion = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')

/** Any, and those whose windows carry, are empty, or are full to the last place. */
const scalars = fc.oneof(
  fc.bigInt(0n, order - 1n),
  fc.constantFrom(0n, 1n, 2n, 15n, 16n, 17n, 31n, 63n, 64n, 65n, order - 1n, order / 2n, (1n << 252n) - 1n, 1n << 252n),
  fc.nat(251).map((place) => 1n << BigInt(place)),
  fc.nat(251).map((place) => (1n << BigInt(place)) - 1n),
)
/** Of each order that a point can have: L, 8 L, 8, 4, 2 and 1, the base point and its inverse among them. */
const points = fc
  .tuple(fc.oneof(scalars, fc.constantFrom(0n, 1n, order - 1n)), fc.nat(7))
  .map(([scalar, eighths]) => Point.BASE.multiply(scalar, false).add(torsion.multiply(BigInt(eighths), false)))

test('is [s]B + [k]A', () => {
  fc.assert(
    fc.property(scalars, scalars, points, (s, k, a) => {
      const wanted = Point.BASE.multiply(s, false).add(a.multiply(k, false))
      expect(doubleScalar(s, k, a).toHex()).toBe(wanted.toHex())
    }),
    { numRuns: 200 },
  )
})

test('passes through the neutral point', () => {
  expect(doubleScalar(5n, order - 5n, Point.BASE).is0()).toBe(true)
  expect(doubleScalar(0n, 0n, Point.BASE).is0()).toBe(true)
  expect(doubleScalar(33n, 32n, Point.BASE.negate()).toHex()).toBe(Point.BASE.toHex())
})
