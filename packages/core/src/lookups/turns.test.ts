import { describe, expect, it } from 'vitest'
import { key } from '../fixtures/visible-key.js'
import { type AppOperation, Turns, turnsMax, turnsWaitingMax } from './turns.js'

const read = (operation: number): AppOperation => ({ type: 'read', operation, target: key('0b1'), want: 'open', unixS: 0 })

/** With this many handed in, numbered from 1. */
function turnsOf(count: number) {
  const turns = new Turns()
  const begun = Array.from({ length: count }, (_, i) => read(i + 1)).filter((one) => turns.begins(one)).length
  return { turns, begun }
}

describe('what an app asks for in one go', () => {
  it('1: begins, but for what is too many', () => {
    expect(turnsOf(turnsMax).begun).toBe(turnsMax)
    const { turns, begun } = turnsOf(turnsMax + 2)
    expect([begun, turns.next()]).toEqual([turnsMax, undefined])
  })

  it('2: begins in its order, as others end', () => {
    const { turns } = turnsOf(turnsMax + 2)
    turns.ended(7)
    expect([turns.next(), turns.next()]).toEqual([read(turnsMax + 1), undefined])
    turns.ended(turnsMax + 1)
    expect([turns.next(), turns.next()]).toEqual([read(turnsMax + 2), undefined])
  })

  it('waits no more when it is not wanted', () => {
    const { turns } = turnsOf(turnsMax + 2)
    turns.ended(turnsMax + 1)
    expect(turns.next()).toBeUndefined()
    turns.ended(1)
    expect(turns.next()).toEqual(read(turnsMax + 2))
  })

  it('1: begins at once where too many wait', () => {
    expect(turnsOf(turnsMax + turnsWaitingMax + 3).begun).toBe(turnsMax + 3)
  })
})
