import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { contact, key } from '../fixtures/visible-key.js'
import { contentKeepS } from './kept-record.js'
import type { Verify } from '../keys/public-key.js'
import { type PutOptions, type PutOutcome, RecordStore, refreshStepS, type StoreChange } from './record-store.js'
import { compareRecords, contentRecord, type Record, recordId } from './record.js'
import { seenVersionsMax } from './seen-versions.js'
import { defaultStoreQuotas, type StoreQuotas } from './store-quotas.js'
import { encodeUtf8 } from '../bencode/utf8.js'

const self = key('0b0000')
const nowS = 1_000
const replica: PutOptions = { role: 'replica' }
const trusting: Verify = () => true

const storeOf = (quotas: Partial<StoreQuotas> = {}) => new RecordStore({ self, quotas: { ...defaultStoreQuotas, ...quotas } })
const put = (store: RecordStore, record: Record, options = replica, unixS = nowS): PutOutcome => store.put(record, options, trusting, unixS)
const ids = (store: RecordStore) => [...store.records()].map((kept) => kept.id).sort()
const numbered = (bits: string, i: number, digits: number) => key(bits + i.toString(2).padStart(digits, '0'))
const few = (records: number) => ({ records, bytes: 1_000_000 })

describe('putting', () => {
  it('keeps, and tells storage', () => {
    const store = storeOf()
    const record = ownedRecord('a')
    const outcome = put(store, record, { role: 'replica', from: contact('0b1').id })
    if (outcome.type !== 'stored') throw new Error(outcome.type)
    expect(outcome.kept).toMatchObject({
      id: recordId(record),
      record,
      role: 'replica',
      receivedUnixS: nowS,
      dropUnixS: record.expiresUnixS,
    })
    expect(outcome.changes).toEqual([{ id: recordId(record), kept: outcome.kept }])
    expect(store.get(record.key, 'owned', nowS)).toEqual([record])
    expect(store.count).toBe(1)
  })

  it('knows the same again', () => {
    const store = storeOf()
    put(store, ownedRecord('a'))
    expect(put(store, ownedRecord('a'))).toEqual({ type: 'same', changes: [] })
  })

  it('replaces the older, and answers the older with the newer', () => {
    const store = storeOf()
    put(store, ownedRecord('a', { seq: 2 }))
    const newer = ownedRecord('a', { seq: 3 })
    expect(put(store, newer).type).toBe('stored')
    expect(put(store, ownedRecord('a', { seq: 2 }))).toEqual({ type: 'stale', newer })
    expect(store.get(newer.key, 'owned', nowS)).toEqual([newer])
  })

  it('settles two versions of one seq alike, whichever comes first', () => {
    const versions = [ownedRecord('a', { value: 'x' }), ownedRecord('a', { value: 'y' })]
    const [forth, back] = [storeOf(), storeOf()]
    versions.forEach((record) => put(forth, record))
    versions.toReversed().forEach((record) => put(back, record))
    expect(forth.get(versions[0]!.key, 'owned', nowS)).toEqual(back.get(versions[0]!.key, 'owned', nowS))
  })

  it('refuses what is over, too far ahead, misfiled or forged', () => {
    const store = storeOf()
    expect(put(store, ownedRecord('a', { expiresUnixS: nowS }))).toEqual({ type: 'refused', why: 'expired' })
    expect(put(store, ownedRecord('a', { expiresUnixS: nowS + 9 * 86_400 }))).toEqual({ type: 'refused', why: 'too-far' })
    expect(put(store, { ...ownedRecord('a'), key: key('0b1') })).toEqual({ type: 'refused', why: 'misfiled' })
    expect(store.put(ownedRecord('a'), replica, () => false, nowS)).toEqual({ type: 'refused', why: 'forged' })
    expect(store.count).toBe(0)
    expect(store.highestSeq(recordId(ownedRecord('a')))).toBeUndefined()
  })

  it('asks for a proof only of what it would keep', () => {
    const verify = vi.fn<Verify>(trusting)
    const store = storeOf({ key: few(1) })
    store.put(openRecord(key('0b1'), { seq: 5 }), replica, verify, nowS)
    expect(verify).toHaveBeenCalledTimes(1)
    store.put(openRecord(key('0b1'), { seq: 5 }), replica, verify, nowS)
    store.put(openRecord(key('0b1'), { seq: 4 }), replica, verify, nowS)
    store.put(openRecord(key('0b1'), { seq: 6 }), { ...replica, ifSeq: 4n }, verify, nowS)
    store.put(openRecord(key('0b1'), { seq: 4, publisher: 2 }), replica, verify, nowS)
    expect(verify).toHaveBeenCalledTimes(1)
  })

  it('says beforehand what needs no proof', () => {
    const store = storeOf()
    expect(store.consider(ownedRecord('a', { seq: 2 }), replica, nowS)).toBeUndefined()
    put(store, ownedRecord('a', { seq: 2 }))
    expect(store.consider(ownedRecord('a', { seq: 2 }), { role: 'own' }, nowS)).toEqual({ type: 'same', changes: [] })
    expect(store.consider(ownedRecord('a', { seq: 1 }), replica, nowS)?.type).toBe('stale')
    expect(store.kept(recordId(ownedRecord('a')))?.role).toBe('replica')
  })
})

