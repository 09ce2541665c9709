import { describe, expect, it } from 'vitest'
import { cipherSuite } from '../fixtures/cipher-suite.js'
import { linkedTable } from '../fixtures/linked-table.js'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import { type LateParts, latePartsWith } from '../late-parts.js'
import { contentRecord, type Record, recordId } from '../records/record.js'
import { RecordRoom } from '../records/record-room.js'
import { defaultStoreQuotas } from '../records/store-quotas.js'
import { type Answer, replicas } from '../wire/message.js'
import { Asking } from './asking.js'
import type { AskingEffect, AskingEvent } from './asking-event.js'
import { pathsMax } from './routed-lookup.js'
import { surroundingsDelayMs } from './refresh.js'
import { requestsMax } from './requests.js'
import { turnsMax } from './turns.js'

const unixS = 1_000
const target = key('0b111')
const peer = contact('0b1')
const found = (...named: string[]): Answer => ({ type: 'found', contacts: named.map(contact), records: [] })

function askingOf(links: readonly string[] = ['0b1'], parts: LateParts | 'late' = latePartsWith(cipherSuite)) {
  const table = linkedTable('0b0', links)
  const ids = new FreshIds(seededRandom())
  const records = new RecordRoom(table, () => true, ids)
  const asking = new Asking(contact('0b0'), table, ids, records, parts === 'late' ? undefined : parts)
  const handle = (event: AskingEvent, nowMs = 0) => asking.handle(event, nowMs)
  /** What is done when the path that sets out leads nowhere: of a write, to look for its place. */
  const unrouted = (event: AskingEvent, nowMs = 0) => handle({ type: 'nowhere', id: seek(handle(event, nowMs)).id }, nowMs)
  /** What is done when no path leads anywhere: it is asked for with care. */
  const careful = (event: AskingEvent, nowMs = 0) => {
    const effects = unrouted(event, nowMs)
    return event.type === 'write' || event.type === 'rewrite' ? handle({ type: 'nowhere', id: seek(effects).id }, nowMs) : effects
  }
  return { table, records, asking, handle, unrouted, careful }
}

/** The one seek that just set out. */
function seek(effects: readonly AskingEffect[]): Extract<AskingEffect, { type: 'seek' }> {
  const [first, ...others] = effects.filter((effect) => effect.type === 'seek')
  if (!first || others.length > 0) throw new Error(`${others.length + (first ? 1 : 0)} seeks`)
  return first
}

/** The one question that was just asked. */
function question(effects: readonly AskingEffect[]): Extract<AskingEffect, { type: 'ask' }> {
  const [ask, ...others] = effects.filter((effect) => effect.type === 'ask')
  if (!ask || others.length > 0) throw new Error(`${others.length + (ask ? 1 : 0)} questions`)
  return ask
}

const answered = (id: string, answer: Answer, from = peer.id) => ({ type: 'answered', id, from, route: [], answer }) as const

