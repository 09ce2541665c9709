import { describe, expect, it } from 'vitest'
import { openRecord } from '../fixtures/made-up-record.js'
import { key } from '../fixtures/visible-key.js'
import { hopsMax, type Seek } from '../wire/message.js'
import { cachedBytesMax, cachedFirstMs, cachedLinksMax, cachedRecordsMax, ContentCache, passedForMs, passedMax } from './content-cache.js'
import { contentBytesMax, contentRecord, type Record } from './record.js'

const record = contentRecord(new Uint8Array(100))
const idOf = (i: number) => i.toString(16).padStart(16, '0')
const seekOf = (one: Record, i = 0): Seek => ({
  type: 'seek',
  id: idOf(i),
  target: one.key,
  want: 'content',
  path: [key('0b1'), key('0b01')],
  avoid: [],
  hopsLeft: hopsMax,
})
const found = (one: Record, links?: number) =>
  ({ type: 'found', contacts: [], records: [one], ...(links !== undefined && { links }) }) as const

describe('content that is passed on', () => {
  it('2: is kept for half as long with each link from a holder, and not beyond some', () => {
    for (let links = 1; links <= cachedLinksMax + 1; links++) {
      const cache = new ContentCache()
      cache.asked(seekOf(record), 0)
      cache.answered(idOf(0), found(record), links, 0)
      const untilMs = links > cachedLinksMax ? 0 : cachedFirstMs / 2 ** (links - 1)
      if (untilMs > 0) expect(cache.get(record.key, untilMs - 1)).toMatchObject({ record, links })
      expect(cache.get(record.key, untilMs)).toBeUndefined()
    }
  })

  it('2: from another cache counts the links from the holder', () => {
    const cache = new ContentCache()
    cache.asked(seekOf(record), 0)
    cache.answered(idOf(0), found(record, 2), 1, 0)
    expect(cache.get(record.key, cachedFirstMs / 4 - 1)).toMatchObject({ links: 3 })
    expect(cache.get(record.key, cachedFirstMs / 4)).toBeUndefined()
  })

  it('is not kept shorter for having passed again from farther away', () => {
    const cache = new ContentCache()
    for (const [i, links] of [1, 3].entries()) {
      cache.asked(seekOf(record, i), 0)
      cache.answered(idOf(i), found(record), links, 0)
    }
    expect(cache.get(record.key, cachedFirstMs - 1)).toMatchObject({ links: 1 })
  })

  it('1: is not kept when nobody asked for it here, or asked for something else, or too long ago, and once for each question', () => {
    const cache = new ContentCache()
    cache.answered(idOf(0), found(record), 1, 0)
    cache.asked(seekOf(contentRecord(new Uint8Array(5))), 0)
    cache.answered(idOf(0), found(record), 1, 0)
    cache.asked(seekOf(record, 1), 0)
    cache.asked(seekOf(record, 2), passedForMs)
    cache.answered(idOf(1), found(record), 1, passedForMs)
    expect(cache.get(record.key, 0)).toBeUndefined()
    for (let i = 3; i < 3 + passedMax; i++) cache.asked(seekOf(record, i), passedForMs)
    cache.answered(idOf(2), found(record), 1, passedForMs)
    expect(cache.get(record.key, 0)).toBeUndefined()
  })

  it('is content: whatever may change is not kept', () => {
    const cache = new ContentCache()
    const open = openRecord(key('0b01'))
    cache.asked(seekOf(open), 0)
    cache.answered(idOf(0), found(open), 1, 0)
    expect(cache.get(open.key, 0)).toBeUndefined()
  })

  it.each([
    ['records', 10, cachedRecordsMax],
    ['bytes', contentBytesMax, Math.floor(cachedBytesMax / contentBytesMax)],
  ])('3: makes room for newer when there are too many %s', (_, length, max) => {
    const cache = new ContentCache()
    const all = Array.from({ length: max + 1 }, (_, i) => contentRecord(new Uint8Array(length).fill(i)))
    for (const [i, one] of all.entries()) {
      cache.asked(seekOf(one, i), 0)
      cache.answered(idOf(i), found(one), 1, 0)
    }
    expect(all.map((one) => cache.get(one.key, 0) !== undefined)).toEqual([false, ...all.slice(1).map(() => true)])
  })
})
