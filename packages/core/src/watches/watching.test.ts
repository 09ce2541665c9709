import { describe, expect, it } from 'vitest'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import type { Record } from '../records/record.js'
import { versionsDigest } from '../records/record-version.js'
import { leaseMaxS, type WatchVerdict } from '../wire/message.js'
import { askGapMs, asksAtOnceMax, badRecordsMax, Watching, type WatchingEffect, type WatchingEvent } from './watching.js'
import { watchesMax } from './watch-bounds.js'

const target = key('0b0000')
const unixS = 1_000
const version = (seq: number, publisher = 1, value = 'x') => openRecord(target, { seq, publisher, value })
const watch = (operation: number, here: readonly Record[] = []): WatchingEvent => ({ type: 'watch', operation, target, want: 'open', here })
type Ask = Extract<WatchingEffect, { type: 'ask' }>
const asks = (effects: readonly WatchingEffect[]) => effects.filter((effect) => effect.type === 'ask')
const told = (effects: readonly WatchingEffect[]) => effects.filter((effect) => effect.type === 'watched')

function app(holds: (record: Record) => boolean = () => true) {
  const judged: Record[] = []
  const watching = new Watching(new FreshIds(seededRandom()), (record) => {
    judged.push(record)
    return holds(record)
  })
  const handle = (event: WatchingEvent, nowMs = 0) => watching.handle(event, nowMs, unixS)
  const answer = (ask: Ask, records: readonly Record[] = [], verdict: WatchVerdict = 'taken') =>
    handle({ type: 'answered', lease: ask.question.lease, answer: { type: 'watching', verdict, leaseS: leaseMaxS, contacts: [], records } })
  const push = (ask: Ask, ...records: readonly Record[]) => handle({ type: 'pushed', lease: ask.question.lease, records, ending: false })
  /** Watches, and finds these holders. */
  const begin = (bits = ['0b0001', '0b0010', '0b0011'], operation = 1) => {
    const [seek] = handle(watch(operation))
    if (seek?.type !== 'seek') throw new Error(seek?.type)
    return asks(handle({ type: 'sought', topic: seek.topic, closest: bits.map((one) => ({ contact: contact(one), route: [] })) }))
  }
  return { watching, judged, handle, answer, push, begin }
}

describe('a watch', () => {
  it('is told of what this peer keeps itself, then looks for others', () => {
    const { handle } = app()
    expect(handle(watch(1, [version(1)]))).toMatchObject([
      { type: 'watched', operation: 1, record: version(1) },
      { type: 'seek', target },
    ])
  })

  it('is told of the present state by holders, each record once, however many bring it', () => {
    const { judged, answer, begin } = app()
    const [first, second, third] = begin()
    expect(told(answer(first!, [version(2, 2), version(1)]))).toMatchObject([{ record: version(2, 2) }, { record: version(1) }])
    expect(told(answer(second!, [version(2, 2), version(1)]))).toEqual([])
    expect(told(answer(third!, [version(3, 3), version(1)]))).toMatchObject([{ record: version(3, 3) }])
    expect(judged).toHaveLength(3)
  })

  it('is told of what is pushed, in order, once', () => {
    const { push, answer, begin } = app()
    const [first, second] = begin()
    for (const ask of [first!, second!]) answer(ask)
    expect(told(push(first!, version(1)))).toHaveLength(1)
    expect(told(push(second!, version(1)))).toEqual([])
    expect(told(push(second!, version(3)))).toHaveLength(1)
    expect(told(push(first!, version(2)))).toEqual([])
    expect(told(push(first!, version(3)))).toEqual([])
  })

  it('is told of what this peer comes to keep, once', () => {
    const { handle, answer, push, begin } = app()
    const [first] = begin()
    answer(first!)
    expect(told(handle({ type: 'kept', record: version(1) }))).toHaveLength(1)
    expect(told(push(first!, version(1)))).toEqual([])
    expect(told(handle({ type: 'kept', record: openRecord(key('0b1'), { value: 'x' }) }))).toEqual([])
    expect(told(handle({ type: 'kept', record: ownedRecord('me', { value: 'x' }) }))).toEqual([])
  })

  it('takes nothing under another key, of another kind, or under a lease that is not its own', () => {
    const { judged, handle, push, begin } = app()
    const [first] = begin()
    expect(push(first!, openRecord(key('0b1'), { value: 'x' }), ownedRecord('me', { value: 'x' }))).toEqual([])
    expect(handle({ type: 'pushed', lease: 'ff'.repeat(8), records: [version(1)], ending: true })).toEqual([])
    expect(judged).toEqual([])
  })

  it('tells holders what it knows, so that they need not say it again', () => {
    const { answer, begin, handle, watching } = app()
    const [first] = begin(['0b0001'])
    expect(first!.question.known).toBe(versionsDigest([]))
    answer(first!, [version(1)])
    const [renewal] = asks(handle({ type: 'woke' }, watching.wakeAtMs))
    expect(renewal!.question.known).not.toBe(first!.question.known)
  })
})

