import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contacts } from '../fixtures/linked-table.js'
import { key } from '../fixtures/visible-key.js'
import { avoidMax, type MessageId, type Want } from '../wire/message.js'
import type { PathAnswer } from './path-answer.js'
import { denialsNeeded, pathsMax, RoutedLookup, type RoutedLookupEffect, type RoutedLookupEvent } from './routed-lookup.js'

const target = key('0b1111')
const slowMs = 500
const timeoutMs = 2_000

/** Its paths are named `1`, `2` and so on. */
function lookupOf(want: Want) {
  let paths = 0
  const lookup = new RoutedLookup({ target, want, avoid: [], newId: () => `${(paths += 1)}`, slowMs, timeoutMs })
  return { lookup, handle: (event: RoutedLookupEvent, nowMs = 0) => lookup.handle(event, nowMs) }
}

const setOut = (id: MessageId, via: string) => ({ type: 'setOut', id, via: key(via) }) as const
const nowhere = (id: MessageId) => ({ type: 'nowhere', id }) as const
const lost = (id: MessageId) => ({ type: 'lost', id }) as const
const answerOf = (from: string, over: Partial<PathAnswer> = {}): PathAnswer => ({
  from: key(from),
  route: [],
  contacts: contacts(from),
  hasRecord: false,
  isPlausible: true,
  ...over,
})
const answered = (id: MessageId, from = `0b1${id}`.replace(/[2-9]/g, '0'), over: Partial<PathAnswer> = {}) =>
  ({ type: 'answered', id, answer: answerOf(from, over) }) as const
const has = { hasRecord: true }
const looksWrong = { isPlausible: false }
const seek = (id: MessageId, want: Want, ...avoid: readonly string[]) => ({ type: 'seek', id, target, want, avoid: avoid.map(key) })
const ends = (effects: readonly RoutedLookupEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'finish' ? [[effect.believed, effect.asked]] : []))
const begun = (effects: readonly RoutedLookupEffect[]) => effects.flatMap((effect) => (effect.type === 'seek' ? [effect.id] : []))

describe('a routed lookup', () => {
  it('begins with one path', () => {
    const { lookup, handle } = lookupOf('content')
    expect(lookup.wakeAtMs).toBeUndefined()
    expect(handle({ type: 'started' })).toEqual([seek('1', 'content')])
    expect(lookup.wakeAtMs).toBe(slowMs)
  })

  it('for content ends with the first answer that brings it', () => {
    const { lookup, handle } = lookupOf('content')
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    const { answer } = answered('1', '0b1111', has)
    expect(handle(answered('1', '0b1111', has))).toEqual([{ type: 'finish', believed: true, answers: [answer], asked: 1 }])
    expect(lookup.wakeAtMs).toBeUndefined()
  })

  it('takes a record for what it is though its place looks wrong: it proves itself', () => {
    const { handle } = lookupOf('content')
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    expect(ends(handle(answered('1', '0b0', { ...has, ...looksWrong })))).toEqual([[true, 1]])
  })

  it('for peers ends with the first answer that is plausible', () => {
    const { handle } = lookupOf('peers')
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    expect(handle(answered('1', '0b0', looksWrong))).toEqual([seek('2', 'peers', '0b1', '0b0')])
    handle(setOut('2', '0b11'))
    expect(ends(handle(answered('2', '0b1111')))).toEqual([[true, 2]])
  })

  it('does not mind answers and news of paths that are not its own', () => {
    const { handle } = lookupOf('peers')
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    for (const event of [setOut('9', '0b1'), nowhere('9'), answered('9')]) expect(handle(event)).toEqual([])
    expect(ends(handle(answered('1')))).toEqual([[true, 1]])
  })
})

