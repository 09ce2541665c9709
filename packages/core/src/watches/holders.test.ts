import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contacts } from '../fixtures/linked-table.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import { leaseMaxS, type WatchVerdict } from '../wire/message.js'
import {
  doubtMs,
  Holders,
  type HoldersEffect,
  type HoldersEvent,
  knownMax,
  leaseMinS,
  leftAloneMs,
  pollEveryMs,
  renewShare,
  seekGapMaxMs,
  seekGapMs,
} from './holders.js'
import { holdersWanted } from './watch-bounds.js'

const target = key('0b0000')
/** The closest first. */
const eight = ['0b0001', '0b0010', '0b0011', '0b0100', '0b0101', '0b0110', '0b0111', '0b1000']
const found = (...bits: string[]) => ({ type: 'sought', closest: contacts(...bits).map((one) => ({ contact: one, route: [] })) }) as const
type Ask = Extract<HoldersEffect, { type: 'ask' }>

function begun(...bits: string[]) {
  const holders = new Holders(target, new FreshIds(seededRandom()))
  const handle = (event: HoldersEvent, nowMs = 0) => holders.handle(event, nowMs)
  const answer = ({ lease }: Ask, verdict: WatchVerdict = 'taken', nowMs = 0, named: string[] = [], leaseS = leaseMaxS) =>
    handle({ type: 'answered', lease, answer: { type: 'watching', verdict, leaseS, contacts: contacts(...named), records: [] } }, nowMs)
  expect(handle({ type: 'began' })).toEqual([{ type: 'seek' }])
  return { holders, handle, answer, first: asks(handle(found(...bits))) }
}

const asks = (effects: readonly HoldersEffect[]) => effects.filter((effect) => effect.type === 'ask')
const asked = (effects: readonly HoldersEffect[]) =>
  asks(effects).map(({ to, leaseS }) => [bitsOf(to.id.hex), leaseS > 0 ? 'lease' : 'end'])
const bitsOf = (hex: string) => `0b${parseInt(hex[0]!, 16).toString(2).padStart(4, '0')}`
const leases = (...bits: string[]) => bits.map((one) => [one, 'lease'])

/** Three leases with the closest of the eight. */
function served() {
  const begin = begun(...eight)
  for (const ask of begin.first) begin.answer(ask)
  return begin
}

describe('in the beginning', () => {
  it('asks the three closest of those that a lookup finds, for a lease as long as can be', () => {
    const { first } = begun(...eight.toReversed())
    expect(asked(first)).toEqual(leases('0b0001', '0b0010', '0b0011'))
    expect(first.map(({ leaseS }) => leaseS)).toEqual([leaseMaxS, leaseMaxS, leaseMaxS])
    expect(new Set(first.map(({ lease }) => lease)).size).toBe(3)
  })

  it('is live with the first lease, as long as it lasts', () => {
    const { holders, answer, first } = begun(...eight)
    expect(holders.isLive(0)).toBe(false)
    answer(first[0]!)
    expect(holders.isLive(leaseMaxS * 1_000 - 1)).toBe(true)
    expect(holders.isLive(leaseMaxS * 1_000)).toBe(false)
  })

  it('looks again and again where nobody is, ever more rarely', () => {
    const { holders, handle } = begun()
    let nowMs = 0
    const gaps: number[] = []
    for (let i = 0; i < 9; i++) {
      gaps.push(holders.wakeAtMs - nowMs)
      nowMs = holders.wakeAtMs
      expect(handle({ type: 'woke' }, nowMs)).toEqual([{ type: 'seek' }])
      expect(handle(found(), nowMs)).toEqual([])
    }
    expect(gaps[0]).toBeGreaterThanOrEqual(seekGapMs)
    expect(gaps.at(-1)).toBe(seekGapMaxMs)
  })

  it('looks at once when the first link comes', () => {
    const { holders, handle } = begun()
    for (let i = 0; i < 9; i++) {
      const { wakeAtMs } = holders
      handle({ type: 'woke' }, wakeAtMs)
      handle(found(), wakeAtMs)
    }
    const nowMs = holders.wakeAtMs - seekGapMaxMs / 2
    handle({ type: 'linked', contact: contact('0b1') }, nowMs)
    expect(holders.wakeAtMs - nowMs).toBeLessThan(seekGapMs)
  })
})

