import { describe, expect, it } from 'vitest'
import { ownedRecord } from '../fixtures/made-up-record.js'
import { OwnRecords, pendingRetryMs, republishEveryMs } from './own-records.js'
import { recordId } from './record.js'

const record = ownedRecord('me')
const id = recordId(record)
const write = { type: 'write', record }

function withRecord(nowMs = 0) {
  const own = new OwnRecords()
  own.handle({ type: 'owned', record }, nowMs)
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
    own.writing(id)
    expect(woke(1)).toEqual([])
    own.handle({ type: 'wrote', id, stored: 1 }, 2)
    expect([own.pending, own.wakeAtMs(true)]).toEqual([0, 2 + republishEveryMs])
  })

  it('that found no replica are tried again soon, and others anew now and then', () => {
    const { own, woke } = withRecord()
    woke(0)
    own.handle({ type: 'wrote', id, stored: 0 }, 100)
    expect([own.pending, woke(100 + pendingRetryMs - 1), woke(100 + pendingRetryMs)]).toEqual([1, [], [write]])
    own.handle({ type: 'wrote', id, stored: 3 }, 10_000)
    expect([own.pending, woke(10_000 + republishEveryMs - 1), woke(10_000 + republishEveryMs)]).toEqual([0, [], [write]])
  })

  it('that wait are tried when a link comes, all others in their time', () => {
    const { own, woke } = withRecord()
    woke(0)
    own.handle({ type: 'wrote', id, stored: 1 }, 0)
    own.handle({ type: 'linked' }, 5)
    expect(own.wakeAtMs(true)).toBe(republishEveryMs)
    own.handle({ type: 'wrote', id, stored: 0 }, 10)
    own.handle({ type: 'linked' }, 11)
    expect(own.wakeAtMs(true)).toBe(10 + pendingRetryMs)
  })

  it('give way to a newer version, and are forgotten when they are dropped', () => {
    const { own, woke } = withRecord()
    const newer = ownedRecord('me', { seq: 2 })
    own.handle({ type: 'owned', record: newer }, 5)
    expect(woke(5)).toEqual([{ type: 'write', record: newer }])
    own.handle({ type: 'dropped', id }, 6)
    own.handle({ type: 'wrote', id, stored: 0 }, 7)
    expect([own.pending, own.wakeAtMs(true)]).toEqual([0, undefined])
  })
})
