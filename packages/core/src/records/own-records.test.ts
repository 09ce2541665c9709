import { describe, expect, it } from 'vitest'
import { ownedRecord } from '../fixtures/made-up-record.js'
import { OwnRecords, pendingRetryMaxMs, pendingRetryMs, republishEveryMs, rewritesMax } from './own-records.js'
import { recordId } from './record.js'

const record = ownedRecord('me')
const id = recordId(record)
const newer = ownedRecord('me', { seq: 2 })
const write = { type: 'write', record }
/** What became of a write: by how many others it was stored, of how many replicas. */
const wrote = (storedElsewhere: number, wanted = 3, of = record) => ({ type: 'wrote', record: of, storedElsewhere, wanted }) as const

function withRecord(nowMs = 0) {
  const own = new OwnRecords()
  own.handle({ type: 'owned', record, writing: false }, nowMs)
  const woke = (atMs: number, linked = true) => own.handle({ type: 'woke', linked }, atMs)
  return { own, woke }
}

describe('own records', () => {
  it('are written once somebody is there', () => {
    const { own, woke } = withRecord()
    expect([own.pending, own.wakeAtMs(false), own.wakeAtMs(true)]).toEqual([1, undefined, 0])
    expect(woke(0, false)).toEqual([])
    expect(woke(0)).toEqual([write])
  })

  it('are written one at a time', () => {
    const { own, woke } = withRecord()
    woke(0)
    expect([woke(republishEveryMs), own.wakeAtMs(true)]).toEqual([[], undefined])
  })

  it('are left to the call that writes them', () => {
    const { own, woke } = withRecord()
    own.handle({ type: 'owned', record, writing: true }, 0)
    expect(woke(1)).toEqual([])
    own.handle(wrote(1), 2)
    expect([own.pending, own.wakeAtMs(true)]).toEqual([0, 2 + republishEveryMs])
  })

  it('that found no replica are tried again soon, and others anew now and then', () => {
    const { own, woke } = withRecord()
    woke(0)
    own.handle(wrote(0), 100)
    expect([own.pending, woke(100 + pendingRetryMs - 1), woke(100 + pendingRetryMs)]).toEqual([1, [], [write]])
    own.handle(wrote(3), 10_000)
    expect([own.pending, woke(10_000 + republishEveryMs - 1), woke(10_000 + republishEveryMs)]).toEqual([0, [], [write]])
  })

  it('that are in vain are tried less and less, until somebody confirms', () => {
    const { own, woke } = withRecord()
    const waits: number[] = []
    let nowMs = 0
    const fail = () => {
      expect(woke(nowMs)).toEqual([write])
      own.handle(wrote(0), nowMs)
      waits.push(own.wakeAtMs(true)! - nowMs)
      nowMs = own.wakeAtMs(true)!
    }
    for (let i = 0; i < 10; i++) fail()
    expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8].map((times) => times * pendingRetryMs))
    expect(waits.slice(-2)).toEqual([pendingRetryMaxMs, pendingRetryMaxMs])
    own.handle(wrote(1), nowMs)
    nowMs += republishEveryMs
    fail()
    expect(waits.at(-1)).toBe(pendingRetryMs)
  })

  it('that met nobody are tried when a link comes, all others in their time', () => {
    const { own } = withRecord()
    const dueAfter = (...writes: ReturnType<typeof wrote>[]) => {
      for (const one of writes) own.handle(one, 10)
      own.handle({ type: 'linked' }, 11)
      return own.wakeAtMs(true)
    }
    expect(dueAfter(wrote(1))).toBe(10 + republishEveryMs)
    expect(dueAfter(wrote(0), wrote(0))).toBe(10 + 2 * pendingRetryMs)
    expect(dueAfter(wrote(0, 0))).toBe(11 + pendingRetryMs)
  })

  it('2: are written few at a time, the longest due first', () => {
    const own = new OwnRecords()
    const all = Array.from({ length: rewritesMax + 2 }, (_, i) => ownedRecord(`${i}`))
    all.toReversed().forEach((one, i) => own.handle({ type: 'owned', record: one, writing: false }, -i))
    const woke = () => own.handle({ type: 'woke', linked: true }, 5).map((effect) => effect.record)
    expect(woke()).toEqual(all.slice(0, rewritesMax))
    expect([woke(), own.wakeAtMs(true)]).toEqual([[], undefined])
    own.handle(wrote(1, 3, all[0]), 5)
    expect(own.wakeAtMs(true)).toBeLessThanOrEqual(5)
    expect(woke()).toEqual([all[rewritesMax]])
  })

  it('3: give way to a newer version, whatever became of the older', () => {
    const { own, woke } = withRecord()
    woke(0)
    own.handle({ type: 'owned', record: newer, writing: false }, 5)
    own.handle(wrote(3), 6)
    expect(own.pending).toBe(1)
    expect(woke(6)).toEqual([{ type: 'write', record: newer }])
    own.handle(wrote(0, 3, record), 7)
    expect([woke(8), own.wakeAtMs(true)]).toEqual([[], undefined])
  })

  it('that were superseded are no longer written: the newer one is, in its time', () => {
    const { own, woke } = withRecord()
    woke(0)
    own.handle({ type: 'superseded', record: newer }, 5)
    own.handle(wrote(0), 6)
    expect([own.has(id), own.pending, own.wakeAtMs(true)]).toEqual([true, 0, 5 + republishEveryMs])
    expect(woke(5 + republishEveryMs)).toEqual([{ type: 'write', record: newer }])
  })

  it('are forgotten when they are dropped', () => {
    const { own } = withRecord()
    own.handle({ type: 'dropped', id }, 6)
    own.handle(wrote(0), 7)
    expect([own.has(id), own.pending, own.wakeAtMs(true)]).toEqual([false, 0, undefined])
  })
})
