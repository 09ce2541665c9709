import { describe, expect, it } from 'vitest'
import { linkedTable } from '../fixtures/linked-table.js'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import { type Record, recordId } from '../records/record.js'
import { RecordRoom } from '../records/record-room.js'
import { defaultStoreQuotas } from '../records/store-quotas.js'
import { type Answer, answerRecordBytesMax, answerRecordsMax, type Envelope, type Question, replicas } from '../wire/message.js'
import { Asking, type AskingEffect, type AskingEvent } from './asking.js'
import { surroundingsDelayMs } from './refresh.js'
import { requestsMax } from './requests.js'

const unixS = 1_000
const target = key('0b111')
const peer = contact('0b1')
const found = (...named: string[]): Answer => ({ type: 'found', contacts: named.map(contact), records: [] })

function askingOf(links: readonly string[] = ['0b1']) {
  const table = linkedTable('0b0', links)
  const ids = new FreshIds(seededRandom())
  const records = new RecordRoom(table, () => true, ids)
  const asking = new Asking(table, ids, records)
  return { table, records, asking, handle: (event: AskingEvent, nowMs = 0) => asking.handle(event, nowMs) }
}

/** The one question that was just asked. */
function question(effects: readonly AskingEffect[]): Extract<AskingEffect, { type: 'ask' }> {
  const [ask, ...others] = effects.filter((effect) => effect.type === 'ask')
  if (!ask || others.length > 0) throw new Error(`${others.length + (ask ? 1 : 0)} questions`)
  return ask
}

const answered = (id: string, answer: Answer, from = peer.id) => ({ type: 'answered', id, from, answer }) as const
const came = (asked: Question, from = key('0b1')): [Question, Envelope] => [
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
    expect(askingOf().asking.answer(...came({ type: 'ping' }), 0, unixS)).toEqual({ answer: { type: 'pong' }, effects: [] })
  })

  it('a find, with the closest links but the asker', () => {
    const links = Array.from({ length: replicas + 2 }, (_, i) => `0b1${i.toString(2).padStart(4, '0')}`)
    const { asking } = askingOf(links)
    const { answer } = asking.answer(...came({ type: 'find', target: key('0b1'), want: 'peers' }, key(links[0]!)), 0, unixS)
    expect(answer).toEqual(found(...links.slice(1, replicas + 1)))
  })

  it('a find, with the records that fit, the newest first', () => {
    const { asking, records } = askingOf()
    const all: Record[] = Array.from({ length: 40 }, (_, i) => openRecord(target, { publisher: i, seq: 40 - i, value: 'x'.repeat(900) }))
    for (const record of all) records.keep(record, {}, 0, unixS)
    const { answer } = asking.answer(...came({ type: 'find', target, want: 'open' }), 0, unixS)
    if (answer.type !== 'found') throw new Error(answer.type)
    expect(answer.records).toEqual(all.slice(0, answer.records.length))
    expect(answer.records.length).toBeGreaterThan(10)
    expect(answer.records.length * 900).toBeLessThan(answerRecordBytesMax)
  })

  it('a find, with no more records than an answer may have, however short', () => {
    const { asking, records } = askingOf()
    for (let publisher = 0; publisher <= answerRecordsMax; publisher++)
      records.handle({ type: 'owned', record: openRecord(target, { publisher }) }, 0, unixS)
    const { answer } = asking.answer(...came({ type: 'find', target, want: 'open' }), 0, unixS)
    expect(answer.type === 'found' && answer.records.length).toBe(answerRecordsMax)
  })

  it('a store, with a receipt', () => {
    const { asking } = askingOf()
    const store = (record: Record, ifSeq?: bigint) =>
      asking.answer(...came({ type: 'store', record, ...(ifSeq !== undefined && { ifSeq }) }), 0, unixS).answer
    expect(store(ownedRecord('a', { seq: 2 }))).toEqual({ type: 'receipt', receipt: 'stored' })
    expect(store(ownedRecord('a', { seq: 1 }))).toEqual({ type: 'receipt', receipt: 'stale', newer: ownedRecord('a', { seq: 2 }) })
    expect(store(ownedRecord('a', { seq: 3 }), 1n)).toMatchObject({ receipt: 'conflict' })
  })
})

