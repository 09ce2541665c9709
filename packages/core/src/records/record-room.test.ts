import { describe, expect, it } from 'vitest'
import { linkedTable } from '../fixtures/linked-table.js'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import type { Verify } from '../keys/public-key.js'
import { replicas } from '../wire/message.js'
import { decodeStored } from './kept-record.js'
import { pendingRetryMs, republishEveryMs } from './own-records.js'
import { contentBytesMax, contentRecord, type Record, recordId } from './record.js'
import { RecordRoom, type RecordRoomEffect } from './record-room.js'
import { type NewReplication, Replication, settleMs } from './replication.js'
import { defaultStoreQuotas } from './store-quotas.js'

const unixS = 1_000
const record = ownedRecord('me', { seq: 5 })
const id = recordId(record)

const newReplication: NewReplication = (...given) => new Replication(...given)

function roomOf(links: readonly string[] = ['0b1'], verify: Verify = () => true, late = false) {
  const table = linkedTable('0b0', links)
  const room = new RecordRoom(table, verify, new FreshIds(seededRandom()), late ? undefined : newReplication)
  return {
    table,
    room,
    handle: (event: Parameters<RecordRoom['handle']>[0], nowMs = 0, atUnixS = unixS) => room.handle(event, nowMs, atUnixS),
    keep: (one: Record, options = {}) => room.keep(one, { from: key('0b1'), ...options }, 0, unixS),
  }
}

/** What became of the write of a record of our own. */
const wrote = (
  storedElsewhere: number,
  { of = record, newer, isMet = false, crowded = false }: { of?: Record; newer?: Record; isMet?: boolean; crowded?: boolean } = {},
) => ({ type: 'wrote', record: of, stored: storedElsewhere, storedElsewhere, wanted: 2, isMet, newer, crowded }) as const
const persisted = (effects: readonly RecordRoomEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'persist' ? [[effect.name, effect.bytes !== undefined, effect.own]] : []))
const rewritten = (effects: readonly RecordRoomEffect[]) => effects.flatMap((effect) => (effect.type === 'rewrite' ? [effect.record] : []))
const pushed = (effects: readonly RecordRoomEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'push' ? [[effect.record, effect.to, effect.route]] : []))

describe('keeping', () => {
  it('persists what it stores, once', () => {
    const { room, keep } = roomOf()
    const kept = keep(record)
    expect([kept.receipt, persisted(kept.effects)]).toEqual(['stored', [[id, true, false]]])
    expect(keep(record)).toEqual({ receipt: 'same', effects: [] })
    expect([room.count, room.here(record.key, 'owned', unixS), room.here(record.key, 'peers', unixS)]).toEqual([1, [record], []])
  })

  it('answers what is old, or on a condition that is not met, with what is newer', () => {
    const { keep } = roomOf()
    keep(record)
    expect(keep(ownedRecord('me', { seq: 4 }))).toEqual({ receipt: 'stale', newer: record, effects: [] })
    expect(keep(ownedRecord('me', { seq: 9 }), { ifSeq: 4n })).toEqual({ receipt: 'conflict', newer: record, effects: [] })
    expect(keep(ownedRecord('me', { seq: 9 }), { ifSeq: 5n }).receipt).toBe('stored')
  })

  it('refuses what is forged', () => {
    const { room, keep } = roomOf([], () => false)
    expect(keep(record)).toEqual({ receipt: 'refused', effects: [] })
    expect([room.count, room.seqSeen(id)]).toEqual([0, undefined])
  })

  it('drops what is over its time, and tells storage', () => {
    const { room, handle, keep } = roomOf()
    keep(openRecord(key('0b1'), { expiresUnixS: unixS + 10 }))
    expect(room.wakeAtMs(0, unixS)).toBe(10_000)
    expect(persisted(handle({ type: 'woke' }, 10_000, unixS + 10))).toEqual([[recordId(openRecord(key('0b1'))), false, false]])
    expect(room.count).toBe(0)
  })
})

