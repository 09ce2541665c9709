import { describe, expect, it } from 'vitest'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { key } from '../fixtures/visible-key.js'
import { contentRecord, type Record } from '../records/record.js'
import { Reading, readRecordsMax } from './reading.js'

const target = key('0b01')
const all = () => true

describe('reading', () => {
  it('keeps the best record of each publisher, the newest first', () => {
    const reading = new Reading(target, 'open', all)
    reading.offer([openRecord(target, { publisher: 1, seq: 1 }), openRecord(target, { publisher: 2, seq: 5 })])
    reading.offer([openRecord(target, { publisher: 1, seq: 9 }), openRecord(target, { publisher: 2, seq: 4 })])
    expect(reading.best()).toEqual([openRecord(target, { publisher: 1, seq: 9 }), openRecord(target, { publisher: 2, seq: 5 })])
  })

  it('takes what it did not ask for from nobody', () => {
    const judged: Record[] = []
    const reading = new Reading(target, 'open', (record) => judged.push(record) > 0)
    reading.offer([openRecord(key('0b1')), ownedRecord('a'), contentRecord(new Uint8Array(1))])
    expect([reading.best(), judged]).toEqual([[], []])
  })

  it('keeps what holds, judging each version once', () => {
    let judged = 0
    const reading = new Reading(target, 'open', ({ kind }) => kind === 'open' && ++judged < 2)
    reading.offer([openRecord(target), openRecord(target), openRecord(target)])
    expect([reading.best().length, judged]).toEqual([1, 1])
    reading.offer([openRecord(target, { seq: 2 })])
    expect([reading.best(), judged]).toEqual([[openRecord(target)], 2])
  })

  it('is satisfied by content that holds, and never by what may have a newer version', () => {
    const content = contentRecord(new Uint8Array(3))
    const reading = new Reading(content.key, 'content', all)
    expect(reading.satisfied).toBe(false)
    reading.offer([content])
    expect([reading.satisfied, reading.best()]).toEqual([true, [content]])

    const refusing = new Reading(content.key, 'content', () => false)
    refusing.offer([content])
    expect(refusing.satisfied).toBe(false)

    const open = new Reading(target, 'open', all)
    open.offer([openRecord(target)])
    expect(open.satisfied).toBe(false)
  })

  it('says of what is offered whether any of it holds, and is no older than what it has', () => {
    const reading = new Reading(target, 'open', (record) => record.kind === 'open' && record.seq < 9n)
    const versions = [1, 2, 3, 9].map((seq) => openRecord(target, { seq }))
    const [first, second, third, forged] = versions as [Record, Record, Record, Record]
    expect(reading.offer([])).toBe(false)
    expect(reading.offer([forged])).toBe(false)
    expect(reading.offer([second])).toBe(true)
    expect([reading.offer([second]), reading.offer([first])]).toEqual([true, false])
    expect([reading.offer([first, third]), reading.offer([second])]).toEqual([true, false])
    expect(reading.offer([first, openRecord(target, { publisher: 2 })])).toBe(true)
    expect(reading.offer([openRecord(key('0b1')), ownedRecord('a')])).toBe(false)
    expect(reading.best()).toEqual([third, openRecord(target, { publisher: 2 })])
  })

  it('holds no more than its bound', () => {
    const reading = new Reading(target, 'open', all)
    for (let i = 0; i <= readRecordsMax; i++) {
      const record = openRecord(target, { publisher: 1 })
      const publicKey = record.publicKey.slice() as typeof record.publicKey
      new DataView(publicKey.buffer).setUint32(0, i)
      reading.offer([{ ...record, publicKey }])
    }
    expect(reading.best().length).toBe(readRecordsMax)
  })
})
