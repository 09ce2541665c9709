import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contacts, linkedTable } from '../fixtures/linked-table.js'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import type { Key } from '../keys/key.js'
import { compareRecords, contentRecord, type Record } from '../records/record.js'
import { type MessageId, replicas } from '../wire/message.js'
import { operationsMax, type Purpose } from './operations.js'
import { denialsNeeded, pathsMax } from './routed-lookup.js'
import { isCrowded } from './crowding.js'
import { repairsOf } from './read-repair.js'
import { Seeking, type SeekingEffect } from './seeking.js'
import { isPlausible, sparserMax } from './plausibility.js'

const target = key('0b1111')
const look: Purpose = { type: 'locate' }
const read = (want: 'open' | 'owned' | 'content'): Purpose => ({ type: 'read', want })

/** A peer 0b0 among so many, by its estimate. */
function seekingOf({
  links = ['0b1'],
  peers = 2,
  holds = true,
  isBehind = () => false,
}: {
  readonly links?: readonly string[]
  readonly peers?: number
  readonly holds?: boolean
  readonly isBehind?: (record: Record) => boolean
} = {}) {
  const table = linkedTable('0b0', links)
  const seeking = new Seeking(table, new FreshIds(seededRandom()), {
    holds: () => holds,
    isBehind,
    repairs: repairsOf,
    isCrowded: (target, contacts) => isCrowded(table, peers, target, contacts),
    isPlausible: (target, contacts) => isPlausible(table, peers, target, contacts),
  })
  const handle = seeking.handle.bind(seeking)
  const start = (purpose: Purpose, over: { operation?: number; target?: Key; here?: readonly Record[] } = {}, nowMs = 0) =>
    handle({ type: 'start', operation: 1, target, purpose, here: [], avoid: [], ...over }, nowMs)
  const answer = (id: MessageId, named: readonly string[], records: readonly Record[] = [], nowMs = 0, route: readonly Key[] = []) =>
    handle({ type: 'answered', id, from: key(named[0] ?? '0b1'), route, contacts: contacts(...named), records }, nowMs)
  return { table, seeking, handle, start, answer }
}

const seeks = (effects: readonly SeekingEffect[]) => effects.flatMap((effect) => (effect.type === 'seek' ? [effect.id] : []))
/** The one path that begins. */
function path(effects: readonly SeekingEffect[]): MessageId {
  const [id, ...others] = seeks(effects)
  if (id === undefined || others.length > 0) throw new Error(`${seeks(effects).length} paths`)
  return id
}
const sought = (effects: readonly SeekingEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'sought' ? [{ believed: effect.believed, ...effect.sought }] : []))
const believed = (effects: readonly SeekingEffect[]) => sought(effects).map((one) => one.believed)