describe('a lease', () => {
  it('is renewed in its second half, before it ends, under the same name', () => {
    const { holders, handle, answer, first } = begun('0b0001')
    answer(first[0]!)
    expect(holders.wakeAtMs).toBeGreaterThanOrEqual(leaseMaxS * 1_000 * renewShare)
    expect(holders.wakeAtMs).toBeLessThan(leaseMaxS * 1_000)
    const [renewal, ...more] = asks(handle({ type: 'woke' }, holders.wakeAtMs))
    expect(renewal).toMatchObject({ lease: first[0]!.lease, leaseS: leaseMaxS })
    expect(more).toEqual([])
    expect(asks(handle({ type: 'woke' }, holders.wakeAtMs))).toEqual([])
  })

  it('is not renewed at the same time as another', () => {
    const { holders, handle } = served()
    expect(asks(handle({ type: 'woke' }, holders.wakeAtMs))).toHaveLength(1)
  })

  it(`shorter than ${leaseMinS} s is none`, () => {
    const { holders, answer, first } = begun('0b0001')
    answer(first[0]!, 'taken', 0, [], leaseMinS - 1)
    expect(holders.isLive(1)).toBe(false)
  })

  it('is expected to be pushed under by its holder alone, and while it is asked for', () => {
    const { holders, handle, answer, first } = begun('0b0001')
    const { lease } = first[0]!
    expect(holders.expects(lease, key('0b0001'))).toBe(true)
    answer(first[0]!)
    expect(holders.expects(lease, key('0b0001'))).toBe(true)
    expect(holders.expects(lease, key('0b0010'))).toBe(false)
    expect(holders.expects('00'.repeat(8), key('0b0001'))).toBe(false)
    handle({ type: 'ending', lease })
    expect(holders.expects(lease, key('0b0001'))).toBe(false)
  })

  it('answered late, twice or by nobody who was asked changes nothing', () => {
    const { holders, answer, first } = served()
    const before = holders.wakeAtMs
    expect(answer(first[0]!, 'elsewhere', 5)).toEqual([])
    expect(answer({ ...first[0]!, lease: 'ff'.repeat(8) }, 'elsewhere', 5)).toEqual([])
    expect(holders.wakeAtMs).toBe(before)
  })
})

describe('when a holder is lost', () => {
  it.each(['silent', 'ending', 'distrusted'] as const)('%s: the next closest is asked at once', (type) => {
    const { handle, first } = served()
    expect(asked(handle({ type, lease: first[1]!.lease }, doubtMs - 1))).toEqual(leases('0b0100'))
  })

  it('because its link is, too', () => {
    const { handle } = served()
    expect(asked(handle({ type: 'unlinked', contact: contact('0b0010') }, doubtMs - 1))).toEqual(leases('0b0100'))
  })

  it('the others are asked whether they are still there', () => {
    const { handle, first } = served()
    expect(asked(handle({ type: 'silent', lease: first[1]!.lease }, doubtMs))).toEqual(leases('0b0001', '0b0011', '0b0100'))
  })

  it('all three: the next are asked, as soon as the first is missed', () => {
    const { handle, first } = served()
    const lost = [first[0]!, first[1]!, first[2]!].flatMap(({ lease }) => asked(handle({ type: 'silent', lease }, doubtMs - 1)))
    expect(lost).toEqual(leases('0b0100', '0b0101', '0b0110'))
  })

  it('and nobody is left: a lookup, at once, and who answers there is asked, though it was silent', () => {
    const { handle, answer, first } = begun('0b0001')
    answer(first[0]!)
    expect(handle({ type: 'silent', lease: first[0]!.lease }, 60_000)).toEqual([{ type: 'seek' }])
    const [again] = asks(handle(found('0b0001'), 60_000))
    expect(again?.lease).not.toBe(first[0]!.lease)
  })

  it('leaves it alone though others name it, for a while', () => {
    const { holders, handle, answer, first } = served()
    const [next] = asks(handle({ type: 'silent', lease: first[0]!.lease }, 1))
    expect(asked(answer(next!, 'taken', leftAloneMs, ['0b0001']))).toEqual([])
    const { wakeAtMs } = holders
    const [renewal] = asks(handle({ type: 'woke' }, wakeAtMs))
    expect(asked(answer(renewal!, 'taken', wakeAtMs, ['0b0001']))).toEqual(leases('0b0001'))
  })

  it('so is who is reached through the link that went: it is asked again, another way', () => {
    const { handle, answer } = begun()
    const route = [key('0b1')]
    const [ask] = asks(handle({ type: 'sought', closest: [{ contact: contact('0b0001'), route }] }))
    expect(ask?.route).toEqual(route)
    answer(ask!)
    expect(asks(handle({ type: 'unlinked', contact: contact('0b1') }, 1))).toMatchObject([{ route: [], lease: ask!.lease }])
  })
})

