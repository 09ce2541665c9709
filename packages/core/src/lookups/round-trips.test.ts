import { describe, expect, it } from 'vitest'
import { firstRttMs, lateMinMs, RoundTrips, slowMinMs, timeoutMaxMs, timeoutMinMs } from './round-trips.js'

describe('round trips', () => {
  it('are guessed before the first one', () => {
    const roundTrips = new RoundTrips()
    expect(roundTrips.timeoutMs(1)).toBe(3 * firstRttMs)
    expect(roundTrips.timeoutMs(2)).toBe(6 * firstRttMs)
  })

  it('are taken as they come the first time, with a deviation of half (RFC 6298, 2.2)', () => {
    const roundTrips = new RoundTrips()
    roundTrips.note(600, 2)
    expect(roundTrips.timeoutMs(1)).toBe(300 + 4 * 150)
  })

  it('are smoothed by an eighth, their deviation by a quarter (RFC 6298, 2.3)', () => {
    const roundTrips = new RoundTrips()
    roundTrips.note(300, 1)
    roundTrips.note(700, 1)
    expect(roundTrips.timeoutMs(1)).toBe(350 + 4 * (150 + (400 - 150) / 4))
  })

  it('tell when an answer is slower than nine of ten, which is before it is late', () => {
    const roundTrips = new RoundTrips()
    roundTrips.note(900, 3)
    expect(roundTrips.slowMs(3)).toBe(3 * (300 + 1.6 * 150))
    expect(roundTrips.slowMs(3)).toBeLessThan(roundTrips.lateMs(3))
    for (let i = 0; i < 50; i++) roundTrips.note(1, 1)
    expect(roundTrips.slowMs(3)).toBe(slowMinMs)
    for (let i = 0; i < 50; i++) roundTrips.note(2 * timeoutMaxMs, 1)
    expect(roundTrips.slowMs(1)).toBe(timeoutMaxMs)
  })

  it('make time-outs that stay within their bounds', () => {
    const roundTrips = new RoundTrips()
    for (let i = 0; i < 50; i++) roundTrips.note(1, 1)
    expect([roundTrips.lateMs(3), roundTrips.timeoutMs(3)]).toEqual([lateMinMs, timeoutMinMs])
    for (let i = 0; i < 50; i++) roundTrips.note(2 * timeoutMaxMs, 1)
    expect([roundTrips.lateMs(1), roundTrips.timeoutMs(1)]).toEqual([timeoutMaxMs, timeoutMaxMs])
  })

  it('do not take a night asleep for a slow way', () => {
    const trips = new RoundTrips()
    for (let i = 0; i < 20; i++) trips.note(100, 1)
    const before = trips.lateMs(1)
    trips.note(8 * 3_600_000, 1)
    expect(trips.lateMs(1)).toBe(before)
  })
})