describe('seeking', () => {
  it('a record ends with what the first path brings, and the ways to whom it named', () => {
    const { seeking, handle, start, answer } = seekingOf()
    const record = contentRecord(new Uint8Array(3))
    const id = path(start(read('content'), { target: record.key }))
    handle({ type: 'setOut', id, via: key('0b1') }, 0)
    expect(answer(id, ['0b1', '0b11'], [record], 9, [key('0b01')])).toEqual([
      {
        type: 'sought',
        believed: true,
        sought: {
          operation: 1,
          target: record.key,
          purpose: read('content'),
          records: [record],
          closest: expect.arrayContaining([
            { contact: contact('0b1'), route: [key('0b01')] },
            { contact: contact('0b11'), route: [key('0b01'), key('0b1')] },
          ]),
          answered: [key('0b1')],
          asked: 1,
        },
      },
    ])
    expect(seeking.wakeAtMs).toBeUndefined()
  })

  it('for peers asks for peers alone', () => {
    const write: Purpose = { type: 'write', record: openRecord(target), ifSeq: undefined }
    for (const purpose of [look, write])
      expect(seekingOf().start(purpose)).toMatchObject([{ type: 'seek', target, want: 'peers', avoid: [] }])
  })

  it('content that is here asks nobody', () => {
    const content = contentRecord(new Uint8Array(3))
    const { seeking, start } = seekingOf()
    expect(sought(start(read('content'), { target: content.key, here: [content] }))).toMatchObject([
      { believed: true, records: [content], asked: 0 },
    ])
    expect(seeking.wakeAtMs).toBeUndefined()
  })

  it('what has newer versions asks others though one is here, and brings the newest', () => {
    const { handle, start, answer } = seekingOf()
    const [old, newer] = [1, 2].map((seq) => ownedRecord('a', { seq })) as [Record, Record]
    const first = path(start(read('owned'), { target: old.key, here: [old] }))
    const second = path(handle({ type: 'setOut', id: first, via: key('0b1') }, 0))
    expect(sought(answer(first, ['0b1'], [newer]))).toEqual([])
    expect(sought(answer(second, ['0b11'], [newer]))).toMatchObject([{ believed: true, records: [newer] }])
  })

  it('what is behind a version that was met elsewhere meanwhile is not brought, and not believed to be all', () => {
    const [old, newer] = [1, 2].map((seq) => ownedRecord('a', { seq })) as [Record, Record]
    let seen = old
    const { handle, start, answer } = seekingOf({ isBehind: (record) => compareRecords(record, seen) < 0 })
    const first = path(start(read('owned'), { target: old.key }))
    const second = path(handle({ type: 'setOut', id: first, via: key('0b1') }, 0))
    expect(sought(answer(first, ['0b1'], [old]))).toEqual([])
    seen = newer
    expect(sought(answer(second, ['0b11'], [old]))).toMatchObject([{ believed: false, records: [] }])
  })

  it('is not ended by a version older than the one that is here', () => {
    const { start, answer } = seekingOf()
    const [old, newer] = [1, 2].map((seq) => ownedRecord('a', { seq })) as [Record, Record]
    const id = path(start(read('owned'), { target: old.key, here: [newer] }))
    expect(believed(answer(id, ['0b1'], [old]))).toEqual([])
  })

  it('mends a replica that has not got, or has an old version of, what another brought', () => {
    const { handle, start, answer } = seekingOf()
    const [old, newer, other] = [openRecord(target, { seq: 1 }), openRecord(target, { seq: 2 }), openRecord(target, { publisher: 7 })]
    const third = openRecord(target, { publisher: 8 })
    const first = path(start(read('open')))
    const second = path(handle({ type: 'setOut', id: first, via: key('0b1') }, 0))
    answer(first, ['0b1'], [newer, other, third])
    expect(answer(second, ['0b11'], [old, third], 0, [key('0b01')])).toMatchObject([
      { type: 'sought', believed: true },
      { type: 'repair', record: newer, to: key('0b11'), route: [key('0b01')] },
      { type: 'repair', record: other, to: key('0b11'), route: [key('0b01')] },
    ])
  })

  it('judges one answer of each path, however often it comes', () => {
    let judged = 0
    const table = linkedTable('0b0', ['0b1'])
    const holds = () => {
      judged += 1
      return true
    }
    const seeking = new Seeking(table, new FreshIds(seededRandom()), {
      holds,
      isBehind: () => false,
      repairs: repairsOf,
      isCrowded: () => false,
      isPlausible: () => true,
    })
    const id = path(seeking.handle({ type: 'start', operation: 1, target, purpose: read('open'), here: [], avoid: [] }, 0))
    const again = (publisher: number) =>
      seeking.handle(
        { type: 'answered', id, from: key('0b1'), route: [], contacts: contacts('0b1'), records: [openRecord(target, { publisher })] },
        1,
      )
    for (let publisher = 1; publisher <= 20; publisher++) again(publisher)
    expect(judged).toBe(1)
  })

  it('2: lets no record out that does not hold, and counts whoever brings one as having none', () => {
    const { handle, start, answer } = seekingOf({ holds: false })
    const record = contentRecord(new Uint8Array(3))
    const effects = start(read('content'), { target: record.key })
    for (const effect of effects) {
      if (effect.type !== 'seek') continue
      const from = `0b000${effects.length.toString(2).padStart(6, '0')}`
      effects.push(...handle({ type: 'setOut', id: effect.id, via: key('0b1') }, 0), ...answer(effect.id, [from, '0b1'], [record]))
    }
    expect(sought(effects)).toMatchObject([{ believed: false, records: [], asked: denialsNeeded }])
  })

  it('says of an answer whose path it is, and that it belongs here though its search has ended', () => {
    const { seeking, start, answer } = seekingOf()
    const [one, other] = [path(start(look, { operation: 1 })), path(start(look, { operation: 2 }))]
    expect([seeking.awaits(one), seeking.awaits(other), seeking.awaits('00'.repeat(8))]).toEqual([true, true, false])
    expect(sought(answer(other, ['0b1']))).toMatchObject([{ operation: 2 }])
    expect([seeking.awaits(one), seeking.awaits(other)]).toEqual([true, true])
    for (const id of [other, '00'.repeat(8)]) expect(answer(id, ['0b1'])).toEqual([])
    expect(sought(answer(one, ['0b1']))).toMatchObject([{ operation: 1 }])
  })

  it('remembers paths of searches that ended, as many as may be under way, the newest', () => {
    const { seeking, start, answer } = seekingOf()
    const ids = Array.from({ length: pathsMax * operationsMax + 1 }, () => {
      const id = path(start(look))
      expect(believed(answer(id, ['0b1']))).toEqual([true])
      return id
    })
    expect([seeking.awaits(ids[0]!), seeking.awaits(ids[1]!), seeking.awaits(ids.at(-1)!)]).toEqual([false, true, true])
  })

  it('that is cancelled says nothing more', () => {
    const { seeking, handle, start, answer } = seekingOf()
    const id = path(start(look))
    expect(handle({ type: 'cancelled', operation: 1 }, 0)).toEqual([])
    expect(handle({ type: 'cancelled', operation: 7 }, 0)).toEqual([])
    expect([answer(id, ['0b1']), seeking.awaits(id), seeking.wakeAtMs]).toEqual([[], true, undefined])
    for (const event of [{ type: 'setOut', id, via: key('0b1') } as const, { type: 'nowhere', id } as const])
      expect(handle(event, 0)).toEqual([])
  })

  it('beyond its bound asks nobody, and says that this is not to be believed', () => {
    const { start } = seekingOf()
    for (let operation = 1; operation <= operationsMax; operation++) expect(seeks(start(look, { operation })).length).toBe(1)
    expect(sought(start(look, { operation: 999 }))).toMatchObject([{ operation: 999, believed: false, asked: 0, closest: [] }])
  })

  it('goes on with others where a path leads nowhere, and ends unbelieved when none leads anywhere', () => {
    const { handle, start } = seekingOf({ links: [] })
    const id = path(start(look))
    expect(sought(handle({ type: 'nowhere', id }, 0))).toMatchObject([{ believed: false, records: [], closest: [] }])
  })
})