describe('when closer peers come', () => {
  it('whom an answer names: a lease there, and the farthest is given up once it is taken', () => {
    const { handle, answer, first } = begun('0b0010', '0b0011', '0b0100')
    for (const ask of first.slice(0, 2)) answer(ask)
    const named = asks(answer(first[2]!, 'taken', 0, ['0b0001', '0b1000']))
    expect(asked(named)).toEqual(leases('0b0001'))
    expect(named[0]?.route).toEqual([key('0b0100')])
    expect(asked(answer(named[0]!))).toEqual([['0b0100', 'end']])
    expect(asked(handle({ type: 'woke' }, 1))).toEqual([])
  })

  it('who links: the same; who is farther is left alone', () => {
    const { handle } = served()
    expect(handle({ type: 'linked', contact: contact('0b1001') })).toEqual([])
    const { handle: other, answer, first } = begun('0b0010', '0b0011', '0b0100')
    for (const ask of first) answer(ask)
    expect(asked(other({ type: 'linked', contact: contact('0b0001') }))).toEqual(leases('0b0001'))
  })

  it('leaves a holder that is no replica any more', () => {
    const { answer, first } = begun(...eight)
    expect(asked(answer(first[0]!, 'elsewhere'))).toEqual(leases('0b0100'))
  })
})

describe('when holders are full', () => {
  it('the next closest are asked', () => {
    const { holders, answer, first } = begun(...eight)
    expect(first.flatMap((ask) => asked(answer(ask, 'full')))).toEqual(leases('0b0100', '0b0101', '0b0110'))
    expect(holders.isLive(1)).toBe(false)
  })

  it('all of them: they are polled, and no lookup is made', () => {
    const { holders, handle, answer, first } = begun('0b0001', '0b0010')
    for (const ask of first) expect(answer(ask, 'full')).toEqual([])
    const { wakeAtMs } = holders
    expect(wakeAtMs).toBeGreaterThanOrEqual(pollEveryMs)
    const polls = handle({ type: 'woke' }, wakeAtMs)
    expect(polls).toHaveLength(1)
    expect(asks(answer(asks(polls)[0]!, 'taken', wakeAtMs))).toEqual([])
    expect(holders.isLive(wakeAtMs)).toBe(true)
  })

  it('but others push: they are not polled', () => {
    const { holders, handle, answer, first } = begun(...eight)
    const more = asks(answer(first[0]!, 'full'))
    for (const ask of [first[1]!, first[2]!, more[0]!]) answer(ask)
    for (let i = 0; i < 20; i++) {
      const { wakeAtMs } = holders
      for (const ask of asks(handle({ type: 'woke' }, wakeAtMs))) {
        expect(bitsOf(ask.to.id.hex)).not.toBe('0b0001')
        answer(ask, 'taken', wakeAtMs)
      }
    }
  })
})