describe('a slow path', () => {
  it('gets another beside it, round the peer it set out to, and whichever answers first ends the lookup', () => {
    for (const first of ['1', '2']) {
      const { lookup, handle } = lookupOf('content')
      handle({ type: 'started' })
      handle(setOut('1', '0b1'))
      expect(handle({ type: 'woke' }, slowMs - 1)).toEqual([])
      expect(handle({ type: 'woke' }, slowMs)).toEqual([seek('2', 'content', '0b1')])
      handle(setOut('2', '0b01'), slowMs)
      expect(lookup.wakeAtMs).toBe(2 * slowMs)
      expect(ends(handle(answered(first, '0b1111', has), slowMs + 1))).toEqual([[true, 2]])
    }
  })

  it('is hedged with one more at a time, up to the bound', () => {
    const { handle } = lookupOf('content')
    handle({ type: 'started' })
    const later = [1, 2, 3, 4, 5].flatMap((times) => begun(handle({ type: 'woke' }, times * 300 + slowMs * times)))
    expect(later).toEqual(['2', '3', '4'])
  })

  it('that is given up counts as silent, and another takes its place', () => {
    const { handle } = lookupOf('peers')
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    expect(handle({ type: 'woke' }, timeoutMs)).toEqual([seek('2', 'peers', '0b1')])
  })

  it('may still answer after it was given up', () => {
    const { handle } = lookupOf('content')
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    expect(begun(handle({ type: 'woke' }, timeoutMs))).toEqual(['2'])
    handle(setOut('2', '0b01'), timeoutMs)
    expect(ends(handle(answered('1', '0b1111', has), timeoutMs + 1))).toEqual([[true, 2]])
  })

  it('ends, with all the others, after a long sleep: nothing is begun twice', () => {
    const { lookup, handle } = lookupOf('content')
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    for (let times = 1; times < pathsMax; times++) {
      expect(begun(handle({ type: 'woke' }, times * slowMs))).toEqual([`${times + 1}`])
      handle(setOut(`${times + 1}`, `0b0${'1'.repeat(times)}`), times * slowMs)
    }
    expect(ends(handle({ type: 'woke' }, 3_600_000))).toEqual([[false, pathsMax]])
    expect(lookup.wakeAtMs).toBeUndefined()
  })

  it('that was slept through is replaced by two, the second round the first', () => {
    const { handle } = lookupOf('content')
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    expect(handle({ type: 'woke' }, 3_600_000)).toEqual([seek('2', 'content', '0b1')])
    expect(handle(setOut('2', '0b01'), 3_600_000)).toEqual([seek('3', 'content', '0b1', '0b01')])
    expect(handle(setOut('3', '0b001'), 3_600_000)).toEqual([])
  })
})

describe('what is not there', () => {
  it('is asked for with care when so many have said so, over paths that look right: who spoke is only what they say', () => {
    const { handle } = lookupOf('content')
    handle({ type: 'started' })
    handle(setOut('1', '0b10'))
    expect(handle(answered('1', '0b1110'))).toEqual([seek('2', 'content', '0b10', '0b1110')])
    expect(handle(setOut('2', '0b11'))).toEqual([seek('3', 'content', '0b10', '0b11', '0b1110')])
    expect(handle(setOut('3', '0b01'))).toEqual([])
    expect(handle(answered('2', '0b1101'))).toEqual([])
    expect(ends(handle(answered('3', '0b1011')))).toEqual([[false, denialsNeeded]])
  })

  it('is not believed because one peer says so at the end of two paths', () => {
    const { handle } = lookupOf('content')
    handle({ type: 'started' })
    const first = [setOut('1', '0b10'), answered('1', '0b1110'), setOut('2', '0b11'), setOut('3', '0b01'), answered('2', '0b1101')]
    for (const event of first) handle(event)
    expect(begun(handle(answered('3', '0b1101')))).toEqual(['4'])
    handle(setOut('4', '0b00'))
    expect(ends(handle(answered('4', '0b1101')))).toEqual([[false, 4]])
  })

  it('takes one more path for one that looks wrong', () => {
    const { handle } = lookupOf('content')
    handle({ type: 'started' })
    for (const id of ['1', '2', '3']) {
      handle(setOut(id, `0b0${'1'.repeat(Number(id))}`))
      handle(answered(id, `0b10${'1'.repeat(Number(id))}`, id === '2' ? looksWrong : {}))
    }
    handle(setOut('4', '0b00'))
    expect(ends(handle(answered('4', '0b1100')))).toEqual([[false, pathsMax]])
  })

  it('is not believed when two paths look wrong', () => {
    const { handle } = lookupOf('content')
    handle({ type: 'started' })
    const all = ['1', '2', '3', '4'].flatMap((id) => [
      ...handle(setOut(id, `0b0${'1'.repeat(Number(id))}`)),
      ...handle(answered(id, `0b10${'1'.repeat(Number(id))}`, Number(id) > 2 ? looksWrong : {})),
    ])
    expect(ends(all)).toEqual([[false, pathsMax]])
  })

  it('is there if one of them has it, however many deny it', () => {
    const { handle } = lookupOf('content')
    handle({ type: 'started' })
    for (const id of ['1', '2']) {
      handle(setOut(id, `0b0${id === '1' ? '' : '1'}`))
      handle(answered(id, `0b10${id === '1' ? '' : '1'}`))
    }
    handle(setOut('3', '0b001'))
    expect(ends(handle(answered('3', '0b1111', has)))).toEqual([[true, 3]])
  })
})

