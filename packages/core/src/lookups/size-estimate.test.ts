import { describe, expect, it } from 'vitest'
import { seededRandom } from '../fixtures/seeded-random.js'
import { key } from '../fixtures/visible-key.js'
import { Key, keyBytes } from '../keys/key.js'
import { closest } from '../keys/nearest.js'
import { replicas } from '../wire/message.js'
import { samplesMax, SizeEstimate } from './size-estimate.js'

describe('the size of the overlay', () => {
  it('is what is seen while nothing was looked up', () => {
    const size = new SizeEstimate()
    size.note(key('0b0'), [key('0b1')])
    expect(size.peers(3)).toBe(3)
  })

  it('is exact where peers are spaced evenly', () => {
    const size = new SizeEstimate()
    size.note(key('0b0'), [key('0b001'), key('0b010'), key('0b011'), key('0b100')])
    expect(size.peers(1)).toBe(7)
  })

  it('is never less than what is seen', () => {
    const size = new SizeEstimate()
    size.note(key('0b0'), [key('0b10'), key('0b11')])
    expect(size.peers(40)).toBe(40)
  })

  it.each([50, 1_000, 20_000])('of %i random peers is about right', (count) => {
    const random = seededRandom(count)
    const anyKey = () => Key.fromBytes(random(keyBytes))
    const peers = Array.from({ length: count }, anyKey)
    const size = new SizeEstimate()
    for (let i = 0; i < samplesMax; i++) {
      const target = anyKey()
      size.note(
        target,
        closest(target, peers, replicas, (id) => id),
      )
    }
    expect(Math.abs(size.peers(1) / count - 1)).toBeLessThan(0.25)
  })

  it('follows the overlay as it changes', () => {
    const size = new SizeEstimate()
    for (let i = 0; i < samplesMax; i++) size.note(key('0b0'), [key('0b01'), key('0b10')])
    expect(size.peers(1)).toBe(3)
    for (let i = 0; i < samplesMax; i++) size.note(key('0b0'), [key('0b001'), key('0b010')])
    expect(size.peers(1)).toBe(7)
  })
})