describe('what does not hold', () => {
  it('is not told, and what does is, beside it', () => {
    const { push, begin } = app(({ value }) => value[0] !== 'f'.charCodeAt(0))
    const [first] = begin()
    expect(told(push(first!, version(5, 1, 'forged'), version(1)))).toMatchObject([{ record: version(1) }])
  })

  it(`${badRecordsMax} times in one message: the rest is not judged, and another holder is asked`, () => {
    const { judged, push, begin } = app(() => false)
    const [first] = begin(['0b0001', '0b0010', '0b0011', '0b0100'])
    const effects = push(first!, ...Array.from({ length: 60 }, (_, i) => version(1, i)))
    expect(judged).toHaveLength(badRecordsMax)
    expect(asks(effects).map(({ to }) => to.id)).toEqual([key('0b0100')])
    expect(push(first!, version(9))).toEqual([])
  })
})

describe('several watches of one key', () => {
  it('share their leases, and each is told everything', () => {
    const { handle, answer, push, begin } = app()
    const [first] = begin(['0b0001'])
    answer(first!, [version(1)])
    const again = handle(watch(2, []))
    expect(again).toMatchObject([{ type: 'ask', question: { lease: first!.question.lease, known: '0'.repeat(16) } }])
    expect(told(answer(asks(again)[0]!, [version(1)]))).toMatchObject([{ operation: 2, record: version(1) }])
    expect(told(push(first!, version(2)))).toMatchObject([{ operation: 1 }, { operation: 2 }])
  })

  it('end their leases with the last of them', () => {
    const { watching, handle, answer, begin } = app()
    const [first] = begin(['0b0001'])
    answer(first!)
    handle(watch(2))
    expect(handle({ type: 'cancelled', operation: 1 })).toEqual([])
    expect(asks(handle({ type: 'cancelled', operation: 2 }))).toMatchObject([{ question: { leaseS: 0, lease: first!.question.lease } }])
    expect(handle({ type: 'cancelled', operation: 2 })).toEqual([])
    expect(watching.wakeAtMs).toBe(Infinity)
    expect(watching.expects(first!.question.lease, key('0b0001'))).toBe(false)
  })
})

describe('watches', () => {
  it(`are ${watchesMax} at most, and counted`, () => {
    const { watching, handle, answer, begin } = app()
    answer(begin(['0b0001'])[0]!)
    for (let i = 2; i <= watchesMax; i++)
      handle({ type: 'watch', operation: i, target: key(`0b1${i.toString(2).padStart(12, '0')}`), want: 'owned', here: [] })
    expect(handle(watch(watchesMax + 1))).toEqual([{ type: 'finish', operation: watchesMax + 1, outcome: { type: 'notWatched' } }])
    expect([watching.count, watching.liveCount(1)]).toEqual([watchesMax, 1])
    handle({ type: 'cancelled', operation: 2 })
    handle(watch(watchesMax + 1))
    expect(watching.count).toBe(watchesMax)
  })
})

it('4: whoever stood still renews its leases a few at a time', () => {
  const { watching, handle, answer } = app()
  for (let operation = 1; operation <= watchesMax; operation++) {
    const closest = ['0b0001', '0b0010', '0b0011'].map((bits) => ({ contact: contact(bits), route: [] }))
    const [seek] = handle({ type: 'watch', operation, target: key(operation.toString(2).padStart(9, '0')), want: 'open', here: [] })
    if (seek?.type !== 'seek') throw new Error(seek?.type)
    for (const ask of asks(handle({ type: 'sought', topic: seek.topic, closest }))) answer(ask)
  }
  expect(handle({ type: 'resumed' }, 10)).toEqual([])
  const renewed: number[] = []
  for (let nowMs = 10; watching.wakeAtMs <= nowMs; nowMs += askGapMs) renewed.push(asks(handle({ type: 'woke' }, nowMs)).length)
  expect(renewed.reduce((sum, one) => sum + one)).toBe(3 * watchesMax)
  expect(Math.max(...renewed)).toBeLessThan(asksAtOnceMax + 3)
})
