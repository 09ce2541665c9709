import { describe, expect, it } from 'vitest'
import { openRecord } from '../fixtures/made-up-record.js'
import { key } from '../fixtures/visible-key.js'
import type { Key } from '../keys/key.js'
import { compareRecords, type Record, recordId, type SignedRecord } from '../records/record.js'
import { recordVersion, versionsDigest } from '../records/record-version.js'
import { leaseMaxS, type Watchable } from '../wire/message.js'
import {
  farewellsMax,
  leasesMax,
  leasesPerKeyMax,
  leasesPerLinkMax,
  pushBurst,
  pushesUnderWayMax,
  pushGapMs,
  pushRetryMs,
  unheardMax,
  Watchers,
  type WatchersEffect,
  type WatchersEvent,
} from './watchers.js'

const target = key('0b0110')
const nothing = versionsDigest([])
const lease = '0123456789abcdef'
const version = (seq: number, publisher = 1, value = 'x') => openRecord(target, { seq, publisher, value })

interface Wished {
  readonly by?: string
  readonly via?: string
  readonly at?: Key
  readonly lease?: string
  readonly leaseS?: number
  readonly known?: string
  readonly isReplica?: boolean
}

/** A holder with these records. */
function holder(...records: SignedRecord[]) {
  const kept = new Map<string, Record>(records.map((record) => [recordId(record), record]))
  const here = (at: Key, want: Watchable) =>
    [...kept.values()].filter((record) => record.kind === want && record.key.equals(at)).sort((a, b) => compareRecords(b, a))
  const watchers = new Watchers({ here, kept: (id) => kept.get(id) }, 0)
  const handle = (event: WatchersEvent, nowMs = 0) => watchers.handle(event, nowMs)
  const wish = (wished: Wished = {}, nowMs = 0) => {
    const { by = '0b1', via = by, at = target, leaseS = leaseMaxS, known = nothing, isReplica = true } = wished
    const question = { type: 'watch', target: at, want: 'open', lease: wished.lease ?? lease, leaseS, known } as const
    return watchers.take({ question, watcher: key(by), route: [key(via)], via: key(via), isReplica }, nowMs)
  }
  const keep = (record: Record, nowMs = 0) => {
    kept.set(recordId(record), record)
    return handle({ type: 'kept', record }, nowMs)
  }
  const heard = ({ name }: WatchersEffect, nowMs: number, watching = true) => handle({ type: 'heard', name, watching }, nowMs)
  const unheard = ({ name }: WatchersEffect, nowMs: number) => handle({ type: 'unheard', name }, nowMs)
  return { watchers, kept, handle, wish, keep, heard, unheard }
}

const many = (count: number) => Array.from({ length: count }, (_, i) => `0b1${i.toString(2).padStart(12, '0')}1`)
const pushed = (effects: readonly WatchersEffect[]) => effects.flatMap(({ question }) => question.records)

describe('who wishes to watch', () => {
  it('is answered with the present state, the newest first', () => {
    const [old, young] = [version(1, 1), version(2, 2)]
    expect(holder(old, young).wish()).toEqual({ verdict: 'taken', leaseS: leaseMaxS, records: [young, old] })
  })

  it('and knows it already: with nothing', () => {
    const record = version(1)
    const known = versionsDigest([[recordId(record), recordVersion(record)]])
    expect(holder(record).wish({ known })).toEqual({ verdict: 'taken', leaseS: leaseMaxS, records: [] })
  })

  it('is pushed what the answer has no room for', () => {
    const records = Array.from({ length: 40 }, (_, i) => version(100 - i, i, 'x'.repeat(900)))
    const { watchers, wish, handle, heard } = holder(...records)
    const got = [...wish().records]
    expect(got.length).toBeLessThan(20)
    for (let i = 0; i < 10 && watchers.wakeAtMs < Infinity; i++) {
      const nowMs = watchers.wakeAtMs
      const effects = handle({ type: 'woke' }, nowMs)
      got.push(...pushed(effects))
      for (const effect of effects) heard(effect, nowMs)
    }
    expect(new Set(got)).toEqual(new Set(records))
    expect(got).toHaveLength(40)
  })

  it('is sent elsewhere by a peer that is no replica', () => {
    const { watchers, wish, keep } = holder(version(1))
    wish()
    expect(wish({ isReplica: false })).toEqual({ verdict: 'elsewhere', leaseS: 0, records: [] })
    expect(watchers.count).toBe(0)
    expect(keep(version(2))).toEqual([])
  })

  it('no longer is forgotten, by the name of its lease', () => {
    const { watchers, wish } = holder()
    wish()
    expect(wish({ leaseS: 0, lease: 'ff'.repeat(8) }).verdict).toBe('ended')
    expect(watchers.count).toBe(1)
    expect(wish({ leaseS: 0 }).verdict).toBe('ended')
    expect(watchers.count).toBe(0)
  })
})

