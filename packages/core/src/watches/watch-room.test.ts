import { describe, expect, it } from 'vitest'
import { cipherSuite } from '../fixtures/cipher-suite.js'
import { linkedTable } from '../fixtures/linked-table.js'
import { openRecord } from '../fixtures/made-up-record.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import { type LateParts, latePartsWith } from '../late-parts.js'
import type { Record } from '../records/record.js'
import { RecordRoom } from '../records/record-room.js'
import { versionsDigest } from '../records/record-version.js'
import { type Envelope, leaseMaxS, type WatchQuestion } from '../wire/message.js'
import { watchesMax } from './watch-bounds.js'
import { WatchRoom, type WatchRoomEffect, type WatchRoomEvent } from './watch-room.js'

const target = key('0b0000')
const unixS = 1_000
const lease = '0123456789abcdef'
const eight = ['0b00001', '0b00010', '0b00011', '0b00100', '0b00101', '0b00110', '0b00111', '0b01000']

/** A peer with these links. */
function roomOf(self: string, links: readonly string[], parts: LateParts | 'late' = latePartsWith(cipherSuite)) {
  const table = linkedTable(self, links)
  const ids = new FreshIds(seededRandom())
  const records = new RecordRoom(table, () => true, ids)
  const room = new WatchRoom(table, ids, records, parts === 'late' ? undefined : parts)
  const handle = (event: WatchRoomEvent, nowMs = 0) => room.handle(event, nowMs, unixS)
  const answer = (question: WatchQuestion, path: readonly string[], nowMs = 0, mayJudge: (record: Record) => boolean = () => true) => {
    const payload = { type: 'request', id: '00'.repeat(8), question } as const
    const envelope: Envelope = { type: 'envelope', destination: key(self), route: [], path: path.map(key), hopsLeft: 9, payload }
    return room.answer(question, envelope, mayJudge, nowMs, unixS)
  }
  return { room, records, handle, answer }
}

const wish = (leaseS = leaseMaxS): WatchQuestion => ({ type: 'watch', target, want: 'open', lease, leaseS, known: versionsDigest([]) })
const changed = (under: string, seq: number): WatchQuestion => ({
  type: 'changed',
  lease: under,
  records: [openRecord(target, { seq, value: 'x' })],
  ending: false,
})
const posed = (effects: readonly WatchRoomEffect[]) => effects.filter((effect) => effect.type === 'pose')

describe('a wish to watch', () => {
  it('is answered with the closest links, without the one who wishes', () => {
    const { answer } = roomOf('0b00000', eight)
    expect(answer(wish(), ['0b00010']).answer).toEqual({
      type: 'watching',
      verdict: 'taken',
      leaseS: leaseMaxS,
      contacts: [contact('0b00001'), contact('0b00011'), contact('0b00100')],
      records: [],
    })
  })

  it('is sent elsewhere by a peer that knows eight closer ones', () => {
    expect(roomOf('0b1', eight).answer(wish(), ['0b11']).answer).toMatchObject({ verdict: 'elsewhere' })
    expect(roomOf('0b1', eight.slice(1)).answer(wish(), ['0b11']).answer).toMatchObject({ verdict: 'taken' })
    expect(roomOf('0b1', eight).answer(wish(), [eight[0]!]).answer).toMatchObject({ verdict: 'taken' })
  })

  it('has what is kept later pushed, back along its way; unheard, it goes again', () => {
    const { room, records, handle, answer } = roomOf('0b0', ['0b1'])
    answer(wish(), ['0b111', '0b11', '0b1'])
    const record = openRecord(target, { value: 'x' })
    records.keep(record, {}, 0, unixS)
    const [push] = posed(handle({ type: 'kept', record }))
    expect(push).toMatchObject({ to: key('0b111'), route: [key('0b1'), key('0b11')], tries: 1, question: { lease, records: [record] } })
    expect(room.wakeAtMs).toBe(Infinity)
    handle({ type: 'replied', asker: push!.asker, answer: undefined }, 5_000)
    expect(posed(handle({ type: 'woke' }, room.wakeAtMs))).toMatchObject([{ question: { records: [record] } }])
    expect(posed(handle({ type: 'leaving' }))).toMatchObject([{ question: { lease, ending: true } }])
  })
})