describe.each(['open', 'owned'] as const)('a key whose records change: %s', (want) => {
  it('is asked for on two paths at once, the second round the first', () => {
    const { handle } = lookupOf(want)
    expect(handle({ type: 'started' })).toEqual([seek('1', want)])
    expect(handle(setOut('1', '0b1'))).toEqual([seek('2', want, '0b1')])
    expect(handle(setOut('2', '0b01'))).toEqual([])
  })

  it('needs two that have records: each may have missed one, or be behind', () => {
    const { handle } = lookupOf(want)
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    handle(setOut('2', '0b01'))
    expect(ends(handle(answered('1', '0b1111', has)))).toEqual([])
    expect(ends(handle(answered('2', '0b1110', has)))).toEqual([[true, 2]])
  })

  it('needs them of the closest that anybody named: who has been a replica may have missed what has come since', () => {
    const { handle } = lookupOf(want)
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    handle(setOut('2', '0b01'))
    const closer = contacts(...['111', '110', '101', '100', '011', '010', '001', '000'].map((bits) => `0b11110${bits}`))
    handle(answered('1', '0b0', { ...has, contacts: closer }))
    expect(begun(handle(answered('2', '0b11110111', { ...has, contacts: closer })))).toEqual(['3'])
    handle(setOut('3', '0b001'))
    expect(ends(handle(answered('3', '0b11110110', { ...has, contacts: closer })))).toEqual([[true, 3]])
  })

  it('is content with one where no more paths are', () => {
    const { handle } = lookupOf(want)
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    expect(ends(handle(nowhere('2')))).toEqual([])
    const [end] = handle(answered('1', '0b1111', has))
    expect(end).toMatchObject({ type: 'finish', believed: true })
  })

  it('waits for a path under way though no more can begin', () => {
    const { handle } = lookupOf(want)
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    handle(setOut('2', '0b01'))
    handle({ type: 'woke' }, slowMs)
    handle(nowhere('3'), slowMs)
    expect(ends(handle(answered('1', '0b1111', has), slowMs))).toEqual([])
    expect(ends(handle(answered('2', '0b1110'), slowMs))).toMatchObject([[true, expect.any(Number)]])
  })

  it('that one has and others deny is not believed', () => {
    const { handle } = lookupOf(want)
    handle({ type: 'started' })
    const all = ['1', '2', '3', '4'].flatMap((id) => [
      ...handle(setOut(id, `0b0${'1'.repeat(Number(id))}`)),
      ...handle(answered(id, `0b10${'1'.repeat(Number(id))}`, id === '1' ? has : {})),
    ])
    expect(ends(all)).toEqual([[false, pathsMax]])
  })
})

describe('where no more paths are', () => {
  it('a lookup ends at once, unbelieved, when nothing is under way', () => {
    const { lookup, handle } = lookupOf('peers')
    handle({ type: 'started' })
    const [end] = handle(nowhere('1'))
    expect([end, lookup.wakeAtMs]).toMatchObject([{ type: 'finish', believed: false, answers: [] }, undefined])
  })

  it('a lookup waits for those under way, and begins no others', () => {
    const { handle } = lookupOf('content')
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    expect(begun(handle({ type: 'woke' }, slowMs))).toEqual(['2'])
    expect(handle(nowhere('2'), slowMs)).toEqual([])
    for (let times = 2; times * slowMs < timeoutMs; times++) expect(handle({ type: 'woke' }, times * slowMs)).toEqual([])
    expect(handle(answered('1', '0b1111'), timeoutMs - 1)).toMatchObject([{ type: 'finish', believed: false }])
  })

  it('a lookup counts only those that set out, and does not wake for another that cannot begin', () => {
    const { lookup, handle } = lookupOf('content')
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    handle({ type: 'woke' }, slowMs)
    handle(nowhere('2'), slowMs)
    handle({ type: 'woke' }, 2 * slowMs)
    expect(lookup.wakeAtMs).toBe(timeoutMs)
    expect(ends(handle({ type: 'woke' }, timeoutMs))).toEqual([[false, 1]])
  })

  it('news that says so of a path that answered already is wrong', () => {
    const { handle } = lookupOf('content')
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    handle(answered('1', '0b1111'))
    expect(handle(nowhere('1'))).toEqual([])
    expect(begun(handle(setOut('2', '0b01')))).toEqual(['3'])
  })
})

describe('where nobody on its way acknowledged a path', () => {
  it('others begin, round all whom it tried', () => {
    const { handle } = lookupOf('peers')
    handle({ type: 'started' })
    for (const via of ['0b1', '0b01']) handle(setOut('1', via))
    expect(handle(lost('1'))).toMatchObject([{ type: 'seek', id: '2', avoid: [key('0b1'), key('0b01')] }])
    handle(setOut('2', '0b001'))
    expect(ends(handle(answered('2', '0b1111')))).toEqual([[true, 2]])
  })
})

