import { describe, expect, it } from 'vitest'
import { contacts, linkedTable } from '../fixtures/linked-table.js'
import { contact, key } from '../fixtures/visible-key.js'
import { neighboursMax, replicas } from '../wire/message.js'
import { Neighbourhood, tellDelayMs } from './neighbourhood.js'

const tell = (link: number, ...bits: string[]) => ({ type: 'tell', link, message: { type: 'neighbours', contacts: contacts(...bits) } })

describe('the neighbourhood', () => {
  it('tells the siblings whom this peer is linked to, a while after a change, once for all changes', () => {
    const neighbourhood = new Neighbourhood(linkedTable('0b0', ['0b1', '0b01']))
    expect(neighbourhood.wakeAtMs).toBeUndefined()
    neighbourhood.handle({ type: 'changed' }, 0)
    neighbourhood.handle({ type: 'changed' }, 500)
    expect(neighbourhood.wakeAtMs).toBe(tellDelayMs)
    expect(neighbourhood.handle({ type: 'woke' }, tellDelayMs - 1)).toEqual([])
    expect(neighbourhood.handle({ type: 'woke' }, tellDelayMs)).toEqual([tell(2, '0b01', '0b1'), tell(1, '0b01', '0b1')])
    expect(neighbourhood.wakeAtMs).toBeUndefined()
  })

  it('tells only the siblings, and of the closest', () => {
    const many = Array.from({ length: neighboursMax + 4 }, (_, i) => `0b${'0'.repeat(i)}1`)
    const neighbourhood = new Neighbourhood(linkedTable('0b0', many))
    neighbourhood.handle({ type: 'changed' }, 0)
    const told = neighbourhood.handle({ type: 'woke' }, tellDelayMs)
    const nearestFirst = many.toReversed()
    expect(told).toEqual(Array.from({ length: replicas }, (_, i) => tell(many.length - i, ...nearestFirst.slice(0, neighboursMax))))
  })

  it('1: does not tell the same list twice in a row over a link', () => {
    const table = linkedTable('0b0', ['0b1'])
    const neighbourhood = new Neighbourhood(table)
    const changed = (atMs: number) => {
      neighbourhood.handle({ type: 'changed' }, atMs)
      return neighbourhood.handle({ type: 'woke' }, atMs + tellDelayMs)
    }
    expect(changed(0)).toEqual([tell(1, '0b1')])
    expect(changed(10_000)).toEqual([])
    table.addLink(2, contact('0b01'), 0)
    expect(changed(20_000)).toEqual([tell(2, '0b01', '0b1'), tell(1, '0b01', '0b1')])
    table.addLink(3, contact('0b1'), 0)
    expect(changed(30_000)).toEqual([tell(3, '0b01', '0b1')])
  })

  it('2: a list replaces the one before, without this peer and its teller', () => {
    const table = linkedTable('0b0', ['0b1'])
    const neighbourhood = new Neighbourhood(table)
    neighbourhood.handle({ type: 'told', link: 1, contacts: contacts('0b11') }, 0)
    const link = table.linkTo(key('0b1'))!
    expect(neighbourhood.handle({ type: 'told', link: 1, contacts: contacts('0b0', '0b1', '0b101') }, 0)).toEqual([
      { type: 'heard', link, contacts: contacts('0b101') },
    ])
    expect(link.neighbours).toEqual(contacts('0b101'))
  })

  it('hears nothing over a link that is gone', () => {
    expect(new Neighbourhood(linkedTable('0b0', [])).handle({ type: 'told', link: 1, contacts: contacts('0b11') }, 0)).toEqual([])
  })
})
