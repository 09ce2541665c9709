import { describe, expect, it } from 'vitest'
import { linkedTable, linkWith } from '../fixtures/linked-table.js'
import { key } from '../fixtures/visible-key.js'
import { idleMs, jumpMs, Liveness, missesMax, secondIdleMs } from './liveness.js'

const ping = (link: number, bits: string) => ({ type: 'ping', link, to: key(bits) })

describe('liveness', () => {
  it('asks for a sign of life over a link that was quiet for long, and only over that', () => {
    const table = linkedTable('0b0', ['0b1', '0b01'])
    const liveness = new Liveness(table)
    linkWith(table, '0b01').lastHeardMs = 100
    expect(liveness.wakeAtMs).toBe(idleMs)
    expect(liveness.handle({ type: 'woke' }, idleMs - 1)).toEqual([])
    expect(liveness.handle({ type: 'woke' }, idleMs)).toEqual([ping(1, '0b1')])
    expect(liveness.wakeAtMs).toBe(100 + idleMs)
  })

  it('measures the round trip of a new link at once, from the end with the smaller id', () => {
    const smaller = linkedTable('0b01', ['0b1'])
    expect(new Liveness(smaller).handle({ type: 'linked', link: 1 }, 5)).toEqual([ping(1, '0b1')])
    const greater = linkedTable('0b1', ['0b01'])
    expect(new Liveness(greater).handle({ type: 'linked', link: 1 }, 5)).toEqual([])
    expect(new Liveness(greater).handle({ type: 'linked', link: 7 }, 5)).toEqual([])
  })

  it('asks first from the end with the smaller id: the other waits longer', () => {
    const smaller = new Liveness(linkedTable('0b01', ['0b1']))
    const greater = new Liveness(linkedTable('0b1', ['0b01']))
    expect([smaller.wakeAtMs, greater.wakeAtMs]).toEqual([idleMs, secondIdleMs])
    expect(greater.handle({ type: 'woke' }, secondIdleMs - 1)).toEqual([])
    expect(greater.handle({ type: 'woke' }, secondIdleMs)).toEqual([ping(1, '0b01')])
  })

  it('1: has one ping under way per link', () => {
    const liveness = new Liveness(linkedTable('0b0', ['0b1']))
    expect(liveness.handle({ type: 'woke' }, idleMs)).toEqual([ping(1, '0b1')])
    expect(liveness.handle({ type: 'woke' }, idleMs + jumpMs)).toEqual([])
    expect(liveness.handle({ type: 'troubled', link: 1 }, idleMs + jumpMs)).toEqual([])
    expect(liveness.wakeAtMs).toBeUndefined()
  })

  it('2: gives a link up after so many pings without an answer, never sooner', () => {
    const liveness = new Liveness(linkedTable('0b0', ['0b1']))
    expect(liveness.handle({ type: 'troubled', link: 1 }, 0)).toEqual([ping(1, '0b1')])
    for (let misses = 1; misses < missesMax; misses++)
      expect(liveness.handle({ type: 'silent', link: 1 }, misses)).toEqual([ping(1, '0b1')])
    expect(liveness.handle({ type: 'silent', link: 1 }, missesMax)).toEqual([{ type: 'giveUp', link: 1 }])
  })

  it('2: counts anew after a sign of life', () => {
    const liveness = new Liveness(linkedTable('0b0', ['0b1']))
    liveness.handle({ type: 'troubled', link: 1 }, 0)
    expect(liveness.handle({ type: 'silent', link: 1 }, 1)).toEqual([ping(1, '0b1')])
    expect(liveness.handle({ type: 'alive', link: 1, rttMs: 5 }, 2)).toEqual([])
    expect(liveness.handle({ type: 'troubled', link: 1 }, 3)).toEqual([ping(1, '0b1')])
    expect(liveness.handle({ type: 'silent', link: 1 }, 4)).toEqual([ping(1, '0b1')])
  })

  it('smooths the round trip', () => {
    const table = linkedTable('0b0', ['0b1'])
    const liveness = new Liveness(table)
    liveness.handle({ type: 'alive', link: 1, rttMs: 80 }, 0)
    expect(linkWith(table, '0b1').rttMs).toBe(80)
    liveness.handle({ type: 'alive', link: 1, rttMs: 160 }, 0)
    expect(linkWith(table, '0b1').rttMs).toBe(90)
  })

  it('asks every link at once after the clock jumped', () => {
    const table = linkedTable('0b0', ['0b1', '0b01'])
    const liveness = new Liveness(table)
    liveness.handle({ type: 'woke' }, 1_000)
    const jumpedMs = 1_000 + idleMs + jumpMs + 1
    for (const link of table.links()) link.lastHeardMs = jumpedMs
    expect(liveness.handle({ type: 'woke' }, jumpedMs)).toEqual([{ type: 'stoodStill' }, ping(2, '0b01'), ping(1, '0b1')])
    expect([...table.links()].map(({ isSilent }) => isSilent)).toEqual([true, true])
  })

  it('asks every link at once when it is told so, and takes a short pause for none', () => {
    const liveness = new Liveness(linkedTable('0b0', ['0b1', '0b01']))
    liveness.handle({ type: 'woke' }, 1_000)
    expect(liveness.handle({ type: 'resumed' }, 31_000)).toEqual([ping(2, '0b01'), ping(1, '0b1')])
  })

  it('forgets a link that ended', () => {
    const table = linkedTable('0b0', ['0b1'])
    const liveness = new Liveness(table)
    liveness.handle({ type: 'woke' }, idleMs)
    table.removeLink(1)
    expect(liveness.handle({ type: 'unlinked', link: 1 }, idleMs)).toEqual([])
    for (const type of ['troubled', 'silent'] as const) expect(liveness.handle({ type, link: 1 }, idleMs)).toEqual([])
    expect(liveness.wakeAtMs).toBeUndefined()
  })
})
