import { describe, expect, it } from 'vitest'
import { ownedRecord } from '../fixtures/made-up-record.js'
import { key } from '../fixtures/visible-key.js'
import type { Receipt } from '../wire/message.js'
import type { Record } from '../records/record.js'
import { Writing } from './writing.js'

const [one, other] = [key('0b01'), key('0b10')]
const record = ownedRecord('a', { seq: 6 })
const version = (seq: number) => ownedRecord('a', { seq })
const writingTo = (others = [one, other], ifSeq?: bigint) => new Writing(record, ifSeq, others)
const none = {
  type: 'written',
  stored: 0,
  storedElsewhere: 0,
  wanted: 2,
  newer: undefined,
  conflict: false,
  full: 0,
  notKept: undefined,
  crowded: false,
}
const written = (over: object) => ({ ...none, ...over })

describe('writing', () => {
  it('is done when every replica answered, or stayed silent', () => {
    const writing = writingTo()
    expect(writing.done).toBe(false)
    writing.note(one, { receipt: 'stored' })
    expect(writing.done).toBe(false)
    writing.note(other, undefined)
    expect(writing.done).toBe(true)
    expect(writing.outcome()).toEqual(written({ stored: 1, storedElsewhere: 1 }))
  })

  it.each<[Receipt, object]>([
    ['stored', { stored: 1, storedElsewhere: 1 }],
    ['same', { stored: 1, storedElsewhere: 1 }],
    ['full', { full: 1 }],
    ['conflict', {}],
    ['stale', {}],
    ['refused', {}],
  ])('%s counts as %j', (receipt, counts) => {
    const writing = writingTo()
    writing.note(one, { receipt })
    expect(writing.outcome()).toEqual(written(counts))
  })

  it.each<[Receipt, object]>([
    ['stored', { stored: 1 }],
    ['same', { stored: 1 }],
    ['full', { full: 1 }],
    ['conflict', { conflict: true }],
    ['stale', {}],
    ['refused', {}],
  ])('here, %s counts as %j: this peer is a replica, and nobody else', (receipt, counts) => {
    const writing = writingTo([one])
    writing.noteHere(receipt)
    expect([writing.done, writing.outcome()]).toEqual([false, written(counts)])
  })

  it('2: counts an answer once, and only from who was asked', () => {
    const writing = writingTo([one])
    for (const from of [other, one, one]) writing.note(from, { receipt: 'stored' })
    expect(writing.outcome()).toEqual(written({ stored: 1, storedElsewhere: 1, wanted: 1 }))
  })

  it('knows the newest of what replicas have instead', () => {
    const writing = writingTo()
    writing.note(one, { receipt: 'stale', newer: version(9) })
    writing.note(other, { receipt: 'stale', newer: version(7) })
    expect(writing.outcome().newer).toEqual(version(9))
  })

  it.each<[string, bigint, Receipt, Record | undefined, object]>([
    ['a conflict that shows a higher seq', 4n, 'conflict', version(5), { conflict: true, newer: version(5) }],
    ['a conflict that shows nothing', 4n, 'conflict', undefined, {}],
    ['a conflict that shows the very seq: that replica is no proof', 4n, 'conflict', version(4), {}],
    ['a conflict of a replica that is merely behind', 4n, 'conflict', version(3), {}],
    ['a conflict that shows another record', 4n, 'conflict', ownedRecord('b', { seq: 9 }), {}],
    ['any record against the condition that there is none', 0n, 'conflict', version(0), { conflict: true, newer: version(0) }],
    ['something newer that is older', 4n, 'stale', version(5), {}],
    ['something newer that is another record', 4n, 'stale', ownedRecord('b', { seq: 9 }), {}],
  ])('1: %s', (_, ifSeq, receipt, newer, counts) => {
    const writing = writingTo([one, other], ifSeq)
    writing.note(one, { receipt, ...(newer && { newer }) })
    expect(writing.outcome()).toEqual(written(counts))
  })

  it('is done at once with nobody to write to', () => expect(writingTo([]).done).toBe(true))
})
