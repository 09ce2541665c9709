import { describe, expect, it } from 'vitest'
import { linkedTable } from '../fixtures/linked-table.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { key } from '../fixtures/visible-key.js'
import { Key, keyBytes } from '../keys/key.js'
import { closest } from '../keys/nearest.js'
import { type Contact, publicKey, publicKeyBytes } from '../keys/public-key.js'
import { replicas } from '../wire/message.js'
import { isCrowded } from './crowding.js'

const peers = 1_000
const random = seededRandom(7)
const table = linkedTable('0b0', [])
const anyKey = () => Key.fromBytes(random(keyBytes))
const contactAt = (id: Key): Contact => ({ id, publicKey: publicKey(new Uint8Array(publicKeyBytes)) })
const overlay = Array.from({ length: peers }, () => contactAt(anyKey()))
const closestTo = (target: Key, among: readonly Contact[]) => closest(target, among, replicas, ({ id }) => id)

describe('a closest set', () => {
  it('is hardly ever taken for a crowd when its peers are there by chance', () => {
    const targets = Array.from({ length: 2_000 }, anyKey)
    const doubted = targets.filter((target) => isCrowded(table, peers, target, closestTo(target, overlay)))
    expect(doubted.length / targets.length).toBeLessThan(0.01)
  })

  it.each([3, 8, 32])('is taken for one when %d made their keys to fit', (count) => {
    const targets = Array.from({ length: 100 }, anyKey)
    const doubted = targets.filter((target) => {
      const crowd = Array.from({ length: count }, () => contactAt(target.inBucket(14 + Math.floor(random(1)[0]! / 32), anyKey())))
      return isCrowded(table, peers, target, closestTo(target, [...overlay, ...crowd]))
    })
    expect(doubted.length).toBeGreaterThanOrEqual(95)
  })

  it('of a small overlay says nothing', () => {
    const crowd = Array.from({ length: replicas }, () => contactAt(key('0b1').inBucket(20, anyKey())))
    expect(isCrowded(table, 20, key('0b1'), crowd)).toBe(false)
  })
})
