import { describe, expect, it } from 'vitest'
import { linkedTable } from '../fixtures/linked-table.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import { replicas } from '../wire/message.js'
import {
  bucketEveryMs,
  bucketGapMs,
  firstLookDelayMs,
  Refresh,
  type RefreshEffect,
  surroundingsDelayMs,
  surroundingsEveryMs,
} from './refresh.js'

const siblings = Array.from({ length: replicas }, (_, i) => `0b0001${i.toString(2).padStart(3, '0')}`)
const soonMs = 1.5 * surroundingsDelayMs
const self = key('0b0')

function refreshOf(links: readonly string[]) {
  const table = linkedTable('0b0', links)
  const refresh = new Refresh(table, new FreshIds(seededRandom()))
  return { table, refresh, woke: (nowMs: number) => refresh.handle({ type: 'woke' }, nowMs) }
}

const buckets = (effects: readonly RefreshEffect[]) =>
  effects.filter(({ target }) => !target.equals(self)).map(({ target }) => target.sharedBits(self))

describe('refreshing', () => {
  it('looks at its own surroundings soon after the siblings changed, and often when nothing does', () => {
    const { refresh, woke } = refreshOf(['0b1'])
    expect(refresh.wakeAtMs).toBeUndefined()
    refresh.handle({ type: 'siblingsChanged' }, 0)
    expect(woke(firstLookDelayMs / 2 - 1)).toEqual([])
    expect(woke(1.5 * firstLookDelayMs)).toEqual([{ type: 'look', target: self }])
    refresh.handle({ type: 'siblingsChanged' }, 1_000)
    expect(woke(1_000 + surroundingsDelayMs / 2 - 1)).toEqual([])
    expect(woke(1_000 + soonMs)).toEqual([{ type: 'look', target: self }])
    expect(woke(1_000 + soonMs + 0.75 * surroundingsEveryMs - 1)).toEqual([])
    expect(woke(1_000 + soonMs + 1.25 * surroundingsEveryMs)).toEqual([{ type: 'look', target: self }])
  })

  it('once for changes that come together', () => {
    const { refresh, woke } = refreshOf(['0b1'])
    for (const atMs of [0, 10, 20]) refresh.handle({ type: 'siblingsChanged' }, atMs)
    expect(woke(soonMs)).toEqual([{ type: 'look', target: self }])
    expect(woke(soonMs + 100)).toEqual([])
  })

  it('looks nothing up without a link: nobody could answer', () => {
    const { table, refresh, woke } = refreshOf([])
    refresh.handle({ type: 'siblingsChanged' }, 0)
    expect(refresh.wakeAtMs).toBeUndefined()
    expect(woke(10_000)).toEqual([])
    table.addLink(1, contact('0b1'), 10_000)
    expect(woke(10_001)).toEqual([{ type: 'look', target: self }])
  })

  it('looks at the buckets beyond its siblings, one after the other', () => {
    const { refresh, woke } = refreshOf(siblings)
    refresh.handle({ type: 'siblingsChanged' }, 0)
    const startMs = surroundingsDelayMs + bucketGapMs
    const looked = [0, 1, 2, 3].map((i) => buckets(woke(startMs + i * bucketGapMs)))
    expect(looked).toEqual([[0], [1], [2], []])
    expect(refresh.wakeAtMs).toBeGreaterThan(startMs)
  })

  it('leaves a bucket in which something was looked up, and comes back to it', () => {
    const { refresh, woke } = refreshOf(siblings)
    refresh.handle({ type: 'lookedUp', target: key('0b1') }, 0)
    refresh.handle({ type: 'lookedUp', target: key('0b001') }, 0)
    refresh.handle({ type: 'siblingsChanged' }, 0)
    const startMs = surroundingsDelayMs + bucketGapMs
    expect(buckets(woke(startMs))).toEqual([1])
    expect(buckets(woke(startMs + bucketGapMs))).toEqual([])
    const laterMs = 1.25 * bucketEveryMs
    const again = [0, 1, 2].flatMap((i) => buckets(woke(laterMs + i * bucketGapMs)))
    expect(again).toEqual(expect.arrayContaining([0, 2]))
  })

  it('looks at no bucket while it has too few siblings', () => {
    const { refresh, woke } = refreshOf(siblings.slice(1))
    refresh.handle({ type: 'siblingsChanged' }, 0)
    expect(buckets(woke(surroundingsDelayMs + bucketGapMs))).toEqual([])
  })
})
