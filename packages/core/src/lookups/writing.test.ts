import { describe, expect, it } from 'vitest'
import { ownedRecord } from '../fixtures/made-up-record.js'
import { key } from '../fixtures/visible-key.js'
import type { Receipt } from '../wire/message.js'
import { Writing } from './writing.js'

const [one, other] = [key('0b01'), key('0b10')]
const written = (over: object) => ({ type: 'written', stored: 0, wanted: 2, newer: undefined, conflict: false, full: 0, ...over })

describe('writing', () => {
  it('is done when every replica answered, or stayed silent', () => {
    const writing = new Writing([one, other])
    expect(writing.done).toBe(false)
    writing.note(one, { receipt: 'stored' })
    expect(writing.done).toBe(false)
    writing.note(other, undefined)
    expect(writing.done).toBe(true)
    expect(writing.outcome()).toEqual(written({ stored: 1 }))
  })

  it.each<[Receipt, object]>([
    ['stored', { stored: 1 }],
    ['same', { stored: 1 }],
    ['full', { full: 1 }],
    ['conflict', { conflict: true }],
    ['stale', {}],
    ['refused', {}],
  ])('%s counts as %j', (receipt, counts) => {
    const writing = new Writing([one, other])
    writing.note(one, { receipt })
    expect(writing.outcome()).toEqual(written(counts))
  })

  it('counts this peer too, when it is a replica itself', () => {
    const writing = new Writing([one])
    writing.note(other, { receipt: 'stored' })
    expect([writing.done, writing.outcome()]).toEqual([false, written({ stored: 1 })])
  })

  it('knows the newest of what replicas have instead', () => {
    const writing = new Writing([one, other])
    writing.note(one, { receipt: 'stale', newer: ownedRecord('a', { seq: 7 }) })
    writing.note(other, { receipt: 'stale', newer: ownedRecord('a', { seq: 5 }) })
    expect(writing.outcome().newer).toEqual(ownedRecord('a', { seq: 7 }))
  })

  it('is done at once with nobody to write to', () => expect(new Writing([]).done).toBe(true))
})