describe('an answer looks right', () => {
  /** Whether the end of a path that named these is believed to be where the target belongs. */
  function isRight(named: readonly string[], options: Parameters<typeof seekingOf>[0] = {}): boolean {
    const { start, answer } = seekingOf(options)
    return believed(answer(path(start(look)), named))[0] ?? false
  }

  it('when it names somebody, and nobody linked here is closer', () => {
    expect(isRight([])).toBe(false)
    expect(isRight(['0b1110'], { links: ['0b1'] })).toBe(true)
    expect(isRight(['0b1'], { links: ['0b1'] })).toBe(true)
    expect(isRight(['0b1'], { links: ['0b1110'] })).toBe(false)
    expect(isRight(['0b1', '0b1110'], { links: ['0b1110'] })).toBe(true)
  })

  /** As many as keep a record, the last of them so far away, as a share of the key space. */
  const spreadTo = (share: number) => Array.from({ length: replicas }, (_, i) => atDistance((share * (i + 1)) / replicas))
  const atDistance = (share: number) => {
    const distance = Math.floor(share * 2 ** 32)
    return `0b${((0xf0000000 ^ distance) >>> 0).toString(2).padStart(32, '0')}`
  }

  it.each<[string, number, number, boolean]>([
    ['as dense as the overlay', 1_000, 1, true],
    ['almost too sparse', 1_000, sparserMax * 0.99, true],
    ['too sparse', 1_000, sparserMax * 1.01, false],
    ['far too sparse', 1_000, 50, false],
    ['sparse among few, which says nothing', 4 * replicas - 1, sparserMax * 1.2, true],
    ['sparse among enough', 4 * replicas, sparserMax * 1.2, false],
  ])('when those it names lie as close together as the size lets expect: %s', (_, peers, times, expected) => {
    expect(isRight(spreadTo((times * replicas) / peers), { links: ['0b0111'], peers })).toBe(expected)
  })

  it('when it names one fewer, as when one of them asks: as dense all the same', () => {
    const one = { links: ['0b0111'], peers: 1_000 }
    expect([isRight(spreadTo(replicas / 1_000).slice(1), one), isRight(spreadTo(0.9).slice(1), one)]).toEqual([true, false])
  })

  it('when it names as many as this peer knows to be there: three of ten are not all', () => {
    const links = Array.from({ length: 10 }, (_, i) => `0b0${(i + 1).toString(2).padStart(4, '0')}`)
    expect(isRight(spreadTo(0.01).slice(0, 3), { links, peers: 11 })).toBe(false)
    expect(isRight(spreadTo(0.01).slice(0, 3), { links: links.slice(0, 4), peers: 5 })).toBe(true)
  })

  it('and what is said to be nowhere is never believed of paths alone', () => {
    const { handle, start, answer } = seekingOf({ links: ['0b111'] })
    const effects = start(read('owned'))
    for (const effect of effects) {
      if (effect.type !== 'seek') continue
      effects.push(...handle({ type: 'setOut', id: effect.id, via: key(`0b01${effect.id.charCodeAt(0).toString(2)}`) }, 0))
      effects.push(...answer(effect.id, [`0b000${effects.length.toString(2).padStart(6, '0')}`, '0b1111']))
    }
    expect(believed(effects)).toEqual([false])
  })
})

