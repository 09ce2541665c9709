import { ManualClock } from '@hashtab/conformance'
import { expect, it } from 'vitest'
import { Collector, collectorRestMs, pressureApartMs, pressures } from './collector.js'

it('is pressed for when called, and then not for a minute, however many connections cannot be made', () => {
  const clock = new ManualClock()
  let pressed = 0
  const collector = new Collector(clock, () => pressed++)
  collector.call()
  clock.advance((pressures - 1) * pressureApartMs)
  expect(pressed).toBe(pressures)
  clock.advance(collectorRestMs - 1)
  collector.call()
  expect(pressed).toBe(pressures)
  clock.advance(1)
  collector.call()
  expect(pressed).toBe(pressures + 1)
  collector.close()
  expect(clock.waiting).toBe(0)
})