describe('asking', () => {
  it('reads by a routed lookup, and believes what it brings', () => {
    const { handle } = askingOf()
    const record = contentRecord(new Uint8Array(3))
    const effects = handle({ type: 'read', operation: 1, target: record.key, want: 'content', unixS })
    expect(effects).toEqual([{ type: 'seek', id: seek(effects).id, target: record.key, want: 'content', avoid: [] }])
    handle({ type: 'setOut', id: seek(effects).id, via: peer.id })
    expect(handle(answered(seek(effects).id, { type: 'found', contacts: [peer], records: [record] }), 5)).toEqual([
      { type: 'finish', operation: 1, outcome: { type: 'read', records: [record], asked: 1, complete: true } },
    ])
  })

  it('reads on another path, round the first, when the first brings nothing', () => {
    const { handle } = askingOf()
    const first = seek(handle({ type: 'read', operation: 1, target, want: 'content', unixS }))
    expect(handle({ type: 'setOut', id: first.id, via: peer.id })).toEqual([])
    const second = seek(handle(answered(first.id, found('0b1')), 5))
    expect([second.target, second.avoid]).toEqual([target, [peer.id]])
  })

  it('brings what is here without asking anybody, where nothing better can come', () => {
    const { records, handle } = askingOf()
    const record = contentRecord(new Uint8Array(3))
    records.keep(record, {}, 0, unixS)
    expect(handle({ type: 'read', operation: 1, target: record.key, want: 'content', unixS })).toEqual([
      { type: 'finish', operation: 1, outcome: { type: 'read', records: [record], asked: 0, complete: true } },
    ])
  })

  it('asks for what no path led to, and makes no contacts of whom it met: contacts lead to links, and a lookup is to make none', () => {
    const { handle, careful } = askingOf()
    const ask = question(careful({ type: 'read', operation: 1, target, want: 'open', unixS }))
    expect(ask).toMatchObject({ to: peer.id, route: [], question: { type: 'find', target, want: 'open' } })
    expect(handle(answered(ask.id, found()), 5)).toEqual([
      { type: 'finish', operation: 1, outcome: { type: 'read', records: [], asked: 1, complete: true } },
    ])
  })

  it('asks for what paths brought that could not be believed, and still brings it', () => {
    const { handle } = askingOf()
    const record = openRecord(target)
    let effects = handle({ type: 'read', operation: 1, target, want: 'open', unixS })
    for (let path = 0; path < pathsMax; path++) {
      const { id } = seek(effects)
      const records = path === 0 ? [record] : []
      const contacts = [peer, contact('0b11')]
      const onceSetOut = handle({ type: 'setOut', id, via: key(`0b1${'0'.repeat(path)}1`) })
      const onceAnswered = handle(answered(id, { type: 'found', contacts, records }), 5)
      effects = [...onceSetOut, ...onceAnswered]
    }
    // Not again of whoever ended the paths.
    const ask = question(effects)
    expect([ask.to, ask.route]).toEqual([key('0b11'), [peer.id]])
    expect(handle(answered(ask.id, found(), key('0b11')), 10)).toMatchObject([
      { type: 'finish', outcome: { records: [record], complete: true } },
      { type: 'ask', to: key('0b11'), question: { type: 'store', record } },
    ])
  })

  it('begins what an app asks for as other things end, or are given up', () => {
    const { handle } = askingOf()
    const begun = Array.from({ length: turnsMax }, (_, i) => seek(handle({ type: 'read', operation: i + 1, target, want: 'open', unixS })))
    expect(new Set(begun.map(({ id }) => id)).size).toBe(turnsMax)
    const record = openRecord(target)
    const [write, read, last] = [turnsMax + 1, turnsMax + 2, turnsMax + 3] as [number, number, number]
    expect(handle({ type: 'write', operation: write, record, unixS })).toEqual([])
    expect(handle({ type: 'read', operation: read, target, want: 'open', unixS })).toEqual([])
    const { key: lastKey } = contentRecord(new Uint8Array(3))
    expect(handle({ type: 'read', operation: last, target: lastKey, want: 'content', unixS })).toEqual([])
    expect(handle({ type: 'cancel', operation: write })).toMatchObject([{ type: 'wrote', record, storedElsewhere: 0 }])
    expect(handle({ type: 'cancel', operation: read })).toEqual([])
    expect(seek(handle({ type: 'cancel', operation: 1 })).target).toEqual(lastKey)
  })

  it('writes where a lookup leads while routed writes are not loaded', () => {
    const { handle } = askingOf(['0b1'], 'late')
    const path = seek(handle({ type: 'write', operation: 1, record: openRecord(target), unixS }))
    expect([path.want, path.store]).toEqual(['peers', undefined])
    const { handle: loaded } = askingOf()
    expect(seek(loaded({ type: 'write', operation: 1, record: openRecord(target), unixS })).store).toBeDefined()
  })

  it('writes where a routed lookup leads, there and here, and tells of it before it finishes', () => {
    const { records, handle, unrouted } = askingOf()
    const record = openRecord(target)
    const path = seek(unrouted({ type: 'write', operation: 1, record, unixS }))
    expect(path.want).toBe('peers')
    const store = question(handle(answered(path.id, found('0b1')), 5))
    expect(store).toMatchObject({ to: peer.id, route: [], question: { type: 'store', record } })
    expect(records.count).toBe(1)
    expect(handle(answered(store.id, { type: 'receipt', receipt: 'stored' }), 9)).toMatchObject([
      { type: 'wrote', record, stored: 2, storedElsewhere: 1, wanted: 2, isMet: false, newer: undefined, crowded: false },
      { type: 'finish', operation: 1, outcome: { type: 'written', stored: 2, wanted: 2 } },
    ])
  })

  it('writes where asking leads when no path does', () => {
    const { records, handle, careful } = askingOf()
    const record = openRecord(target)
    const ask = question(careful({ type: 'write', operation: 1, record, unixS }))
    const store = question(handle(answered(ask.id, found()), 5))
    expect(store.question).toEqual({ type: 'store', record })
    expect(records.count).toBe(1)
    expect(handle(answered(store.id, { type: 'receipt', receipt: 'stored' }), 9)).toMatchObject([
      { type: 'wrote', record, storedElsewhere: 1, wanted: 2 },
      { type: 'finish', operation: 1, outcome: { type: 'written', stored: 2, wanted: 2 } },
    ])
  })

  it('looks for the place with care, once, when fewer than half of those at the first one confirm', () => {
    const { handle, unrouted } = askingOf()
    const path = seek(unrouted({ type: 'write', operation: 1, record: openRecord(target), unixS }))
    const store = question(handle(answered(path.id, found('0b1')), 5))
    const ask = question(handle(answered(store.id, { type: 'receipt', receipt: 'full' }), 6))
    expect(ask.question).toEqual({ type: 'find', target, want: 'peers' })
    const again = question(handle(answered(ask.id, found()), 7))
    expect(handle(answered(again.id, { type: 'receipt', receipt: 'full' }), 8)).toMatchObject([
      { type: 'wrote', storedElsewhere: 0 },
      { type: 'finish', operation: 1, outcome: { storedElsewhere: 0, wanted: 2 } },
    ])
  })

  it('tells what a replica has instead, of a write and of a rewrite', () => {
    const [record, newer] = [ownedRecord('a', { seq: 2 }), ownedRecord('a', { seq: 3 })]
    for (const event of [
      { type: 'write', operation: 1, record, unixS },
      { type: 'rewrite', record, all: false, unixS },
    ] as const) {
      const { handle, unrouted } = askingOf()
      const path = seek(unrouted(event))
      const store = question(handle(answered(path.id, found('0b1')), 5))
      const effects = handle(answered(store.id, { type: 'receipt', receipt: 'stale', newer }), 9)
      expect(effects.filter(({ type }) => type === 'wrote')).toMatchObject([{ record, storedElsewhere: 0, newer }])
      expect(effects).not.toContainEqual(expect.objectContaining({ type: 'found' }))
    }
  })

  it.each<[string, Answer, boolean]>([
    ['met where a replica confirms', { type: 'receipt', receipt: 'stored' }, true],
    ['not met where none does', { type: 'receipt', receipt: 'full' }, false],
  ])('a condition is %s', (_, answer, isMet) => {
    const { handle, careful } = askingOf()
    const ask = question(careful({ type: 'write', operation: 1, record: ownedRecord('a', { seq: 2 }), ifSeq: 1n, unixS }))
    const store = question(handle(answered(ask.id, found()), 5))
    expect(store.question).toMatchObject({ type: 'store', ifSeq: 1n })
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
    expect(seek(outcomeOf(ownedRecord('0', { seq: 2 }))).want).toBe('peers')
  })

  it('lets what nobody waits for give way to what the app asks', () => {
    const { handle, careful } = askingOf()
    const push = (i: number) => handle({ type: 'push', id: `${i}`, record: openRecord(target), to: peer, route: [], unixS })
    careful({ type: 'read', operation: 1, target, want: 'open', unixS })
    for (let i = 1; i < requestsMax; i++) push(i)
    expect(push(0)).toEqual([{ type: 'notPushed', id: '0', to: peer.id }])
    expect(careful({ type: 'rewrite', record: openRecord(target), all: false, unixS })).toMatchObject([
      { type: 'wrote', storedElsewhere: 0, wanted: 0 },
    ])
    expect(careful({ type: 'read', operation: 2, target, want: 'open', unixS })).toMatchObject([
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
      {
        type: 'records',
        effects: [
          { type: 'persist', name: recordId(old) },
          { type: 'kept', record: newer },
        ],
      },
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
    const path = seek(handle({ type: 'locate', operation: 7, target, unixS }))
    expect(handle(answered(path.id, found('0b111')), 5)).toMatchObject([
      { type: 'located', operation: 7, contact: contact('0b111'), route: [peer.id] },
    ])
  })

  it('locates by asking whom a routed lookup does not name', () => {
    const { handle } = askingOf()
    const path = seek(handle({ type: 'locate', operation: 7, target, unixS }))
    const ask = question(handle(answered(path.id, found('0b1', '0b11')), 5))
    expect(ask.question).toEqual({ type: 'find', target, want: 'peers' })
    expect(handle(answered(ask.id, found('0b111'), key('0b11')), 6)).toMatchObject([
      { type: 'located', operation: 7, contact: contact('0b111'), route: [peer.id, key('0b11')] },
    ])
  })

  it('tells nothing of what was cancelled, and counts a cancelled write as unwritten', () => {
    for (const begun of ['handle', 'careful'] as const) {
      const asking = askingOf()
      const { handle } = asking
      const record = openRecord(target)
      const idOf = (effects: readonly AskingEffect[]) => (begun === 'handle' ? seek(effects) : question(effects)).id
      const write = idOf(asking[begun]({ type: 'write', operation: 1, record, unixS }))
      expect(handle({ type: 'cancel', operation: 1 })).toEqual([
        { type: 'wrote', record, stored: 0, storedElsewhere: 0, wanted: 0, isMet: false, newer: undefined, crowded: false },
      ])
      expect(handle(answered(write, found()), 5).filter(({ type }) => type !== 'unasked')).toEqual([])
      const locate = idOf(asking[begun]({ type: 'locate', operation: 2, target, unixS }))
      expect(handle({ type: 'cancel', operation: 2 })).toEqual([])
      expect(handle(answered(locate, found('0b111')), 5).filter(({ type }) => type === 'located')).toEqual([])
    }
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
    const { asking, handle, careful } = askingOf()
    careful({ type: 'read', operation: 1, target, want: 'open', unixS })
    expect(handle({ type: 'woke' }, asking.wakeAtMs)).toMatchObject([{ type: 'troubled', link: 1 }, { type: 'finish' }])
  })

  it('does not wait for a link that is lost', () => {
    const { table, handle, careful } = askingOf()
    careful({ type: 'read', operation: 1, target, want: 'open', unixS })
    table.removeLink(1)
    expect(handle({ type: 'unlinked', contact: peer, sibling: true })).toMatchObject([{ type: 'finish', operation: 1 }])
  })

  it('counts answers that nobody waits for', () => {
    expect(askingOf().handle(answered('00'.repeat(8), { type: 'pong' }))).toEqual([{ type: 'unasked' }])
  })

  it('does not count a late answer of a search that has ended, whichever path it comes over', () => {
    const { asking, handle } = askingOf(['0b1', '0b01'])
    const record = contentRecord(new Uint8Array(3))
    const first = seek(handle({ type: 'read', operation: 1, target: record.key, want: 'content', unixS }))
    handle({ type: 'setOut', id: first.id, via: peer.id })
    const slowMs = asking.wakeAtMs
    const second = seek(handle({ type: 'woke' }, slowMs))
    handle({ type: 'setOut', id: second.id, via: key('0b01') }, slowMs)
    const answer: Answer = { type: 'found', contacts: [peer], records: [record] }
    expect(handle(answered(second.id, answer, key('0b01')), slowMs + 5)).toMatchObject([{ type: 'finish', outcome: { records: [record] } }])
    for (const { id } of [first, second]) expect(handle(answered(id, answer), slowMs + 10)).toEqual([])
    expect(handle(answered('00'.repeat(8), answer), slowMs + 10)).toEqual([{ type: 'unasked' }])
  })

  it('looks at its surroundings once it has siblings', () => {
    const { handle } = askingOf()
    handle({ type: 'linked', contact: peer, sibling: true })
    const nowMs = 1.5 * surroundingsDelayMs
    const look = seek(handle({ type: 'woke' }, nowMs))
    expect([look.target, look.want]).toEqual([key('0b0'), 'peers'])
    handle({ type: 'setOut', id: look.id, via: peer.id }, nowMs)
    const effects = handle(answered(look.id, found('0b1')), nowMs + 50)
    expect(effects).toEqual([{ type: 'found', contacts: [{ contact: peer, route: [] }] }])
  })

  it('looks at its surroundings with care where no path leads anywhere', () => {
    const { handle } = askingOf()
    handle({ type: 'linked', contact: peer, sibling: true })
    const path = seek(handle({ type: 'woke' }, 1.5 * surroundingsDelayMs))
    const look = question(handle({ type: 'nowhere', id: path.id }, 1.5 * surroundingsDelayMs))
    expect(look.question).toEqual({ type: 'find', target: key('0b0'), want: 'peers' })
    expect(handle(answered(look.id, found()), 2_000 + 1.5 * surroundingsDelayMs)).toEqual([
      { type: 'found', contacts: [{ contact: peer, route: [] }] },
    ])
  })
})

describe('the size of the overlay', () => {
  it('is exact while everybody known is linked', () => {
    expect(askingOf([]).asking.host.estimatedPeers).toBe(1)
    expect(askingOf(['0b1', '0b01']).asking.host.estimatedPeers).toBe(3)
  })

  it('is read off lookups beyond', () => {
    const others = Array.from({ length: replicas }, (_, i) => `0b${(i + 1).toString(2).padStart(10, '0')}`)
    const { table, asking, handle, careful } = askingOf(others)
    table.note(contact('0b1'), { route: [key(others[0]!)] })
    const asks = careful({ type: 'rewrite', record: openRecord(key('0b0')), all: false, unixS }).filter((effect) => effect.type === 'ask')
    let underWay = asks
    for (let steps = 0; underWay.length > 0 && steps < 40; steps++) {
      underWay = underWay.flatMap((ask) => {
        const answer: Answer = ask.question.type === 'find' ? found() : { type: 'receipt', receipt: 'stored' }
        return handle(answered(ask.id, answer, ask.to), 1).filter((effect) => effect.type === 'ask')
      })
    }
    // Eight within 8/1024 of the key space: seven and something unknown.
    expect(asking.host.estimatedPeers).toBe((7 / 8) * 2 ** 10)
  })
})