describe('compare and swap', () => {
  const held = ownedRecord('a', { seq: 5, value: 'x' })

  it.each<[string, bigint, number, PutOutcome['type']]>([
    ['the seq that is here', 5n, 6, 'stored'],
    ['another seq', 4n, 6, 'conflict'],
    ['a later seq: this store is behind', 6n, 7, 'stored'],
    ['none, though there is one', 0n, 6, 'conflict'],
    ['the seq before, of the very record that is here: a receipt was lost', 4n, 5, 'same'],
  ])('%s', (_, ifSeq, seq, outcome) => {
    const store = storeOf()
    put(store, held)
    expect(put(store, ownedRecord('a', { seq, value: 'x' }), { ...replica, ifSeq }).type).toBe(outcome)
  })

  it('answers a conflict with what is here', () => {
    const store = storeOf()
    put(store, held)
    expect(put(store, ownedRecord('a', { seq: 6 }), { ...replica, ifSeq: 1n })).toEqual({ type: 'conflict', current: held })
  })

  it('lets a fresh holder take the record, and one that has dropped it compare', () => {
    const store = storeOf()
    const passing = ownedRecord('a', { seq: 5, expiresUnixS: nowS + 1 })
    expect(put(store, passing, { ...replica, ifSeq: 4n }).type).toBe('stored')
    store.sweep(nowS + 1)
    expect(put(store, ownedRecord('a', { seq: 6 }), { ...replica, ifSeq: 4n })).toEqual({ type: 'conflict', current: undefined })
    expect(put(store, ownedRecord('a', { seq: 6 }), { ...replica, ifSeq: 5n }).type).toBe('stored')
  })

  it('only where there is none: not where there is one of seq 0', () => {
    const store = storeOf()
    expect(put(store, ownedRecord('a', { seq: 0, value: 'x' }), { ...replica, ifSeq: 0n }).type).toBe('stored')
    expect(put(store, ownedRecord('a', { seq: 6 }), { ...replica, ifSeq: 0n }).type).toBe('conflict')
  })

  it('only where there is none: also where one was, that has expired, or was deleted; its seq is exceeded all the same', () => {
    const expired = storeOf()
    put(expired, ownedRecord('a', { seq: 5, expiresUnixS: nowS + 1, value: 'x' }))
    for (const sweeps of [false, true]) {
      if (sweeps) expired.sweep(nowS + 1)
      const late = { ...replica, ifSeq: 0n }
      expect(expired.consider(ownedRecord('a', { seq: 6 }), late, nowS + 1)).toBeUndefined()
      expect(expired.consider(ownedRecord('a', { seq: 4 }), late, nowS + 1)).toMatchObject({ type: 'stale' })
    }
    const deleted = storeOf()
    put(deleted, ownedRecord('a', { seq: 5, value: '' }))
    expect(put(deleted, ownedRecord('a', { seq: 6, value: 'x' }), { ...replica, ifSeq: 0n }).type).toBe('stored')
  })
})