describe('a replica', () => {
  it('is no peer far off from the key, however few closer ones it knows', () => {
    // The eight siblings share 7 bits with this peer; of those that are closer to a key far off it knows one.
    const siblings = Array.from({ length: replicas }, (_, i) => `0b00000001${i.toString(2).padStart(4, '0')}`)
    const { room } = roomOf([...siblings, '0b1'])
    expect([room.isReplica(key('0b1000')), room.isReplica(key('0b0'))]).toEqual([false, true])
    expect(roomOf(['0b1']).room.isReplica(key('0b1000'))).toBe(true)
  })
})

describe('believing', () => {
  it('judges what it does not have, and remembers its seq', () => {
    const { room } = roomOf()
    expect(room.holds(record, unixS)).toBe(true)
    expect([room.seqSeen(id), room.count]).toEqual([5n, 0])
    expect(room.holds(ownedRecord('me', { expiresUnixS: unixS }), unixS)).toBe(false)
    expect(room.holds({ ...record, key: key('0b1') }, unixS)).toBe(false)
  })

  it('does not judge again what it keeps', () => {
    let judged = 0
    const { room, keep } = roomOf([], () => ++judged > 0)
    keep(record)
    expect([room.holds(record, unixS), judged]).toEqual([true, 1])
  })

  it('does not hold what is kept here once a newer version was met elsewhere: a reader never goes back', () => {
    const { room, keep } = roomOf()
    keep(record)
    expect(room.holds(record, unixS)).toBe(true)
    expect(room.holds(ownedRecord('me', { seq: 6 }), unixS)).toBe(true)
    expect(room.holds(record, unixS)).toBe(false)
  })

  it('knows beforehand what stands against a write of our own', () => {
    const { room, handle, keep } = roomOf()
    const newer = ownedRecord('me', { seq: 9 })
    keep(record)
    expect([room.obstacle(newer, undefined, unixS), room.obstacle(newer, 5n, unixS), room.obstacle(newer, 4n, unixS)]).toEqual([
      undefined,
      undefined,
      'conflict',
    ])
    expect(room.obstacle(ownedRecord('me', { seq: 9, expiresUnixS: unixS }), undefined, unixS)).toBe('refused')
    for (let i = 0; i < defaultStoreQuotas.own.records; i++) handle({ type: 'owned', record: ownedRecord(`${i}`) })
    expect([room.obstacle(newer, undefined, unixS), room.obstacle(newer, 5n, unixS)]).toEqual(['full', 'full'])
    expect(room.obstacle(ownedRecord('0', { seq: 2 }), undefined, unixS)).toBeUndefined()
  })
})

