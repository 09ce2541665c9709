import { Key } from '@hashtab/core'
import { ManualClock } from '@hashtab/conformance'
import { expect, test } from 'vitest'
import { MeetingPlace } from './meeting-place.js'
import type { MeetingPoint } from './ports/meeting-point.js'
import { signerFromSeed } from './signer-from-seed.js'

const signer = signerFromSeed(new Uint8Array(32).fill(1))
const dayMs = 86_400_000

/** So many other peers. */
const others = (count: number) => Array.from({ length: count }, (_, i) => signerFromSeed(new Uint8Array(32).fill(i + 2)).publicKey)

/** How often a peer of an overlay of this size comes to both its meeting points in a day, looked at as often as the driver does; the first has told it of so many `named`. */
function comings(links: number, estimatedPeers: number, { chance = 128, named = 0 } = {}): readonly number[] {
  const counts = [0, 0]
  const points = counts.map((_, i): MeetingPoint => ({
    name: 'here',
    start: (_, listener) => i === 0 && listener({ type: 'peers', peers: others(named) }),
    carry() {},
    wake: () => counts[i]!++,
    close() {},
  }))
  const clock = new ManualClock()
  const place = new MeetingPlace(points, Key.hash(signer.publicKey), clock, (length) => new Uint8Array(length).fill(chance))
  place.start(signer, () => {})
  for (let atMs = 0; atMs < dayMs; atMs += 30_000) {
    clock.advance(30_000)
    place.woke(clock.nowMs(), links, estimatedPeers)
  }
  return counts
}

test('a peer that is alone looks for company at every meeting point, again and again', () => {
  const [first, second] = comings(0, 1)
  expect(first).toBe(second)
  expect(first).toBeGreaterThan(dayMs / 60_000)
})

test('of an overlay somebody comes now and then, the same however large it is', () => {
  const [ofTen] = comings(9, 100)
  expect(ofTen).toBeGreaterThan(20)
  expect(ofTen).toBeLessThan(40)
  // The wait is bounded: about once an hour.
  expect(comings(32, 1_000_000)[0]).toBe(23)
  // Not all at the same time.
  expect(comings(9, 100, { chance: 0 })[0]).toBeGreaterThan(comings(9, 100, { chance: 255 })[0]! * 2)
})

test('a newcomer that found company, but not the overlay that it was told of, comes again as one that is alone', () => {
  const alone = comings(0, 1)
  expect(comings(1, 2, { named: 8 })).toEqual(alone)
  expect(comings(3, 4, { named: 4 })).toEqual(alone)
  // Whoever was told of one other and is linked to it has missed nobody, nor has whoever has links enough.
  expect(comings(1, 2, { named: 1 })[0]).toBeLessThan(alone[0]! / 3)
  expect(comings(4, 5, { named: 8 })[0]).toBeLessThan(alone[0]! / 3)
})