describe('time', () => {
  it('gives nothing that is over, and sweeps it', () => {
    const store = storeOf()
    const record = ownedRecord('a', { expiresUnixS: nowS + 10 })
    put(store, record)
    expect(store.earliestDropUnixS).toBe(nowS + 10)
    expect(store.sweep(nowS + 9)).toEqual([])
    expect(store.get(record.key, 'owned', nowS + 10)).toEqual([])
    expect(store.sweep(nowS + 10)).toEqual([{ id: recordId(record), kept: undefined }])
    expect([store.count, store.earliestDropUnixS]).toEqual([0, undefined])
  })

  it('takes nothing older in after the newer is gone', () => {
    const store = storeOf()
    put(store, ownedRecord('a', { seq: 9, expiresUnixS: nowS + 10 }))
    store.sweep(nowS + 10)
    expect(put(store, ownedRecord('a', { seq: 8 }), replica, nowS + 10)).toEqual({ type: 'stale', newer: undefined })
    expect(store.highestSeq(recordId(ownedRecord('a')))).toBe(9n)
  })

  it('does not go back and forth between two versions of one seq, though the greater is not kept here', () => {
    const store = storeOf()
    const versions = [ownedRecord('a', { value: 'x' }), ownedRecord('a', { value: 'y' })]
    const [lesser, greater] = versions.sort(compareRecords) as [Record, Record]
    store.note(greater)
    store.note(lesser)
    expect([store.isOlder(lesser), store.isOlder(greater)]).toEqual([true, false])
    expect(put(store, lesser).type).toBe('stale')
    expect(put(store, greater).type).toBe('stored')
  })

  it('remembers what was read elsewhere, up to a bound', () => {
    const store = storeOf()
    store.note(ownedRecord('first', { seq: 9 }))
    store.note(ownedRecord('first', { seq: 3 }))
    expect(put(store, ownedRecord('first', { seq: 8 })).type).toBe('stale')
    for (let i = 0; i < seenVersionsMax; i++) store.note(ownedRecord(`name ${i}`))
    expect(store.highestSeq(recordId(ownedRecord('first')))).toBeUndefined()
    expect(store.highestSeq(recordId(ownedRecord('name 0')))).toBe(1n)
  })

  it('keeps content for a week after it was last brought, and writes that down once an hour', () => {
    const store = storeOf()
    const content = contentRecord(encodeUtf8('x'))
    put(store, content)
    expect(store.earliestDropUnixS).toBe(nowS + contentKeepS)
    expect(put(store, content, replica, nowS + refreshStepS - 1)).toEqual({ type: 'same', changes: [] })
    expect(put(store, content, replica, nowS + refreshStepS)).toMatchObject({ type: 'same', changes: [{ id: recordId(content) }] })
    expect(store.earliestDropUnixS).toBe(nowS + refreshStepS + contentKeepS)
  })
})