describe('own records', () => {
  it('are kept as such, and rewritten when the first write found nobody', () => {
    const { room, handle } = roomOf()
    expect(persisted(handle({ type: 'owned', record }))).toEqual([[id, true, true]])
    expect(room.pending).toBe(1)
    expect(rewritten(handle({ type: 'woke' }, 1))).toEqual([])
    handle(wrote(0), 2)
    expect(rewritten(handle({ type: 'woke' }, 2 + pendingRetryMs))).toEqual([record])
    handle(wrote(1), 9_000)
    expect(room.pending).toBe(0)
  })

  it('on a condition are ours once it is met', () => {
    const { room, handle } = roomOf()
    expect(persisted(handle(wrote(1, { isMet: true })))).toEqual([[id, true, true]])
    expect([room.count, room.pending]).toEqual([1, 0])
  })

  it('that are older than what is here are not written again in its place', () => {
    const { room, handle } = roomOf()
    handle({ type: 'owned', record })
    handle(wrote(1))
    expect(handle({ type: 'owned', record: ownedRecord('me', { seq: 4 }) }, 1)).toEqual([])
    expect(room.pending).toBe(0)
    handle(wrote(0, { of: ownedRecord('me', { seq: 4 }) }), 2)
    expect([room.pending, rewritten(handle({ type: 'woke' }, 2 + pendingRetryMs))]).toEqual([0, []])
  })

  it('give way to what a replica has instead: that is ours from now on, and is written in its time', () => {
    const { room, handle } = roomOf()
    const newer = ownedRecord('me', { seq: 9 })
    handle({ type: 'owned', record })
    expect(persisted(handle(wrote(0, { newer }), 1))).toEqual([[id, true, true]])
    expect([room.pending, room.here(record.key, 'owned', unixS)]).toEqual([0, [newer]])
    expect(rewritten(handle({ type: 'woke' }, republishEveryMs))).toEqual([])
    expect(rewritten(handle({ type: 'woke' }, 1 + republishEveryMs))).toEqual([newer])
  })

  it('give way to nothing that does not hold, and what is not ours is not taken for ours', () => {
    const { room, handle } = roomOf(['0b1'], () => false)
    handle({ type: 'owned', record })
    expect(handle(wrote(0, { newer: ownedRecord('me', { seq: 9 }) }), 1)).toEqual([])
    expect([room.pending, room.here(record.key, 'owned', unixS)]).toEqual([1, [record]])
    const { room: other, handle: tell } = roomOf()
    expect(tell(wrote(0, { newer: record }), 1)).toEqual([])
    expect(other.count).toBe(0)
  })

  it('give way to a newer version that a peer brings', () => {
    const { room, handle, keep } = roomOf()
    handle({ type: 'owned', record })
    handle(wrote(0), 1)
    expect(persisted(keep(ownedRecord('me', { seq: 9 })).effects)).toEqual([[id, true, true]])
    expect([room.pending, rewritten(handle({ type: 'woke' }, 1 + pendingRetryMs))]).toEqual([0, []])
  })

  it('that have no room for the newer version are no longer written', () => {
    const { room, handle } = roomOf()
    const small = Array.from({ length: 4 }, (_, i) => ownedRecord(`${i}`))
    for (const one of small) handle({ type: 'owned', record: one })
    const fill = (nth: (i: number) => Record) => {
      for (let i = 0; room.obstacle(nth(i), undefined, unixS) === undefined; i++) handle({ type: 'owned', record: nth(i) })
    }
    fill((i) => contentRecord(new Uint8Array(contentBytesMax).fill(i)))
    fill((i) => ownedRecord(`more ${i}`))
    const pending = room.pending
    const newer = ownedRecord('0', { seq: 9, value: 'v'.repeat(970) })
    expect(room.obstacle(newer, undefined, unixS)).toBe('full')
    expect(handle(wrote(0, { of: small[0]!, newer }), 1)).toEqual([])
    expect(room.pending).toBe(pending - 1)
  })

  it('that are over their time are no longer written', () => {
    const { room, handle } = roomOf()
    handle({ type: 'owned', record: ownedRecord('me', { expiresUnixS: unixS + 1 }) })
    handle(wrote(0), 0)
    expect(rewritten(handle({ type: 'woke' }, pendingRetryMs, unixS + 3))).toEqual([])
    handle({ type: 'owned', record: ownedRecord('me', { expiresUnixS: unixS }) }, pendingRetryMs, unixS + 3)
    expect(room.pending).toBe(0)
  })
})

