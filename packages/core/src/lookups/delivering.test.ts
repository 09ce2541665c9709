import { describe, expect, it } from 'vitest'
import { linkedTable } from '../fixtures/linked-table.js'
import { openRecord } from '../fixtures/made-up-record.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import type { Receipt } from '../wire/message.js'
import { confirmationsMax } from './confirmations.js'
import { Delivering, type DeliveringEffect } from './delivering.js'

const record = openRecord(key('0b1111'))
/** The replicas besides the writer, the closest to the record first. */
const others = Array.from({ length: 8 }, (_, i) => contact(`0b111${(i + 1).toString(2).padStart(5, '0')}`))
const [end, ...rest] = others

/** A writer far from the record, linked to one peer that leads there. */
function writer() {
  const host = { isPlausible: () => true, holds: () => true, keep: (): Receipt => 'stored' }
  const delivering = new Delivering(linkedTable('0b0', ['0b1']), new FreshIds(seededRandom()), host)
  /** Writes, and hears from the end of the path that all have taken it. */
  const write = (over: { readonly all?: boolean; readonly ifSeq?: bigint }, receipt: Receipt = 'stored', operation = 1) => {
    const [seek] = delivering.handle({ type: 'start', operation, order: { record, all: false, ...over } }, 0)
    if (seek?.type !== 'seek') throw new Error('No path begins.')
    delivering.handle({ type: 'setOut', id: seek.id, via: key('0b1') }, 0)
    const replicas = others.map((one) => ({ contact: one, receipt }))
    const newer = receipt === 'conflict' ? openRecord(record.key, { seq: 9 }) : undefined
    const answer = { from: end!.id, route: [key('0b1')], replicas, newer }
    return delivering.handle({ type: 'answered', id: seek.id, ...answer }, 90)
  }
  /** The lookup round that path ends at the same peers, and those that are asked say whether they have the record: all of them, or all but the last. */
  const hear = (lacks: boolean) => {
    const closest = rest.map((one) => ({ contact: one, route: [] }))
    const asks = delivering.handle({ type: 'looked', confirmation: 1, closest, asked: 2 }, 150)
    if (asks.length === 0) throw new Error('Nobody is asked.')
    return asks.flatMap((ask, i) => {
      if (ask.type !== 'ask' || ask.question.type !== 'compare') throw new Error('Something else is asked.')
      const lacking = lacks && i === asks.length - 1 ? ask.question.versions : []
      return delivering.handle({ type: 'compared', asker: ask.asker, lacking }, 200)
    })
  }
  return { delivering, write, hear }
}

const typesOf = (effects: readonly DeliveringEffect[]) => effects.map(({ type }) => type)

describe('a write', () => {
  it('is told of as soon as most replicas have it, and confirmed by some of them that no path has passed', () => {
    const { write, hear } = writer()
    expect(typesOf(write({}))).toEqual(['written', 'look'])
    expect(hear(false)).toEqual([])
  })

  it('2: that is not where it should be is made anew', () => {
    const { write, hear } = writer()
    write({})
    expect(typesOf(hear(true))).toEqual(['missing'])
  })

  it.each([{ all: true }, { ifSeq: 4n }])('with %o is told of only when somebody else has confirmed it', (over) => {
    const { write, hear } = writer()
    expect(typesOf(write(over))).toEqual(['look'])
    expect(hear(false)).toMatchObject([{ type: 'written', operation: 1, outcome: { stored: 8 } }])
  })

  it.each([{ all: true }, { ifSeq: 4n }])('with %o that is not there is no write yet: it is to be made with care', (over) => {
    const { write, hear } = writer()
    write(over)
    expect(typesOf(hear(true))).toEqual(['unsettled'])
  })

  it('whose condition fails is told of at once: whoever says so shows what is there instead', () => {
    expect(writer().write({ ifSeq: 4n }, 'conflict')).toMatchObject([{ type: 'written', outcome: { conflict: true } }])
  })

  it('whose caller gives up leaves its turn to be confirmed to the next', () => {
    const { delivering, write } = writer()
    for (let i = 0; i < confirmationsMax; i++) expect(typesOf(write({ all: true }))).toEqual(['look'])
    expect(write({ all: true }, 'stored', 2)).toEqual([])
    expect(typesOf(delivering.handle({ type: 'cancelled', operation: 1 }, 100))).toEqual(['look'])
  })

  it('1: that is cancelled while it waits to be confirmed is never told of', () => {
    const { delivering, write, hear } = writer()
    write({ ifSeq: 4n })
    delivering.handle({ type: 'cancelled', operation: 1 }, 100)
    expect(() => hear(false)).toThrow('Nobody is asked.')
  })
})