describe('room', () => {
  const at = (bits: string, made = {}) => openRecord(key(bits), made)

  it('drops the farthest first, and does not let in what is farther yet', () => {
    const store = storeOf({ total: few(2) })
    put(store, at('0b01'))
    put(store, at('0b10'))
    expect(put(store, at('0b11'))).toEqual({ type: 'full', quota: 'total' })
    expect(put(store, at('0b001'))).toMatchObject({
      type: 'stored',
      changes: [{ id: recordId(at('0b10')), kept: undefined }, { id: recordId(at('0b001')) }],
    })
    expect(ids(store)).toEqual([recordId(at('0b001')), recordId(at('0b01'))])
  })

  it('drops what is over before the farthest', () => {
    const store = storeOf({ total: few(2) })
    put(store, at('0b0001', { expiresUnixS: nowS + 5 }))
    put(store, at('0b1'))
    const victimOf = (outcome: PutOutcome) =>
      outcome.type === 'stored' && outcome.changes.filter((change) => !change.kept).map((change) => change.id)
    expect(victimOf(put(store, at('0b0111'), replica, nowS + 10))).toEqual([recordId(at('0b0001'))])
    expect(victimOf(put(store, at('0b0101'), replica, nowS + 10))).toEqual([recordId(at('0b1'))])
  })

  it('keeps the newest under one key', () => {
    const store = storeOf({ key: few(2) })
    for (const [publisher, seq] of [
      [1, 5],
      [2, 7],
      [3, 6],
    ])
      put(store, at('0b1', { publisher, seq }))
    expect(store.get(key('0b1'), 'open', nowS)).toEqual([at('0b1', { publisher: 2, seq: 7 }), at('0b1', { publisher: 3, seq: 6 })])
    expect(put(store, at('0b1', { publisher: 4, seq: 4 }))).toEqual({ type: 'full', quota: 'key' })
  })

  it('bounds one publisher, and one peer, and neither for others', () => {
    const store = storeOf({ publisher: few(1), peer: few(2) })
    const from = contact('0b11').id
    put(store, at('0b01'), { ...replica, from })
    expect(put(store, at('0b1'), { ...replica, from })).toMatchObject({ type: 'full', quota: 'publisher' })
    expect(put(store, at('0b001', { publisher: 2 }), { ...replica, from }).type).toBe('stored')
    expect(put(store, at('0b11', { publisher: 3 }), { ...replica, from })).toMatchObject({ type: 'full', quota: 'peer' })
    expect(put(store, at('0b11', { publisher: 3 }), { ...replica, from: contact('0b10').id }).type).toBe('stored')
  })

  it('bounds bytes as it bounds records', () => {
    const store = storeOf({ total: { records: 100, bytes: 3_000 } })
    for (const bits of ['0b1', '0b01', '0b001', '0b0001']) put(store, at(bits, { value: 'v'.repeat(900) }))
    expect(ids(store)).toEqual([recordId(at('0b0001')), recordId(at('0b001'))])
    expect([...store.records()].reduce((bytes, kept) => bytes + kept.bytes, 0)).toBeLessThanOrEqual(3_000)
  })

  it('counts a victim of two quotas once', () => {
    const store = storeOf({ key: few(1), total: { records: 100, bytes: 1_500 } })
    put(store, at('0b01', { value: 'v'.repeat(200) }))
    put(store, at('0b1', { value: 'v'.repeat(900) }))
    expect(store.count).toBe(2)
    const incoming = at('0b01', { publisher: 2, seq: 2, value: 'v'.repeat(600) })
    expect(put(store, incoming).type).toBe('stored')
    expect(ids(store)).toEqual([recordId(incoming)])
  })

  it('never drops its own for strangers, nor strangers for its own', () => {
    const store = storeOf({ total: few(1), own: few(1), key: few(1) })
    put(store, at('0b1'), { role: 'own' })
    put(store, at('0b01', { publisher: 2 }))
    put(store, at('0b1', { publisher: 2, seq: 9 }))
    expect(put(store, at('0b11'), { role: 'own' })).toEqual({ type: 'full', quota: 'own' })
    expect(ids(store)).toEqual([recordId(at('0b01', { publisher: 2 })), recordId(at('0b1'))])
  })

  it('takes its own for its own, also when a stranger brought it first or brings it newer', () => {
    const store = storeOf()
    put(store, at('0b1'))
    put(store, at('0b1'), { role: 'own' })
    put(store, at('0b1', { seq: 2 }), { ...replica, from: contact('0b1').id })
    expect(store.kept(recordId(at('0b1')))).toMatchObject({ role: 'own', record: { seq: 2n } })
  })
})

