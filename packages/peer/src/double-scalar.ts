import { Point } from '@noble/ed25519'

/** A window of n bits takes a table of 2^(n - 2) points, and an addition for every n + 1 bits. A key's table is made anew for each signature: 8 points. */
const keyWindowBits = 5
/** The base point's table is made once, and kept: 32 points. */
const baseWindowBits = 7

let baseTable: readonly Point[] | undefined

/**
 * [s]B + [k]A of Ed25519, where B is the base point, s and k at least 0: one pass over both scalars, which share their doublings (Straus 1964; Handbook of
 * Applied Cryptography, 14.88, with signed windows). How long it takes depends on the scalars: for what everybody may know.
 */
export function doubleScalar(s: bigint, k: bigint, a: Point): Point {
  baseTable ??= oddMultiples(Point.BASE, baseWindowBits)
  const keyTable = oddMultiples(a, keyWindowBits)
  const baseDigits = digitsOf(s, baseWindowBits)
  const keyDigits = digitsOf(k, keyWindowBits)
  let sum = Point.ZERO
  for (let place = Math.max(baseDigits.length, keyDigits.length) - 1; place >= 0; place--) {
    sum = plus(plus(sum.double(), baseTable, baseDigits[place]), keyTable, keyDigits[place])
  }
  return sum
}

/** P, 3P, 5P, … up to the greatest digit of such a window. */
function oddMultiples(point: Point, windowBits: number): readonly Point[] {
  const twice = point.double()
  const multiples = [point]
  while (multiples.length < 2 ** (windowBits - 2)) multiples.push(multiples.at(-1)!.add(twice))
  return multiples
}

function plus(sum: Point, table: readonly Point[], digit = 0): Point {
  if (digit === 0) return sum
  const multiple = table[(Math.abs(digit) - 1) / 2]!
  return digit > 0 ? sum.add(multiple) : sum.subtract(multiple)
}

/**
 * The scalar's non-adjacent form of this width (Handbook of Applied Cryptography, 14.7), lowest place first: each digit is zero, or odd and less than
 * 2^(windowBits - 1) either way, with windowBits - 1 zeros after it.
 */
function digitsOf(scalar: bigint, windowBits: number): readonly number[] {
  const digits: number[] = []
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    const low = Number(BigInt.asIntN(windowBits, rest))
    const digit = low % 2 === 0 ? 0 : low
    rest -= BigInt(digit)
    digits.push(digit)
  }
  return digits
}