describe('asking', () => {
  it('reads, and makes no contacts of whom it met: contacts lead to links, and a lookup is to make none', () => {
    const { handle } = askingOf()
    const ask = question(handle({ type: 'read', operation: 1, target, want: 'open', unixS }))
    expect(ask).toMatchObject({ to: peer.id, route: [], question: { type: 'find', target, want: 'open' } })
    expect(handle(answered(ask.id, found()), 5)).toEqual([
      { type: 'finish', operation: 1, outcome: { type: 'read', records: [], asked: 1, complete: true } },
    ])
  })

  it('writes there and here, and tells of it before it finishes', () => {
    const { records, handle } = askingOf()
    const record = openRecord(target)
    const ask = question(handle({ type: 'write', operation: 1, record, unixS }))
    const store = question(handle(answered(ask.id, found()), 5))
    expect(store.question).toEqual({ type: 'store', record })
    expect(records.count).toBe(1)
    expect(handle(answered(store.id, { type: 'receipt', receipt: 'stored' }), 9)).toMatchObject([
      { type: 'wrote', record, storedElsewhere: 1, wanted: 2, isMet: false, newer: undefined },
      { type: 'finish', operation: 1, outcome: { type: 'written', stored: 2, wanted: 2 } },
    ])
  })

  it('tells what a replica has instead, of a write and of a rewrite', () => {
    const [record, newer] = [ownedRecord('a', { seq: 2 }), ownedRecord('a', { seq: 3 })]
    for (const event of [
      { type: 'write', operation: 1, record, unixS },
      { type: 'rewrite', record, unixS },
    ] as const) {
      const { handle } = askingOf()
      const ask = question(handle(event))
      const store = question(handle(answered(ask.id, found()), 5))
      const effects = handle(answered(store.id, { type: 'receipt', receipt: 'stale', newer }), 9)
      expect(effects.filter(({ type }) => type === 'wrote')).toMatchObject([{ record, storedElsewhere: 0, newer }])
    }
  })

  it.each<[string, Answer, boolean]>([
    ['met where a replica confirms', { type: 'receipt', receipt: 'stored' }, true],
    ['not met where none does', { type: 'receipt', receipt: 'full' }, false],
  ])('a condition is %s', (_, answer, isMet) => {
    const { handle } = askingOf()
    const ask = question(handle({ type: 'write', operation: 1, record: ownedRecord('a', { seq: 2 }), ifSeq: 1n, unixS }))
    const store = question(handle(answered(ask.id, found()), 5))
    expect(handle(answered(store.id, answer), 9)).toMatchObject([{ type: 'wrote', isMet }, { type: 'finish' }])
  })

  it('does not begin to write what this peer has no room for as its own, or what does not hold', () => {
    const { records, handle } = askingOf()
    const many: Record[] = Array.from({ length: defaultStoreQuotas.own.records }, (_, i) => ownedRecord(`${i}`))
    for (const record of many) records.handle({ type: 'owned', record }, 0, unixS)
    const outcomeOf = (record: Record) => handle({ type: 'write', operation: 1, record, unixS })
    expect(outcomeOf(ownedRecord('one more'))).toMatchObject([{ type: 'finish', outcome: { notKept: 'full', stored: 0, wanted: 0 } }])
    expect(outcomeOf(ownedRecord('0', { seq: 2, expiresUnixS: unixS }))).toMatchObject([
      { type: 'finish', outcome: { notKept: 'refused' } },
    ])
    expect(question(outcomeOf(ownedRecord('0', { seq: 2 }))).question.type).toBe('find')
  })

  it('lets what nobody waits for give way to what the app asks', () => {
    const { handle } = askingOf()
    const push = (i: number) => handle({ type: 'push', id: `${i}`, record: openRecord(target), to: peer, route: [], unixS })
    handle({ type: 'read', operation: 1, target, want: 'open', unixS })
    for (let i = 1; i < requestsMax; i++) push(i)
    expect(push(0)).toEqual([{ type: 'notPushed', id: '0', to: peer.id }])
    expect(handle({ type: 'rewrite', record: openRecord(target), unixS })).toMatchObject([
      { type: 'found' },
      { type: 'wrote', storedElsewhere: 0, wanted: 0 },
    ])
    expect(handle({ type: 'read', operation: 2, target, want: 'open', unixS })).toMatchObject([
      { type: 'notPushed', id: '1' },
      { type: 'ask' },
    ])
  })

  it('learns from whoever has a newer version than it pushes', () => {
    const { records, handle } = askingOf()
    const [old, newer] = [ownedRecord('a', { seq: 2 }), ownedRecord('a', { seq: 3 })]
    records.keep(old, {}, 0, unixS)
    const push = () => question(handle({ type: 'push', id: recordId(old), record: old, to: peer, route: [], unixS }))
    handle(answered(push().id, { type: 'receipt', receipt: 'stale', newer: ownedRecord('other', { seq: 3 }) }), 5)
    expect(records.count).toBe(1)
    expect(handle(answered(push().id, { type: 'receipt', receipt: 'stale', newer }), 5)).toMatchObject([
      { type: 'pushed', id: recordId(old) },
      { type: 'records', effects: [{ type: 'persist', name: recordId(old) }] },
    ])
    expect(records.here(old.key, 'owned', unixS)).toEqual([newer])
  })

  it('does not begin to write on a condition that is not met here', () => {
    const { records, handle } = askingOf()
    records.keep(ownedRecord('a', { seq: 5 }), {}, 0, unixS)
    const effects = handle({ type: 'write', operation: 1, record: ownedRecord('a', { seq: 6 }), ifSeq: 4n, unixS })
    expect(effects).toMatchObject([{ type: 'finish', operation: 1, outcome: { conflict: true, stored: 0 } }])
  })

  it('locates, and tells who asked', () => {
    const { handle } = askingOf()
    const ask = question(handle({ type: 'locate', operation: 7, target, unixS }))
    expect(handle(answered(ask.id, found('0b111')), 5)).toMatchObject([
      { type: 'found' },
      { type: 'located', operation: 7, contact: contact('0b111'), route: [peer.id] },
    ])
  })

  it('tells nothing of what was cancelled, and counts a cancelled write as unwritten', () => {
    const { handle } = askingOf()
    const record = openRecord(target)
    const write = question(handle({ type: 'write', operation: 1, record, unixS }))
    expect(handle({ type: 'cancel', operation: 1 })).toEqual([
      { type: 'wrote', record, storedElsewhere: 0, wanted: 0, isMet: false, newer: undefined },
    ])
    expect(handle(answered(write.id, found()), 5)).toEqual([])
    const locate = question(handle({ type: 'locate', operation: 2, target, unixS }))
    expect(handle({ type: 'cancel', operation: 2 })).toEqual([])
    expect(handle(answered(locate.id, found('0b111')), 5).filter(({ type }) => type === 'located')).toEqual([])
  })

  it.each<[string, Answer, string]>([
    ['stored', { type: 'receipt', receipt: 'stored' }, 'pushed'],
    ['kept already', { type: 'receipt', receipt: 'same' }, 'pushed'],
    ['older than what is there', { type: 'receipt', receipt: 'stale' }, 'pushed'],
    ['too much for it', { type: 'receipt', receipt: 'full' }, 'notPushed'],
  ])('pushes a record that is %s', (_, answer, type) => {
    const { handle } = askingOf()
    const ask = question(handle({ type: 'push', id: 'a record', record: openRecord(target), to: peer, route: [], unixS }))
    expect(handle(answered(ask.id, answer), 5)).toEqual([{ type, id: 'a record', to: peer.id }])
  })

  it('pushes twice, and then not', () => {
    const { asking, handle } = askingOf()
    const ask = question(handle({ type: 'push', id: 'a record', record: openRecord(target), to: peer, route: [], unixS }))
    const again = question(handle({ type: 'woke' }, asking.wakeAtMs))
    expect(again.id).toBe(ask.id)
    expect(handle({ type: 'woke' }, asking.wakeAtMs)).toEqual([{ type: 'notPushed', id: 'a record', to: peer.id }])
  })

  it('pings, and tells of life or silence', () => {
    const { asking, handle } = askingOf()
    const alive = question(handle({ type: 'ping', link: 1, to: peer.id }, 100))
    expect(handle(answered(alive.id, { type: 'pong' }), 140)).toEqual([{ type: 'alive', link: 1, rttMs: 40 }])
    handle({ type: 'ping', link: 1, to: peer.id }, 200)
    const later = [1, 2].flatMap(() => handle({ type: 'woke' }, asking.wakeAtMs))
    expect(later).toEqual([{ type: 'silent', link: 1 }])
  })

  it('doubts a linked peer that left a question unanswered', () => {
    const { asking, handle } = askingOf()
    handle({ type: 'read', operation: 1, target, want: 'open', unixS })
    expect(handle({ type: 'woke' }, asking.wakeAtMs)).toMatchObject([{ type: 'troubled', link: 1 }, { type: 'finish' }])
  })

  it('does not wait for a link that is lost', () => {
    const { table, handle } = askingOf()
    handle({ type: 'read', operation: 1, target, want: 'open', unixS })
    table.removeLink(1)
    expect(handle({ type: 'unlinked', contact: peer, sibling: true })).toMatchObject([{ type: 'finish', operation: 1 }])
  })

  it('counts answers that nobody waits for', () => {
    expect(askingOf().handle(answered('00'.repeat(8), { type: 'pong' }))).toEqual([{ type: 'unasked' }])
  })

  it('looks at its surroundings once it has siblings', () => {
    const { handle } = askingOf()
    handle({ type: 'linked', contact: peer, sibling: true })
    const look = question(handle({ type: 'woke' }, 1.5 * surroundingsDelayMs))
    expect(look.question).toEqual({ type: 'find', target: key('0b0'), want: 'peers' })
    expect(handle(answered(look.id, found()), 2_000 + 1.5 * surroundingsDelayMs)).toEqual([
      { type: 'found', contacts: [{ contact: peer, route: [] }] },
    ])
  })
})

describe('the size of the overlay', () => {
  it('is exact while everybody known is linked', () => {
    expect(askingOf([]).asking.estimatedPeers).toBe(1)
    expect(askingOf(['0b1', '0b01']).asking.estimatedPeers).toBe(3)
  })

  it('is read off lookups beyond', () => {
    const others = Array.from({ length: replicas }, (_, i) => `0b${(i + 1).toString(2).padStart(10, '0')}`)
    const { table, asking, handle } = askingOf(others)
    table.note(contact('0b1'), { route: [key(others[0]!)] }, 0)
    const asks = handle({ type: 'rewrite', record: openRecord(key('0b0')), unixS }).filter((effect) => effect.type === 'ask')
    let underWay = asks
    for (let steps = 0; underWay.length > 0 && steps < 40; steps++) {
      underWay = underWay.flatMap((ask) => {
        const answer: Answer = ask.question.type === 'find' ? found() : { type: 'receipt', receipt: 'stored' }
        return handle(answered(ask.id, answer, ask.to), 1).filter((effect) => effect.type === 'ask')
      })
    }
    expect(asking.estimatedPeers).toBe(2 ** 10 - 1)
  })
})
