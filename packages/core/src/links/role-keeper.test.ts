import { describe, expect, it } from 'vitest'
import { linkedTable, linkWith } from '../fixtures/linked-table.js'
import { othersServingMin, RoleKeeper, stepDownDelayMs, stepUpDelayMs } from './role-keeper.js'

/** Six linked peers, and two that two of them are linked to: as many as must serve. */
const linked = ['0b1000', '0b1001', '0b1010', '0b1011', '0b1100', '0b1101']
const named = ['0b1110', '0b1111']

function roleKeeper(bits = linked, beyond = named) {
  const table = linkedTable('0b0', bits)
  for (const one of bits.slice(0, 2)) linkWith(table, one, beyond)
  return { table, keeper: new RoleKeeper(table, { share: () => 0.5 }) }
}

describe('the role of a peer', () => {
  it('2: is leaf, as it wishes, a while after the wish, when enough others serve', () => {
    expect(linked.length + named.length).toBe(othersServingMin)
    const { keeper } = roleKeeper()
    expect(keeper.handle({ type: 'wished', role: 'leaf' }, 0)).toBeUndefined()
    expect(keeper.wakeAtMs).toBe(stepDownDelayMs)
    expect(keeper.handle({ type: 'woke' }, stepDownDelayMs - 1)).toBeUndefined()
    expect(keeper.handle({ type: 'woke' }, stepDownDelayMs)).toBe('leaf')
    expect(keeper.wakeAtMs).toBeUndefined()
  })

  it('2: stays full while fewer serve, and is leaf when enough have come', () => {
    const { table, keeper } = roleKeeper(linked, named.slice(1))
    keeper.handle({ type: 'wished', role: 'leaf' }, 0)
    expect(keeper.wakeAtMs).toBeUndefined()
    linkWith(table, linked[2]!, named)
    expect([keeper.handle({ type: 'changed' }, 4), keeper.wakeAtMs]).toEqual([undefined, undefined])
    linkWith(table, linked[3]!, named)
    expect(keeper.handle({ type: 'changed' }, 5)).toBeUndefined()
    expect(keeper.handle({ type: 'woke' }, 5 + stepDownDelayMs)).toBe('leaf')
  })

  it('2: does not count linked peers that are leaves themselves, though others still name them', () => {
    const { table, keeper } = roleKeeper()
    linkWith(table, linked[3]!, [linked[2]!])
    table.tookRole(table.linkTo(linkWith(table, linked[2]!).contact.id)!, 'leaf')
    keeper.handle({ type: 'wished', role: 'leaf' }, 0)
    expect(keeper.wakeAtMs).toBeUndefined()
  })

  it('1: is full at once when it wishes so, whatever was about to be', () => {
    const { table, keeper } = roleKeeper()
    keeper.handle({ type: 'wished', role: 'leaf' }, 0)
    expect(keeper.handle({ type: 'wished', role: 'full' }, 1)).toBeUndefined()
    expect(keeper.wakeAtMs).toBeUndefined()
    table.leafSinceMs = 1
    expect(keeper.handle({ type: 'wished', role: 'full' }, 2)).toBe('full')
    expect(keeper.wakeAtMs).toBeUndefined()
  })

  it('2: is full again when others go, but not for those who are back before that', () => {
    const { table, keeper } = roleKeeper()
    keeper.handle({ type: 'wished', role: 'leaf' }, 0)
    keeper.handle({ type: 'woke' }, stepDownDelayMs)
    table.leafSinceMs = stepDownDelayMs
    linkWith(table, linked[0]!, named.slice(1))
    expect(keeper.handle({ type: 'changed' }, 10_000)).toBeUndefined()
    expect(keeper.wakeAtMs).toBe(10_000 + stepUpDelayMs)
    linkWith(table, linked[0]!, named)
    expect(keeper.handle({ type: 'changed' }, 10_500)).toBeUndefined()
    expect(keeper.wakeAtMs).toBeUndefined()
    linkWith(table, linked[0]!, [])
    keeper.handle({ type: 'changed' }, 20_000)
    expect(keeper.handle({ type: 'woke' }, 20_000 + stepUpDelayMs)).toBe('full')
  })
})