describe('restoring', () => {
  it('takes back what storage kept, writes its own anew, and offers the rest to who should have it', () => {
    const before = roomOf([])
    const stored = new Map<string, Uint8Array>()
    const other = openRecord(key('0b01'))
    for (const effects of [before.handle({ type: 'owned', record }), before.keep(other).effects]) {
      for (const effect of effects) if (effect.type === 'persist' && effect.bytes) stored.set(effect.name, effect.bytes)
    }
    expect(decodeStored(stored.get(id)!)).toMatchObject({ record, role: 'own' })

    const { room, handle } = roomOf()
    expect(handle({ type: 'restored', stored })).toEqual([])
    expect([room.count, room.pending]).toEqual([2, 1])
    const effects = handle({ type: 'woke' }, settleMs)
    expect(rewritten(effects)).toEqual([record])
    expect(pushed(effects)).toContainEqual([other, contact('0b1'), []])
  })

  it('has storage drop what it cannot read, or what lies under another name', () => {
    const before = roomOf([])
    const [effect] = before.handle({ type: 'owned', record })
    const bytes = effect?.type === 'persist' ? effect.bytes! : new Uint8Array(0)
    const { room, handle } = roomOf()
    const stored = new Map([
      ['damaged', new Uint8Array(3)],
      ['misnamed', bytes],
    ])
    expect(persisted(handle({ type: 'restored', stored }))).toEqual([
      ['damaged', false, false],
      ['misnamed', false, false],
    ])
    expect(room.count).toBe(0)
  })
})

it('pushes what a newcomer should have, over the way the table knows', () => {
  const { table, handle, keep } = roomOf()
  const near = openRecord(key('0b0001'))
  keep(near)
  table.addLink(9, contact('0b01'), 0)
  handle({ type: 'changed', contacts: [contact('0b01')] }, 0)
  expect(pushed(handle({ type: 'woke' }, settleMs))).toEqual([[near, contact('0b01'), []]])
  expect(handle({ type: 'pushed', id: recordId(near), to: key('0b01') }, settleMs + 1)).toEqual([])
})

it('pushes what it has kept, and keeps still, when what sees to that has come late', () => {
  const { table, room, handle, keep } = roomOf(['0b1'], () => true, true)
  const [near, old] = [openRecord(key('0b0001')), openRecord(key('0b001'), { expiresUnixS: unixS + 1 })]
  for (const one of [near, old]) keep(one)
  handle({ type: 'woke' }, 1_000, unixS + 1)
  expect(room.wakeAtMs(1_000, unixS + 1)).toBeGreaterThan(60_000)
  handle({ type: 'late', newReplication }, 2_000)
  table.addLink(9, contact('0b01'), 0)
  handle({ type: 'changed', contacts: [contact('0b01')] }, 2_000)
  expect(pushed(handle({ type: 'woke' }, 2_000 + settleMs))).toEqual([[near, contact('0b01'), []]])
})

describe('a seek ends here although others are closer', () => {
  const closer = Array.from({ length: replicas }, (_, i) => `0b1${(i + 1).toString(2).padStart(5, '0')}`)
  const near = openRecord(key('0b1'))
  const content = contentRecord(new Uint8Array(3))

  it('with what this peer keeps as one of the replicas', () => {
    const { room, keep } = roomOf(closer.slice(1))
    expect(room.answersHere(near.key, 'open', unixS)).toBe(false)
    keep(near)
    expect(room.answersHere(near.key, 'open', unixS)).toBe(true)
    for (const want of ['peers', 'owned', 'content'] as const) expect(room.answersHere(near.key, want, unixS)).toBe(false)
  })

  it('but not with what it has as no replica: it may be old', () => {
    const { room, keep } = roomOf(closer)
    keep(near)
    expect(room.answersHere(near.key, 'open', unixS)).toBe(false)
  })

  it('with content, wherever it is: it proves itself', () => {
    const table = roomOf(Array.from({ length: replicas }, (_, i) => closestTo(content, i)))
    table.keep(content)
    expect(table.room.answersHere(content.key, 'content', unixS)).toBe(true)
  })
})

/** The bits of a peer whose id shares all but its last bits with this record's key. */
function closestTo({ key: { hex } }: Record, which: number): string {
  const bits = hex
    .slice(0, 10)
    .split('')
    .map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0'))
  return `0b${bits.join('')}${which.toString(2).padStart(5, '0')}`
}