describe('before watches are loaded', () => {
  const early = () => roomOf('0b1', eight, 'late')
  const parts = latePartsWith(cipherSuite)

  it('those of the app wait for it, are counted, and can be cancelled', () => {
    const { room, handle } = early()
    for (const operation of [1, 2]) expect(handle({ type: 'watch', operation, target, want: 'open' })).toEqual([])
    expect(room.count).toBe(2)
    handle({ type: 'cancel', operation: 1 })
    expect(handle({ type: 'late', ...parts })).toMatchObject([{ type: 'findReplicas', target }])
    expect(room.count).toBe(1)
  })

  it(`no more than ${watchesMax} of them wait`, () => {
    const { handle } = early()
    const operations = Array.from({ length: watchesMax + 1 }, (_, i) => i)
    const effects = operations.flatMap((operation) => handle({ type: 'watch', operation, target, want: 'open' }))
    expect(effects).toEqual([{ type: 'finish', operation: watchesMax, outcome: { type: 'notWatched' } }])
  })

  it('those of others are sent away, and told of peers who may have room', () => {
    const { handle, answer } = early()
    expect(answer(wish(), ['0b11']).answer).toMatchObject({ verdict: 'full', leaseS: 0, contacts: [contact('0b00001'), {}, {}] })
    handle({ type: 'late', ...parts })
    expect(answer(wish(), ['0b11']).answer).toMatchObject({ verdict: 'elsewhere' })
  })
})

describe('a push', () => {
  it('that nobody asked for is not wanted, and not looked at', () => {
    const { answer } = roomOf('0b1', ['0b0'])
    expect(answer(changed(lease, 1), ['0b0'])).toEqual({ answer: { type: 'heard', watching: false }, effects: [] })
  })

  /** A peer whose watch one peer holds: that one's id, and the lease. */
  const watching = () => {
    const { handle, answer } = roomOf('0b1', ['0b0', '0b01'])
    const [seek] = handle({ type: 'watch', operation: 1, target, want: 'open' })
    if (seek?.type !== 'findReplicas') throw new Error(seek?.type)
    const closest = [{ contact: contact('0b0'), route: [] }]
    const [ask] = posed(handle({ type: 'replicasFound', topic: seek.topic, closest }))
    const given = { type: 'watching', verdict: 'taken', leaseS: leaseMaxS, contacts: [], records: [] } as const
    handle({ type: 'replied', asker: ask!.asker, answer: given })
    return { handle, answer, holder: ['0b0'], own: ask!.question.lease }
  }

  it('is told of when it is of whom it was asked, under the lease that was asked for, and of nobody else', () => {
    const { handle, answer, holder, own } = watching()
    expect(answer(changed(own, 1), ['0b01'])).toEqual({ answer: { type: 'heard', watching: false }, effects: [] })
    expect(answer(changed(lease, 1), holder)).toEqual({ answer: { type: 'heard', watching: false }, effects: [] })
    expect(answer(changed(own, 1), holder)).toMatchObject({ answer: { watching: true }, effects: [{ type: 'watched', operation: 1 }] })
    expect(posed(handle({ type: 'cancel', operation: 1 }))).toMatchObject([{ question: { lease: own, leaseS: 0 } }])
    expect(answer(changed(own, 2), holder)).toMatchObject({ answer: { watching: false } })
  })

  it('for which there is no time is not answered, and told of as far as there is; what comes again is judged but once', () => {
    const { answer, holder, own } = watching()
    const records = [1, 2, 3].map((publisher) => openRecord(target, { publisher, value: 'x' }))
    const push = { type: 'changed', lease: own, records, ending: false } as const
    const asked: Record[] = []
    const haveTimeFor = (count: number) => (record: Record) => asked.push(record) <= count
    const first = answer(push, holder, 0, haveTimeFor(2))
    expect(first).toMatchObject({ answer: undefined, effects: [{ record: records[0] }, { record: records[1] }] })
    const again = answer(push, holder, 0, haveTimeFor(4))
    expect(again).toMatchObject({ answer: { type: 'heard', watching: true }, effects: [{ record: records[2] }] })
    expect(asked).toEqual([...records, records[2]])
    // What is known already, as another holder brings it, or what is not of the key, takes no time.
    const other = { ...push, records: [...records, openRecord(key('0b01'), { value: 'x' })] }
    expect(answer(other, holder, 0, haveTimeFor(0))).toEqual({ answer: { type: 'heard', watching: true }, effects: [] })
    expect(asked).toHaveLength(4)
  })
})