describe('patience', () => {
  it('is of the round trips that answers took', () => {
    const { seeking, start, answer } = seekingOf()
    const id = path(start(look, {}, 0))
    const firstMs = seeking.wakeAtMs!
    answer(id, ['0b1'], [], 60)
    const quick = path(start(look, { operation: 2 }, 1_000))
    expect(seeking.wakeAtMs! - 1_000).toBeLessThan(firstMs / 4)
    answer(quick, ['0b1'], [], 1_060)
    for (let operation = 3; operation < 40; operation++) {
      const nowMs = operation * 10_000
      answer(path(start(look, { operation }, nowMs)), ['0b1'], [], nowMs + 3_000)
    }
    start(look, { operation: 99 }, 1_000_000)
    expect(seeking.wakeAtMs! - 1_000_000).toBeGreaterThan(firstMs)
  })

  it('ends, with whatever there is, when nobody answers', () => {
    const { seeking, handle, start } = seekingOf()
    start(look)
    const ends: boolean[] = []
    let paths = 1
    for (let wakes = 0; seeking.wakeAtMs !== undefined && wakes < 50; wakes++) {
      const effects = handle({ type: 'woke' }, seeking.wakeAtMs)
      paths += seeks(effects).length
      ends.push(...believed(effects))
    }
    expect([ends, paths, seeking.wakeAtMs]).toEqual([[false], pathsMax, undefined])
  })
})

it('1: every search is answered once, whatever comes back, in whatever order', () => {
  const anyPurpose = fc.constantFrom(look, read('open'), read('owned'))
  const anyStep = fc.tuple(
    fc.nat(),
    fc.constantFrom('setOut', 'nowhere', 'answered', 'record', 'woke', 'cancelled'),
    fc.constantFrom('0b1', '0b11', '0b1111'),
  )
  fc.assert(
    fc.property(fc.array(anyPurpose, { minLength: 1, maxLength: 4 }), fc.array(anyStep, { maxLength: 60 }), (purposes, steps) => {
      const { seeking, handle, start, answer } = seekingOf()
      const ids: MessageId[] = []
      const ends = new Map<number, number>()
      let nowMs = 0
      const take = (effects: readonly SeekingEffect[]) => {
        ids.push(...seeks(effects))
        for (const { operation } of sought(effects)) ends.set(operation, (ends.get(operation) ?? 0) + 1)
      }
      const cancelled = new Set<number>()
      purposes.forEach((purpose, operation) => take(start(purpose, { operation }, nowMs)))
      for (const [which, type, bits] of steps) {
        const id = ids[which % ids.length]!
        if (type === 'setOut') take(handle({ type, id, via: key(bits) }, nowMs))
        else if (type === 'nowhere') take(handle({ type, id }, nowMs))
        else if (type === 'woke') take(handle({ type }, (nowMs += which % 3_000)))
        else if (type === 'cancelled') {
          const operation = which % purposes.length
          if (!ends.has(operation)) cancelled.add(operation)
          take(handle({ type, operation }, nowMs))
        } else take(answer(id, [bits], type === 'record' ? [openRecord(target)] : [], nowMs))
      }
      for (let wakes = 0; seeking.wakeAtMs !== undefined && wakes < 100; wakes++)
        take(handle({ type: 'woke' }, (nowMs = Math.max(nowMs, seeking.wakeAtMs))))
      expect(seeking.wakeAtMs).toBeUndefined()
      purposes.forEach((_, operation) => expect(ends.get(operation) ?? 0).toBe(cancelled.has(operation) ? 0 : 1))
      // Answers that come later still belong to their searches, and do nothing.
      for (const id of ids) expect([seeking.awaits(id), answer(id, ['0b1'], [], nowMs)]).toEqual([true, []])
    }),
    { numRuns: 500 },
  )
})
