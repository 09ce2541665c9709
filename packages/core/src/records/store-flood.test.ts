import { describe, expect, it } from 'vitest'
import { encodeUtf8 } from '../bencode/utf8.js'
import { openRecord } from '../fixtures/made-up-record.js'
import { contact, key } from '../fixtures/visible-key.js'
import { type PutOptions, RecordStore } from './record-store.js'
import { contentRecord, type Record, recordId } from './record.js'
import { defaultStoreQuotas, type StoreQuotas } from './store-quotas.js'

const self = key('0b0000')
const nowS = 1_000
const replica: PutOptions = { role: 'replica' }
const few = (records: number) => ({ records, bytes: 1_000_000 })
const numbered = (bits: string, i: number, digits: number) => key(bits + i.toString(2).padStart(digits, '0'))
const storeOf = (quotas: Partial<StoreQuotas>) => new RecordStore({ self, quotas: { ...defaultStoreQuotas, ...quotas } })
const put = (store: RecordStore, record: Record, options: PutOptions) => store.put(record, options, () => true, nowS)

describe('a flood', () => {
  const quotas = { total: few(400), peer: few(400), publisher: few(400) }
  const flooders = ['0b0000001', '0b00000001'].map((bits) => contact(bits).id)
  const friends = ['0b1', '0b01', '0b001', '0b0001'].map((bits) => contact(bits).id)
  /** Far from this store, brought by four peers. */
  const honest = Array.from({ length: 60 }, (_, i) => openRecord(numbered('0b1', i, 6), { publisher: (i % 20) + 1 }))
  /** Right beside it. */
  const hostile = Array.from({ length: 900 }, (_, i) => openRecord(numbered('0b00000000', i, 10), { publisher: (i % 200) + 50 }))
  const left = (store: RecordStore) => honest.filter((record) => store.kept(recordId(record)) !== undefined)

  it('by two peers, however near, drops what they brought themselves', () => {
    const store = storeOf(quotas)
    honest.forEach((record, i) => put(store, record, { ...replica, from: friends[i % 4]! }))
    hostile.forEach((record, i) => put(store, record, { ...replica, from: flooders[i % 2]! }))
    expect(left(store)).toEqual(honest)
    expect(store.count).toBe(400)
    // The nearest of the flood stay.
    expect(hostile.slice(0, 300).every((record) => store.kept(recordId(record)))).toBe(true)
    // Whoever else comes then finds room.
    const late = openRecord(key('0b11111111'), { publisher: 40 })
    expect(put(store, late, { ...replica, from: friends[0]! }).type).toBe('stored')
  })

  it('by one publisher drops what it wrote, of what came over the same peer', () => {
    const store = storeOf(quotas)
    const from = friends[0]!
    for (const record of honest) put(store, record, { ...replica, from })
    for (const [i] of hostile.entries()) put(store, openRecord(numbered('0b00000000', i, 10), { publisher: 50 }), { ...replica, from })
    expect(left(store)).toEqual(honest)
    expect(store.count).toBe(400)
  })

  it('of content, which bears no name, drops content, of what came over the same peer', () => {
    const store = storeOf({ ...quotas, total: few(200) })
    const from = friends[0]!
    for (const record of honest) put(store, record, { ...replica, from })
    for (let i = 0; i < 600; i++) put(store, contentRecord(encodeUtf8(`flood ${i}`)), { ...replica, from })
    expect(left(store)).toEqual(honest)
    expect(store.count).toBe(200)
  })

  it('by publishers without number gives several records of one no disadvantage: the distance decides', () => {
    const store = storeOf(quotas)
    const from = friends[0]!
    const near = Array.from({ length: 8 }, (_, i) => openRecord(numbered('0b000000000000', i, 3), { publisher: 1 }))
    for (const record of near) put(store, record, { ...replica, from })
    hostile.forEach((_, i) => put(store, openRecord(numbered('0b01', i, 10), { publisher: (i % 250) + 2 }), { ...replica, from }))
    expect(near.every((record) => store.kept(recordId(record)))).toBe(true)
  })

  it('in large records counts as much as one of many', () => {
    const store = storeOf({ ...quotas, total: { records: 4_000, bytes: 100_000 } })
    honest.forEach((record, i) => put(store, record, { ...replica, from: friends[i % 4]! }))
    hostile
      .slice(0, 200)
      .forEach(({ key }, i) =>
        put(store, openRecord(key, { publisher: i + 1, value: 'v'.repeat(900) }), { ...replica, from: flooders[i % 2]! }),
      )
    expect(left(store)).toEqual(honest)
    expect([...store.records()].reduce((bytes, kept) => bytes + kept.bytes, 0)).toBeLessThanOrEqual(100_000)
  })
})