describe('2: a new path', () => {
  it('goes round whom others began with, those that answered, and whom they passed: each named once', () => {
    const { handle } = lookupOf('peers')
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    const route = ['0b1', '0b11'].map(key)
    expect(handle(answered('1', '0b111', { route, ...looksWrong }))).toEqual([seek('2', 'peers', '0b1', '0b111', '0b11')])
  })

  it('goes round no more than a seek may name, those that others began with first', () => {
    const { handle } = lookupOf('peers')
    handle({ type: 'started' })
    handle(setOut('1', '0b1'))
    const route = Array.from({ length: avoidMax }, (_, i) => key(`0b01${i.toString(2).padStart(6, '0')}`))
    const [effect] = handle(answered('1', '0b111', { route, ...looksWrong }))
    expect(effect).toMatchObject({ avoid: [key('0b1'), key('0b111'), ...route].slice(0, avoidMax) })
  })
})

/** What may happen to a path, or to the lookup. */
const anyStep = fc.oneof(
  fc.record({ type: fc.constant('setOut' as const), path: fc.nat(4), via: fc.constantFrom('0b1', '0b11', '0b01', '0b001', '0b10') }),
  fc.record({
    type: fc.constant('answered' as const),
    path: fc.nat(4),
    from: fc.constantFrom('0b1', '0b11', '0b1111'),
    hasRecord: fc.boolean(),
    isPlausible: fc.boolean(),
  }),
  fc.record({ type: fc.constant('nowhere' as const), path: fc.nat(4) }),
  fc.record({ type: fc.constant('woke' as const), afterMs: fc.constantFrom(0, 1, slowMs, timeoutMs, 1_000_000) }),
)

it('1 and 3: whatever happens, in whatever order, it has few paths, and finishes once', () => {
  fc.assert(
    fc.property(fc.constantFrom<Want>('peers', 'content', 'owned', 'open'), fc.array(anyStep, { maxLength: 40 }), (want, steps) => {
      const { lookup, handle } = lookupOf(want)
      let [nowMs, paths] = [0, 0]
      const finished: boolean[] = []
      const take = (effects: readonly RoutedLookupEffect[]) => {
        for (const effect of effects) {
          if (finished.length > 0) expect(effect.type).not.toBe('seek')
          if (effect.type === 'seek') paths += 1
          else finished.push(effect.believed)
        }
        expect(paths).toBeLessThanOrEqual(pathsMax)
      }
      take(handle({ type: 'started' }))
      for (const step of steps) {
        if (step.type === 'woke') take(handle(step, (nowMs += step.afterMs)))
        else if (step.type === 'setOut') take(handle(setOut(`${step.path}`, step.via), nowMs))
        else if (step.type === 'nowhere') take(handle(nowhere(`${step.path}`), nowMs))
        else take(handle(answered(`${step.path}`, step.from, { hasRecord: step.hasRecord, isPlausible: step.isPlausible }), nowMs))
      }
      for (let wakes = 0; lookup.wakeAtMs !== undefined && wakes < 100; wakes++) {
        expect(lookup.wakeAtMs).toBeGreaterThan(nowMs - timeoutMs)
        take(handle({ type: 'woke' }, (nowMs = Math.max(nowMs, lookup.wakeAtMs))))
      }
      expect([finished.length, lookup.wakeAtMs]).toEqual([1, undefined])
    }),
    { numRuns: 1_000 },
  )
})

it('2: whatever is answered, no path is to begin with a peer that another began with, or to pass one that an answered path passed', () => {
  const anyPath = fc.record({ via: fc.nat(30), answers: fc.boolean(), route: fc.array(fc.nat(30), { maxLength: 3 }), from: fc.nat(30) })
  const peer = (number: number) => `0b${(number + 1).toString(2).padStart(6, '0')}`
  fc.assert(
    fc.property(
      fc.constantFrom<Want>('peers', 'owned', 'open'),
      fc.array(anyPath, { minLength: pathsMax, maxLength: pathsMax }),
      (want, drawn) => {
        const { lookup, handle } = lookupOf(want)
        const round = new Set<string>()
        let nowMs = 0
        const queue = handle({ type: 'started' })
        for (let next = queue.shift(); next; next = queue.shift()) {
          if (next.type === 'finish') break
          expect(new Set(next.avoid.map(({ hex }) => hex))).toEqual(round)
          const { via, answers, route, from } = drawn[Number(next.id) - 1]!
          round.add(key(peer(via)).hex)
          queue.push(...handle(setOut(next.id, peer(via)), nowMs))
          if (queue.length > 0) continue
          if (answers) for (const one of [from, ...route]) round.add(key(peer(one)).hex)
          if (answers)
            queue.push(...handle(answered(next.id, peer(from), { route: route.map((one) => key(peer(one))), ...looksWrong }), nowMs))
          else if (lookup.wakeAtMs !== undefined) queue.push(...handle({ type: 'woke' }, (nowMs = lookup.wakeAtMs)))
        }
      },
    ),
  )
})