describe('a replay', () => {
  it('asks every holder anew, and those whose answer is awaited, after it', () => {
    const { handle, answer, first } = begun(...eight)
    answer(first[0]!)
    expect(asked(handle({ type: 'replay' }, 5))).toEqual(leases('0b0001'))
    expect(asked(answer(first[1]!, 'taken', 6))).toEqual(leases('0b0010'))
    expect(asked(answer(first[1]!, 'taken', 7))).toEqual([])
  })
})

describe('whoever stood still', () => {
  it('asks every holder anew at its next wake-up', () => {
    const { holders, handle, answer, first } = begun(...eight)
    answer(first[0]!)
    expect(handle({ type: 'resumed' }, 5)).toEqual([])
    expect(holders.wakeAtMs).toBe(5)
    expect(asked(handle({ type: 'woke' }, 5))).toEqual(leases('0b0001'))
    expect(asked(answer(first[1]!, 'taken', 6))).toEqual(leases('0b0010'))
  })
})

describe('the end', () => {
  it('is told to those who hold a lease', () => {
    const { handle, first } = served()
    const ends = asks(handle({ type: 'ended' }))
    expect(asked(ends)).toEqual([
      ['0b0001', 'end'],
      ['0b0010', 'end'],
      ['0b0011', 'end'],
    ])
    expect(ends.map(({ lease }) => lease)).toEqual(first.map(({ lease }) => lease))
  })
})

describe('whatever happens', () => {
  const bits = fc.constantFrom(...eight, '0b1001', '0b1010', '0b1011')
  const step = fc.oneof(
    fc.record({
      do: fc.constant('answer' as const),
      verdict: fc.constantFrom<WatchVerdict>('taken', 'full', 'elsewhere'),
      named: fc.array(bits, { maxLength: 3 }),
    }),
    fc.record({ do: fc.constantFrom('silent' as const, 'ending' as const) }),
    fc.record({ do: fc.constantFrom('linked' as const, 'unlinked' as const), bits }),
    fc.record({ do: fc.constant('sought' as const), some: fc.uniqueArray(bits, { maxLength: 8 }) }),
    fc.record({ do: fc.constant('wait' as const), forMs: fc.integer({ min: 1, max: 200_000 }) }),
  )

  it('at most one question to each waits, leases are few, and there is always something to wait for', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const holders = new Holders(target, new FreshIds(seededRandom()))
        const open: Ask[] = []
        let nowMs = 0
        let seeking = 0
        const take = (effects: readonly HoldersEffect[]) => {
          for (const effect of effects) {
            if (effect.type === 'seek') seeking += 1
            else if (effect.leaseS > 0) {
              expect(open.some(({ lease }) => lease === effect.lease)).toBe(false)
              open.push(effect)
            }
          }
          expect(seeking).toBeLessThanOrEqual(1)
          expect(open.length).toBeLessThanOrEqual(knownMax)
        }
        take(holders.handle({ type: 'began' }, nowMs))
        for (const one of steps) {
          if (one.do === 'wait') take(holders.handle({ type: 'woke' }, (nowMs += one.forMs)))
          else if (one.do === 'sought' && seeking > 0) {
            seeking = 0
            take(holders.handle(found(...one.some), nowMs))
          } else if (one.do === 'linked' || one.do === 'unlinked') {
            take(holders.handle({ type: one.do, contact: contact(one.bits) }, nowMs))
          } else if (one.do === 'answer') {
            const ask = open.shift()
            const answer = {
              type: 'watching',
              verdict: one.verdict,
              leaseS: leaseMaxS,
              contacts: contacts(...one.named),
              records: [],
            } as const
            if (ask) take(holders.handle({ type: 'answered', lease: ask.lease, answer }, nowMs))
          } else if (one.do === 'silent' || one.do === 'ending') {
            const ask = open.shift()
            if (ask) take(holders.handle({ type: one.do, lease: ask.lease }, nowMs))
          }
          expect(seeking + open.length > 0 || holders.wakeAtMs < Infinity).toBe(true)
        }
        expect(holdersWanted).toBe(3)
      }),
    )
  })
})
