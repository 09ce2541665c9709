import { describe, expect, it } from 'vitest'
import { openRecord } from '../fixtures/made-up-record.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import { placementTimeoutMs } from './placements.js'
import { Storing, type StoringEffect, storingMax } from './storing.js'

const record = openRecord(key('0b1111'))
const order = { record, all: false }
const [near, far] = [key('0b1'), key('0b01')]
const replicas = [{ contact: contact('0b1'), receipt: 'stored' }] as const

function storingOf() {
  const storing = new Storing(new FreshIds(seededRandom()))
  const start = (operation = 1, over: object = {}) => storing.handle({ type: 'start', operation, order: { ...order, ...over } }, 0)
  const answer = (id: string, nowMs = 9) =>
    storing.handle({ type: 'answered', id, from: near, route: [far], replicas, newer: undefined }, nowMs)
  return { storing, start, answer }
}

/** The one path that begins. */
function path(effects: readonly StoringEffect[]) {
  const [seek, ...others] = effects
  if (seek?.type !== 'seek' || others.length > 0) throw new Error(`${effects.length} effects`)
  return seek
}

describe('a routed store', () => {
  it('sends the record itself, and ends with what the end of the path says, with who answered, and whom it set out to', () => {
    const { storing, start, answer } = storingOf()
    const seek = path(start())
    expect(seek).toEqual({ type: 'seek', id: seek.id, target: record.key, want: 'peers', avoid: [], store: order })
    storing.handle({ type: 'setOut', id: seek.id, via: far }, 0)
    expect(answer(seek.id)).toEqual([
      {
        type: 'placed',
        operation: 1,
        order,
        answer: { from: near, route: [far], replicas, newer: undefined },
        passed: [near, far],
      },
    ])
    expect(storing.wakeAtMs).toBeUndefined()
  })

  it('1: ends once, however often it is answered; an answer that comes too late is nobody else’s', () => {
    const { storing, start, answer } = storingOf()
    const { id } = path(start())
    expect(answer(id)).toHaveLength(1)
    expect(answer(id)).toEqual([])
    expect([storing.awaits(id), storing.awaits('00'.repeat(8))]).toEqual([true, false])
  })

  it('2: sets out once more when it is slow, not by the same peer, and no third time', () => {
    const { storing, start, answer } = storingOf()
    const first = path(start())
    storing.handle({ type: 'setOut', id: first.id, via: near }, 0)
    const slowMs = storing.wakeAtMs!
    expect(storing.handle({ type: 'woke' }, slowMs - 1)).toEqual([])
    const second = path(storing.handle({ type: 'woke' }, slowMs))
    expect(second.avoid).toEqual([near])
    expect(storing.handle({ type: 'woke' }, storing.wakeAtMs!)).toEqual([])
    expect(answer(second.id)).toHaveLength(1)
  })

  it('is unplaced when no path is answered in time', () => {
    const { storing, start } = storingOf()
    start()
    let effects: readonly StoringEffect[] = []
    for (let wakes = 0; wakes < 4 && storing.wakeAtMs !== undefined; wakes++) effects = storing.handle({ type: 'woke' }, storing.wakeAtMs)
    expect(effects).toEqual([{ type: 'unplaced', operation: 1, order }])
  })

  it('is unplaced when there is no link to set out on', () => {
    const { storing, start } = storingOf()
    expect(storing.handle({ type: 'nowhere', id: path(start()).id }, 0)).toEqual([{ type: 'unplaced', operation: 1, order }])
  })

  it('waits longer for an answer that all replicas must be heard for', () => {
    const [most, all] = [storingOf(), storingOf()]
    most.start()
    all.start(1, { all: true })
    const last = ({ storing }: typeof most) => {
      storing.handle({ type: 'woke' }, storing.wakeAtMs!)
      return storing.wakeAtMs!
    }
    expect(last(all) - last(most)).toBe(placementTimeoutMs)
  })

  it('1: that is cancelled ends without a word', () => {
    const { storing, start, answer } = storingOf()
    const { id } = path(start())
    storing.handle({ type: 'cancelled', operation: 1 }, 1)
    expect(answer(id)).toEqual([])
    expect(storing.wakeAtMs).toBeUndefined()
  })

  it('beyond what there is room for is unplaced at once', () => {
    const { start } = storingOf()
    for (let operation = 0; operation < storingMax; operation++) path(start(operation))
    expect(start(storingMax)).toEqual([{ type: 'unplaced', operation: storingMax, order }])
  })
})