describe('any puts in any order', () => {
  const keys = ['0b1', '0b01', '0b001', '0b0001'].map(key)
  const anyRecord = fc
    .record({
      place: fc.nat(3),
      publisher: fc.integer({ min: 1, max: 4 }),
      seq: fc.integer({ min: 1, max: 4 }),
      value: fc.constantFrom('', 'a', 'b'),
      expiresUnixS: fc.integer({ min: nowS + 1, max: nowS + 10 }),
    })
    .map(({ place, ...made }) => openRecord(keys[place]!, made))
  const anyPut = fc.record({
    record: anyRecord,
    role: fc.constantFrom<PutOptions['role'][]>('own', 'replica'),
    from: fc.constantFrom(contact('0b1').id, contact('0b11').id),
    pauseS: fc.constantFrom(0, 0, 0, 3),
  })
  const tight: StoreQuotas = { own: few(2), key: few(2), publisher: few(3), peer: few(4), total: few(5) }

  it('never goes back, stays within its quotas, and says every change', () => {
    fc.assert(
      fc.property(fc.array(anyPut, { maxLength: 60 }), (puts) => {
        const store = storeOf(tight)
        const disk = new Map<string, Record>()
        const follow = (changes: readonly StoreChange[]) =>
          changes.forEach(({ id, kept }) => (kept ? disk.set(id, kept.record) : disk.delete(id)))
        const highest = new Map<string, Record>()
        let unixS = nowS
        for (const { record, pauseS, ...options } of puts) {
          unixS += pauseS
          follow(store.sweep(unixS))
          const id = recordId(record)
          const before = store.kept(id)
          const outcome = put(store, record, options, unixS)
          if ('changes' in outcome) follow(outcome.changes)
          const after = store.kept(id)
          if (before && after) expect(compareRecords(after.record, before.record)).toBeGreaterThanOrEqual(0)
          if (after) {
            const best = highest.get(id)
            if (best?.kind === 'open' && after.record.kind === 'open') expect(after.record.seq).toBeGreaterThanOrEqual(best.seq)
            highest.set(id, after.record)
          }
          expect(disk).toEqual(new Map([...store.records()].map((kept) => [kept.id, kept.record])))
        }
        const [own, others] = [true, false].map((isOwn) => [...store.records()].filter((kept) => (kept.role === 'own') === isOwn))
        expect(own!.length).toBeLessThanOrEqual(2)
        expect(others!.length).toBeLessThanOrEqual(5)
        for (const place of keys) expect(others!.filter((kept) => kept.record.key.equals(place)).length).toBeLessThanOrEqual(2)
        for (const { from } of puts) expect(others!.filter((kept) => kept.from?.equals(from)).length).toBeLessThanOrEqual(4)
      }),
      { numRuns: 300 },
    )
  })

  const inAnyOrder = (records: fc.Arbitrary<readonly Record[]>) =>
    records.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length })))

  it('converges: two stores that heard the same keep the same under each key', () => {
    fc.assert(
      fc.property(inAnyOrder(fc.array(anyRecord, { maxLength: 30 })), ([records, otherOrder]) => {
        const [one, other] = [storeOf({ key: few(2) }), storeOf({ key: few(2) })]
        for (const record of records) put(one, record)
        for (const record of otherOrder) put(other, record)
        for (const place of keys) expect(other.get(place, 'open', nowS)).toEqual(one.get(place, 'open', nowS))
      }),
      { numRuns: 500 },
    )
  })

  it('converges: two stores that are full keep the same where nobody has contributed a great share', () => {
    const anyVersion = fc.record({ place: fc.nat(127), seq: fc.integer({ min: 1, max: 3 }) })
    const records = fc
      .array(anyVersion, { minLength: 100, maxLength: 150 })
      .map((versions) => versions.map(({ place, seq }) => openRecord(numbered('0b', place, 7), { publisher: place + 1, seq })))
    fc.assert(
      fc.property(inAnyOrder(records), ([records, otherOrder]) => {
        const [one, other] = [storeOf({ total: few(40) }), storeOf({ total: few(40) })]
        for (const record of records) put(one, record)
        for (const record of otherOrder) put(other, record)
        expect(one.count).toBe(40)
        expect(ids(other)).toEqual(ids(one))
      }),
      { numRuns: 50 },
    )
  })
})

describe('storage', () => {
  it('takes back what it kept, and says what may go', () => {
    const before = storeOf()
    put(before, ownedRecord('a'), { role: 'own' })
    put(before, ownedRecord('b', { expiresUnixS: nowS + 5 }))
    put(before, openRecord(key('0b1'), { seq: 4 }), { role: 'replica', from: contact('0b1').id })
    const store = storeOf()
    expect(store.restore(before.records(), nowS + 5)).toEqual([{ id: recordId(ownedRecord('b')), kept: undefined }])
    expect([...store.records()]).toEqual(
      [...before.records()].filter((kept) => kept.record.key !== ownedRecord('b').key && kept.dropUnixS > nowS + 5),
    )
    expect(put(store, openRecord(key('0b1'), { seq: 3 })).type).toBe('stale')
    expect(store.get(key('0b1'), 'open', nowS + 5).length).toBe(1)
  })

  it('stays within quotas that have shrunk', () => {
    const before = storeOf()
    for (const bits of ['0b1', '0b01', '0b001']) put(before, openRecord(key(bits)))
    const store = storeOf({ total: few(1) })
    const changes = store.restore(before.records(), nowS)
    expect(ids(store)).toEqual([recordId(openRecord(key('0b001')))])
    expect(changes.map((change) => change.id).sort()).toEqual([recordId(openRecord(key('0b01'))), recordId(openRecord(key('0b1')))])
    expect(changes.every((change) => change.kept === undefined)).toBe(true)
  })
})
