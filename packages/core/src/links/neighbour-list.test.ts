import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { neighboursOf } from '../fixtures/linked-table.js'
import { contact, key } from '../fixtures/visible-key.js'
import { neighboursMax } from '../wire/message.js'
import { type Neighbour, NeighbourList } from './neighbour-list.js'

const listOf = (...bits: readonly string[]) => new NeighbourList(neighboursOf(...bits))
const withRtt = (bits: string, rttMs: number): Neighbour => ({ contact: contact(bits), rttMs })
const hexes = ({ all }: NeighbourList) => all.map(({ contact: { id } }) => id.hex)
const sortedHexes = (list: NeighbourList) => hexes(list).toSorted()

/** Peers that share their first 32 bits by pairs: finding one must not find the other. */
const pool = Array.from({ length: 16 }, (_, i) => `0b${(i >> 1).toString(2).padStart(8, '0')}${'0'.repeat(24)}${i & 1}`)
const anyList = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...pool), fc.constantFrom(0, 10, 12, 15, 100, 1_000)), { selector: ([bits]) => bits })
  .map((all) => new NeighbourList(all.map(([bits, rttMs]) => withRtt(bits, rttMs))))

describe('a change', () => {
  it('says who came and who went', () => {
    expect(listOf('0b1', '0b01').changeTo(listOf('0b01', '0b001'))).toEqual({ came: neighboursOf('0b001'), went: [key('0b1').prefix] })
  })

  it('from nothing is the whole list', () => {
    expect(NeighbourList.empty.changeTo(listOf('0b1', '0b01'))).toEqual({ came: neighboursOf('0b1', '0b01'), went: [] })
  })

  it('is none to the same list, or to one in another order', () => {
    const list = listOf('0b1', '0b01')
    expect([list.changeTo(list), list.changeTo(listOf('0b01', '0b1'))]).toEqual([undefined, undefined])
  })

  it.each<[string, number, number, boolean]>([
    ['measured since', 0, 40, true],
    ['not measured again', 0, 0, false],
    ['the same', 40, 40, false],
    ['a little slower', 100, 140, false],
    ['a little quicker', 140, 100, false],
    ['much slower', 100, 150, true],
    ['much quicker', 150, 100, true],
    ['not measured any more', 40, 0, true],
  ])('of a round trip that is %s: from %i ms to %i ms', (_, beforeMs, afterMs, isTold) => {
    const [before, after] = [withRtt('0b1', beforeMs), withRtt('0b1', afterMs)]
    const list = new NeighbourList([before])
    const change = list.changeTo(list.renewed(new NeighbourList([after])))
    expect(change).toEqual(isTold ? { came: [after], went: [] } : undefined)
  })

  it('leads from any list to any other, but for round trips that are about the same', () => {
    fc.assert(
      fc.property(anyList, anyList, (before, next) => {
        const renewed = before.renewed(next)
        const change = before.changeTo(renewed)
        const list = change ? before.changed(change, neighboursMax) : before
        expect(sortedHexes(list)).toEqual(sortedHexes(next))
        for (const { contact: one, rttMs } of list.all) {
          const wanted = next.rttsMs[next.placeOf(one.id)]!
          expect(Math.abs(rttMs - wanted)).toBeLessThanOrEqual(0.3 * Math.max(rttMs, wanted))
        }
        expect([list.changeTo(renewed), renewed.renewed(next)]).toEqual([undefined, renewed])
      }),
    )
  })
})

describe('a changed list', () => {
  it('leaves the one before as it was', () => {
    const before = listOf('0b1', '0b01')
    const after = before.changed({ came: neighboursOf('0b001'), went: [key('0b1').prefix] }, neighboursMax)
    expect([sortedHexes(before), sortedHexes(after)]).toEqual([sortedHexes(listOf('0b1', '0b01')), sortedHexes(listOf('0b01', '0b001'))])
  })

  it('has one entry of whoever came again: the newer', () => {
    const after = new NeighbourList([withRtt('0b1', 10)]).changed({ came: [withRtt('0b1', 90)], went: [] }, neighboursMax)
    expect(after.all).toEqual([withRtt('0b1', 90)])
  })

  it('has one entry of whoever came twice, the last, and that takes the place of nobody else', () => {
    const twice = [withRtt('0b1', 10), withRtt('0b01', 20), withRtt('0b1', 90)]
    const after = listOf('0b001').changed({ came: twice, went: [] }, 3)
    expect(new Set(after.all)).toEqual(new Set([withRtt('0b001', 0), withRtt('0b1', 90), withRtt('0b01', 20)]))
    expect(after.all.length).toBe(3)
    expect(hexes(after.changed({ came: [], went: [key('0b1').prefix] }, 3))).toEqual(hexes(listOf('0b001', '0b01')))
  })

  it('does not mind that somebody went who was not there', () => {
    expect(sortedHexes(listOf('0b1').changed({ came: [], went: [key('0b0').prefix] }, neighboursMax))).toEqual(sortedHexes(listOf('0b1')))
  })

  it('is cut off where it is too long: who was there stays', () => {
    const after = listOf('0b1', '0b01').changed({ came: neighboursOf('0b001', '0b0001'), went: [] }, 3)
    expect(sortedHexes(after)).toEqual(sortedHexes(listOf('0b1', '0b01', '0b001')))
  })

  it('is made once of one change, and anew of another that says the same', () => {
    const before = listOf('0b1')
    const change = { came: neighboursOf('0b01'), went: [] }
    const after = before.changed(change, neighboursMax)
    expect(before.changed(change, neighboursMax)).toBe(after)
    expect(before.changed({ ...change }, neighboursMax)).not.toBe(after)
    expect(hexes(before.changed({ came: [], went: [key('0b1').prefix] }, neighboursMax))).toEqual([])
    expect(hexes(before.changed(change, neighboursMax))).toEqual(hexes(after))
  })
})

it('a list that a change was told to lead to is what comes of it', () => {
  const [before, after] = [listOf('0b1'), listOf('0b01')]
  const change = before.changeTo(after)!
  before.becomes(after, change)
  expect(before.changed(change, neighboursMax)).toBe(after)
  expect(hexes(listOf('0b1', '0b001').changed(change, neighboursMax))).toEqual(hexes(listOf('0b001', '0b01')))
})

describe('finding', () => {
  it('tells peers apart that begin with the same 32 bits', () => {
    const [one, other] = [pool[0]!, pool[1]!]
    expect(listOf(one).placeOf(key(one))).toBe(0)
    expect(listOf(one).placeOf(key(other))).toBe(-1)
    expect(listOf(one, other).placeOf(key(other))).toBe(1)
  })

  it('finds everybody who is there, and nobody else', () => {
    fc.assert(
      fc.property(anyList, fc.constantFrom(...pool), (list, bits) => {
        expect(list.placeOf(key(bits))).toBe(list.all.findIndex(({ contact: { id } }) => id.equals(key(bits))))
      }),
    )
  })
})
