import { describe, expect, it } from 'vitest'
import { key } from '../fixtures/visible-key.js'
import { hopsMax, type MessageId, type Seek } from '../wire/message.js'
import { coalesceWithinMs, Coalescing, leaderAvoidsMax, leaderHopsMin, leadersMax, waitingMax } from './coalescing.js'

/** The link that question 1 is passed on over. */
const to = -1
const idOf = (number: number): MessageId => number.toString(16).padStart(16, '0')

/** What peer 0b0 passes on, or is about to, for an asker. */
const seek = (number: number, asker: string, over: Partial<Seek> = {}): Seek => ({
  type: 'seek',
  id: idOf(number),
  target: key('0b1111'),
  want: 'open',
  path: [key(asker), key('0b001')],
  avoid: [],
  hopsLeft: hopsMax - 2,
  ...over,
})

/** One that question 1, of peer 0b01, has been passed on through. */
function led(over: Partial<Seek> = {}) {
  const coalescing = new Coalescing()
  coalescing.passed(seek(1, '0b01', over), to, 0)
  return coalescing
}

describe('an equal question', () => {
  it('waits for the answer to the first', () => {
    const coalescing = led()
    expect(coalescing.waits(seek(2, '0b11'), 10)).toBe(true)
    expect(coalescing.waits(seek(3, '0b10'), 20)).toBe(true)
    expect(coalescing.answered(idOf(1), to).map(({ id }) => id)).toEqual([idOf(2), idOf(3)])
    expect([coalescing.answered(idOf(1), to), coalescing.waits(seek(4, '0b11'), 30), coalescing.wakeAtMs]).toEqual([[], false, Infinity])
  })

  it('1: is passed on when the answer does not come', () => {
    const coalescing = led()
    expect(coalescing.wakeAtMs).toBe(Infinity)
    coalescing.waits(seek(2, '0b11'), 10)
    expect(coalescing.wakeAtMs).toBe(coalesceWithinMs)
    expect(coalescing.overdue(coalesceWithinMs - 1)).toEqual([])
    expect(coalescing.overdue(coalesceWithinMs).map(({ id }) => id)).toEqual([idOf(2)])
    expect([coalescing.wakeAtMs, coalescing.answered(idOf(1), to)]).toEqual([Infinity, []])
  })

  it('does not wait for one that should have been answered by now', () => {
    expect(led().waits(seek(2, '0b11'), coalesceWithinMs)).toBe(false)
  })

  it('2: does not wait for one of the same asker', () => {
    expect(led().waits(seek(2, '0b01', { avoid: [key('0b101')] }), 10)).toBe(false)
  })

  it('4: has only what comes from where the first was passed to last', () => {
    const coalescing = led()
    coalescing.waits(seek(2, '0b11'), 10)
    coalescing.passed(seek(1, '0b01', { avoid: [key('0b101')] }), -2, 20)
    expect(coalescing.answered(idOf(1), to)).toEqual([])
    expect(coalescing.answered(idOf(1), -2).map(({ id }) => id)).toEqual([idOf(2)])
  })

  it.each<[string, Partial<Seek>]>([
    ['of another key', { target: key('0b1110') }],
    ['for something else of the key', { want: 'owned' }],
    ['for peers', { want: 'peers' }],
  ])('is not one %s', (_, over) => {
    expect(led().waits(seek(2, '0b11', over), 10)).toBe(false)
    expect(led(over).waits(seek(2, '0b11'), 10)).toBe(false)
  })

  it('of which too many wait is passed on', () => {
    const coalescing = led()
    for (let i = 0; i < waitingMax; i++) expect(coalescing.waits(seek(2 + i, '0b11'), 10)).toBe(true)
    expect(coalescing.waits(seek(999, '0b11'), 10)).toBe(false)
  })
})

describe('3: none waits for one', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => key(`0b1${i.toString(2).padStart(8, '0')}`))

  it('that goes round many peers, or says it passed them', () => {
    const waitsFor = (over: Partial<Seek>) => led(over).waits(seek(2, '0b11'), 10)
    expect(waitsFor({ avoid: names(leaderAvoidsMax - 1) })).toBe(true)
    expect(waitsFor({ avoid: names(leaderAvoidsMax) })).toBe(false)
    expect(waitsFor({ path: [key('0b01'), ...names(leaderAvoidsMax)] })).toBe(true)
    expect(waitsFor({ path: [key('0b01'), ...names(leaderAvoidsMax + 1)] })).toBe(false)
  })

  it('that has few hops left', () => {
    expect(led({ hopsLeft: leaderHopsMin }).waits(seek(2, '0b11'), 10)).toBe(true)
    expect(led({ hopsLeft: leaderHopsMin - 1 }).waits(seek(2, '0b11'), 10)).toBe(false)
  })
})

describe('questions that may be waited for', () => {
  const target = (number: number) => key(`0b${number.toString(2).padStart(12, '0')}`)

  it('are few; what is over makes room', () => {
    const coalescing = new Coalescing()
    for (let i = 0; i <= leadersMax; i++) coalescing.passed(seek(i, '0b01', { target: target(i) }), to, 0)
    expect(coalescing.waits(seek(998, '0b11', { target: target(leadersMax - 1) }), 1)).toBe(true)
    expect(coalescing.waits(seek(999, '0b11', { target: target(leadersMax) }), 1)).toBe(false)
    coalescing.passed(seek(leadersMax, '0b01', { target: target(leadersMax) }), to, coalesceWithinMs)
    expect(coalescing.waits(seek(999, '0b11', { target: target(leadersMax) }), coalesceWithinMs)).toBe(true)
  })

  it('stay the same when one of them is passed on again, over another link', () => {
    const coalescing = led()
    coalescing.waits(seek(2, '0b11'), 10)
    coalescing.passed(seek(1, '0b01', { avoid: [key('0b101')] }), to, 500)
    expect(coalescing.wakeAtMs).toBe(coalesceWithinMs)
  })
})
