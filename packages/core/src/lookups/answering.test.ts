import { describe, expect, it } from 'vitest'
import { contacts, linkedTable, linkWith } from '../fixtures/linked-table.js'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import { closest } from '../keys/nearest.js'
import type { Record } from '../records/record.js'
import { RecordRoom } from '../records/record-room.js'
import {
  type Answer,
  answerRecordBytesMax,
  answerRecordsMax,
  type Envelope,
  type Question,
  replicas,
  type Seek,
  type Want,
  type WatchQuestion,
} from '../wire/message.js'
import { Answering } from './answering.js'

type Asked = Exclude<Question, WatchQuestion>

const unixS = 1_000
const target = key('0b111')
const found = (...named: string[]): Answer => ({ type: 'found', contacts: contacts(...named), records: [] })

function answeringOf(links: readonly string[] = ['0b1']) {
  const table = linkedTable('0b0', links)
  const ids = new FreshIds(seededRandom())
  const records = new RecordRoom(table, () => true, ids)
  return { table, records, answering: new Answering(contact('0b0'), table, records) }
}

const came = (asked: Asked, from = key('0b1')): [Asked, Envelope] => [
  asked,
  {
    type: 'envelope',
    destination: key('0b0'),
    route: [],
    path: [from],
    hopsLeft: 9,
    payload: { type: 'request', id: '00'.repeat(8), question: asked },
  },
]

describe('answering', () => {
  it('a ping', () => {
    expect(answeringOf().answering.answer(...came({ type: 'ping' }), 0, unixS)).toEqual({ answer: { type: 'pong' }, effects: [] })
  })

  it('a find, with the closest links but the asker', () => {
    const links = Array.from({ length: replicas + 2 }, (_, i) => `0b1${i.toString(2).padStart(4, '0')}`)
    const { answering } = answeringOf(links)
    const { answer } = answering.answer(...came({ type: 'find', target: key('0b1'), want: 'peers' }, key(links[0]!)), 0, unixS)
    expect(answer).toEqual(found(...links.slice(1, replicas + 1)))
  })

  it('a find, with the records that fit, the newest first', () => {
    const { answering, records } = answeringOf()
    const all: Record[] = Array.from({ length: 40 }, (_, i) => openRecord(target, { publisher: i, seq: 40 - i, value: 'x'.repeat(900) }))
    for (const record of all) records.keep(record, {}, 0, unixS)
    const { answer } = answering.answer(...came({ type: 'find', target, want: 'open' }), 0, unixS)
    if (answer.type !== 'found') throw new Error(answer.type)
    expect(answer.records).toEqual(all.slice(0, answer.records.length))
    expect(answer.records.length).toBeGreaterThan(10)
    expect(answer.records.length * 900).toBeLessThan(answerRecordBytesMax)
  })

  it('a find, with no more records than an answer may have, however short', () => {
    const { answering, records } = answeringOf()
    for (let publisher = 0; publisher <= answerRecordsMax; publisher++)
      records.handle({ type: 'owned', record: openRecord(target, { publisher }) }, 0, unixS)
    const { answer } = answering.answer(...came({ type: 'find', target, want: 'open' }), 0, unixS)
    expect(answer.type === 'found' && answer.records.length).toBe(answerRecordsMax)
  })

  it('a store, with a receipt', () => {
    const { answering } = answeringOf()
    const store = (record: Record, ifSeq?: bigint) =>
      answering.answer(...came({ type: 'store', record, ...(ifSeq !== undefined && { ifSeq }) }), 0, unixS).answer
    expect(store(ownedRecord('a', { seq: 2 }))).toEqual({ type: 'receipt', receipt: 'stored' })
    expect(store(ownedRecord('a', { seq: 1 }))).toEqual({ type: 'receipt', receipt: 'stale', newer: ownedRecord('a', { seq: 2 }) })
    expect(store(ownedRecord('a', { seq: 3 }), 1n)).toMatchObject({ receipt: 'conflict' })
  })
})

describe('answering a seek', () => {
  const sought = (want: Want, from = '0b1'): Seek => ({
    type: 'seek',
    id: '00'.repeat(8),
    target,
    want,
    path: [key('0b01'), key(from)],
    avoid: [],
    hopsLeft: 9,
  })

  it('names the closest peers that are known here, this one among them, but not the asker', () => {
    const { table, answering } = answeringOf(['0b1', '0b01'])
    linkWith(table, '0b1', ['0b0', '0b11', '0b01', '0b101'])
    linkWith(table, '0b01', ['0b0', '0b11', '0b101'])
    expect(answering.answerSeek(sought('peers'), undefined, unixS)).toEqual(found('0b11', '0b101', '0b1', '0b0'))
  })

  it('names no more than keep a record, and not this peer where others are closer', () => {
    const links = Array.from({ length: replicas + 2 }, (_, i) => `0b1${i.toString(2).padStart(4, '0')}`)
    const { answering } = answeringOf(links)
    expect(answering.answerSeek(sought('peers'), undefined, unixS)).toEqual({
      type: 'found',
      contacts: closest(target, contacts(...links), replicas, ({ id }) => id),
      records: [],
    })
  })

  it('brings the records of the kind that is sought', () => {
    const { answering, records } = answeringOf()
    const record = openRecord(target)
    records.keep(record, {}, 0, unixS)
    expect(answering.answerSeek(sought('open'), undefined, unixS)).toMatchObject({ records: [record] })
    for (const want of ['peers', 'owned', 'content'] as const)
      expect(answering.answerSeek(sought(want), undefined, unixS)).toMatchObject({ records: [] })
  })
})
