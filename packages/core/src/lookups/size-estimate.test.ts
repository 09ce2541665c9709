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

  it('is told by how many peers lie within how much of the key space, over all closest sets together', () => {
    const size = new SizeEstimate()
    size.note(key('0b0'), [key('0b001'), key('0b010'), key('0b011'), key('0b100')])
    expect(size.peers(1)).toBe((4 - 1) / 0.5)
    size.note(key('0b1'), [key('0b1001'), key('0b11')])
    expect(size.peers(1)).toBe(Math.round((4 + 2 - 1) / (0.5 + 0.25)))
  })

  it('is within a tenth, more often than not, after 16 lookups', () => {
    const random = seededRandom(16)
    const anyKey = () => Key.fromBytes(random(keyBytes))
    const peers = Array.from({ length: 2_000 }, anyKey)
    const errors = Array.from({ length: 60 }, () => {
      const size = new SizeEstimate()
      for (let i = 0; i < 16; i++) {
        const target = anyKey()
        const found = closest(target, peers, replicas, (id) => id)
        size.note(target, found)
      }
      return Math.abs(size.peers(1) / peers.length - 1)
    }).sort((a, b) => a - b)
    expect(errors[30]).toBeLessThan(0.1)
    expect(errors[57]).toBeLessThan(0.25)
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
    const targets = Array.from({ length: samplesMax }, (_, i) => key(`0b0${i.toString(2).padStart(8, '0')}`))
    for (const target of targets) size.note(target, [target.inBucket(2, target), target.inBucket(1, target)])
    const before = size.peers(1)
    for (const target of targets) size.note(target, [target.inBucket(4, target), target.inBucket(3, target)])
    expect(size.peers(1)).toBeGreaterThan(3 * before)
  })
})