describe('what is kept', () => {
  it('is pushed at once, the way the wish came', () => {
    const { wish, keep } = holder()
    wish({ by: '0b11', via: '0b1' })
    const record = version(1)
    expect(keep(record)).toEqual([
      {
        type: 'push',
        name: expect.any(String),
        to: key('0b11'),
        route: [key('0b1')],
        question: { type: 'changed', lease, records: [record], ending: false },
      },
    ])
  })

  it('is pushed to nobody who watches something else', () => {
    const { wish, keep } = holder()
    wish({ at: key('0b0111') })
    expect(keep(version(1))).toEqual([])
  })

  it('quickly, goes together: the latest of each record, once the last was heard, and not too often', () => {
    const { watchers, wish, keep, heard, handle } = holder()
    wish()
    const [first] = keep(version(1), 1_000)
    expect(keep(version(2), 1_001)).toEqual([])
    expect(keep(version(3), 1_002)).toEqual([])
    expect(keep(version(1, 2), 1_003)).toEqual([])
    expect(watchers.wakeAtMs).toBe(Infinity)
    expect(heard(first!, 1_010)).toEqual([])
    expect(watchers.wakeAtMs).toBe(1_000 + pushGapMs)
    expect(handle({ type: 'woke' }, 1_000 + pushGapMs - 1)).toEqual([])
    const effects = handle({ type: 'woke' }, 1_000 + pushGapMs)
    expect(effects).toHaveLength(1)
    expect(pushed(effects)).toEqual([version(3), version(1, 2)])
  })

  it('waits while a push is on its way, however long: nothing overtakes', () => {
    const { wish, keep, heard, handle } = holder()
    wish()
    const [first] = keep(version(1))
    keep(version(2))
    expect(handle({ type: 'woke' }, 5_000)).toEqual([])
    expect(pushed(heard(first!, 5_001))).toEqual([version(2)])
  })

  it('is not pushed once the lease is over', () => {
    const { watchers, wish, keep } = holder()
    wish()
    expect(keep(version(1), leaseMaxS * 1_000)).toEqual([])
    wish({ by: '0b11', at: key('0b0') }, leaseMaxS * 1_000)
    expect(watchers.count).toBe(1)
  })

  it('and dropped before it was pushed is forgotten', () => {
    const { kept, wish, keep, heard } = holder()
    wish()
    const [first] = keep(version(1))
    keep(version(1, 2))
    kept.delete(recordId(version(1, 2)))
    expect(heard(first!, 1_000)).toEqual([])
  })
})

describe('a push that was not heard', () => {
  it('goes again, with what is new by then', () => {
    const { watchers, wish, keep, unheard, handle } = holder()
    wish()
    const [first] = keep(version(1))
    keep(version(2))
    expect(unheard(first!, 3_000)).toEqual([])
    expect(watchers.wakeAtMs).toBe(3_000 + pushRetryMs)
    expect(pushed(handle({ type: 'woke' }, 3_000 + pushRetryMs))).toEqual([version(2)])
  })

  it(`${unheardMax} times ends the lease`, () => {
    const { watchers, wish, keep, unheard, handle } = holder()
    wish()
    let [push] = keep(version(1))
    for (let i = 1; i <= unheardMax; i++) {
      expect(watchers.count).toBe(1)
      unheard(push!, i * pushRetryMs)
      ;[push] = handle({ type: 'woke' }, (i + 1) * pushRetryMs)
    }
    expect(watchers.count).toBe(0)
  })

  it('by a watcher that renewed meanwhile under another name counts for nothing', () => {
    const { watchers, wish, keep, heard, unheard } = holder()
    wish()
    const [old] = keep(version(1))
    wish({ lease: 'ff'.repeat(8) }, 10)
    heard(old!, 11, false)
    unheard(old!, 12)
    expect(watchers.count).toBe(1)
    expect(keep(version(2), 1_000)).toMatchObject([{ question: { lease: 'ff'.repeat(8) } }])
  })

  it('under a lease that somebody else took in its name does not end its own', () => {
    const { wish, keep, heard } = holder()
    wish({ by: '0b11', via: '0b1' })
    wish({ by: '0b11', via: '0b01', lease: 'ff'.repeat(8) }, 10)
    for (const push of keep(version(1), 20)) heard(push, 21, push.question.lease === lease)
    expect(keep(version(2), 1_000)).toMatchObject([{ route: [key('0b1')], question: { lease } }])
  })

  it('and is no longer wanted ends the lease', () => {
    const { watchers, wish, keep, heard } = holder()
    wish()
    heard(keep(version(1))[0]!, 1, false)
    expect(watchers.count).toBe(0)
  })
})

describe('room', () => {
  it(`is for ${leasesPerKeyMax} watchers of a key; others are told when to ask again, and the present state`, () => {
    const { watchers, wish } = holder(version(1))
    for (const by of many(leasesPerKeyMax)) expect(wish({ by }).verdict).toBe('taken')
    expect(wish({ by: '0b0' })).toEqual({ verdict: 'full', leaseS: leaseMaxS, records: [version(1)] })
    expect(wish({ by: many(1)[0]! }).verdict).toBe('taken')
    expect(wish({ by: '0b0', at: key('0b0') }).verdict).toBe('taken')
    expect(watchers.count).toBe(leasesPerKeyMax + 1)
    expect(wish({ by: '0b01' }, leaseMaxS * 1_000).verdict).toBe('taken')
  })

  it('of a key is not all for one link', () => {
    const { wish } = holder()
    for (const by of many(leasesPerKeyMax)) wish({ by, via: '0b1' })
    expect(wish({ by: '0b0' }).verdict).toBe('taken')
  })

  it(`is for ${leasesPerLinkMax} over one link, and ${leasesMax} in all`, () => {
    const { wish } = holder()
    const keys = many(leasesMax + 1).map((bits) => key(bits))
    for (const at of keys.slice(0, leasesPerLinkMax)) expect(wish({ at, via: '0b1' }).verdict).toBe('taken')
    expect(wish({ at: keys.at(-1)!, via: '0b1' }).verdict).toBe('full')
    for (const at of keys.slice(leasesPerLinkMax, leasesMax)) expect(wish({ at, via: '0b01' }).verdict).toBe('taken')
    expect(wish({ at: keys.at(-1)!, via: '0b001' }).verdict).toBe('full')
  })

  it('is for so many pushes at a time, and so many a second; nobody is forgotten', () => {
    const { watchers, wish, keep, heard, handle } = holder()
    const all = many(leasesPerKeyMax)
    for (const by of all) wish({ by })
    const told: { hex: string; seq: bigint }[] = []
    let nowMs = 1_000
    let effects = keep(version(1), nowMs)
    expect(effects).toHaveLength(pushesUnderWayMax)
    let steps = 0
    for (let seq = 1; seq <= 4; seq++) {
      if (seq > 1) effects = keep(version(seq), nowMs)
      while (effects.length > 0 || watchers.wakeAtMs < Infinity) {
        if ((steps += 1) > 10_000) throw new Error('It never ends.')
        if (effects.length === 0) {
          nowMs = Math.max(nowMs, watchers.wakeAtMs)
          effects = handle({ type: 'woke' }, nowMs)
        }
        const push = effects.shift()
        if (!push) continue
        for (const record of push.question.records) told.push({ hex: push.to.hex, seq: (record as SignedRecord).seq })
        effects.push(...heard(push, nowMs))
      }
    }
    for (const by of all) expect(told.filter(({ hex }) => hex === key(by).hex).at(-1)?.seq).toBe(4n)
    expect(told).toHaveLength(4 * all.length)
    const tookMs = nowMs - 1_000
    expect(tookMs).toBeGreaterThanOrEqual(((4 * all.length - pushBurst) / 128) * 1_000)
  })
})

describe('a holder that leaves', () => {
  it('says so to its watchers, with what they have not been told', () => {
    const { watchers, wish, keep, handle } = holder()
    wish()
    keep(version(1))
    keep(version(2))
    expect(handle({ type: 'leaving' }, 1)).toMatchObject([{ question: { type: 'changed', lease, records: [version(2)], ending: true } }])
    expect(watchers.count).toBe(0)
    expect(keep(version(3), 2)).toEqual([])
  })

  it(`to ${farewellsMax} of them`, () => {
    const { wish, handle } = holder()
    many(farewellsMax + 1).forEach((bits) => wish({ at: key(bits), by: bits }))
    expect(handle({ type: 'leaving' })).toHaveLength(farewellsMax)
  })
})
