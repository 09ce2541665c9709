import { describe, expect, it } from 'vitest'
import { contact, key } from '../fixtures/visible-key.js'
import { contentRecord, type Record } from '../records/record.js'
import type { Found } from './lookup.js'
import type { Outcome } from './operations.js'
import { askedPerPoint, pointsAround, pointsMax, searchesMax, searchTimeoutMs, Surrounding, type SurroundingEffect } from './surrounding.js'

const record = contentRecord(new Uint8Array(3))
const target = record.key
/** So many bits does a peer share with the farthest of its siblings. */
const siblingBits = 6
const nothing: Outcome = { type: 'read', records: [], asked: 4, complete: true, crowded: true }
/** The i-th peer of the bucket that a point of the key is in. */
const found = (i: number, point = 0): Found => ({
  contact: { ...contact('0b1'), id: target.inBucket(siblingBits + 1 - point, key(`0b${i.toString(2).padStart(20, '0')}`)) },
  route: [key('0b1')],
})

/** One of those that crowd around the key. */
const crowd: Found = { contact: { ...contact('0b1'), id: target.inBucket(30, key('0b1')) }, route: [] }

function surroundingOf({ holds = true, bits = siblingBits } = {}) {
  const surrounding = new Surrounding({ siblingBits: bits, holds: () => holds, isBehind: () => false })
  const handle = (event: Parameters<Surrounding['handle']>[0], nowMs = 0) => surrounding.handle(event, nowMs)
  const read = (outcome: Outcome = nothing, operation = 1) => {
    handle({ type: 'began', operation, target, want: 'content' })
    return handle({ type: 'finished', operation, outcome })
  }
  return { surrounding, handle, read }
}

const points = (effects: readonly SurroundingEffect[]) => effects.flatMap((effect) => (effect.type === 'lookAround' ? [effect.target] : []))
const posed = (effects: readonly SurroundingEffect[]) => effects.flatMap((effect) => (effect.type === 'pose' ? [effect] : []))
const ends = (effects: readonly SurroundingEffect[]) => effects.flatMap((effect) => (effect.type === 'finish' ? [effect.outcome] : []))

describe('around a key that others crowd around', () => {
  it('are points that each lie in another bucket of the key: whoever crowds there is farther from them than anybody of theirs', () => {
    const around = pointsAround(target, siblingBits)
    expect(around.map((point) => point.sharedBits(target))).toEqual([7, 6, 5, 4, 3, 2])
    expect(pointsAround(target, 1).map((point) => point.sharedBits(target))).toEqual([2, 1, 0])
    expect(pointsAround(target, -2)).toEqual([])
  })

  it('a record that was written is kept by the closest to each point, each asked once, and nobody waits for it', () => {
    const { surrounding, handle } = surroundingOf()
    expect(points(handle({ type: 'crowded', record }))).toHaveLength(pointsMax)
    const first = posed(handle({ type: 'lookedAround', search: 1, point: 0, closest: [crowd, found(1), found(2), found(3)] }))
    expect(first.map(({ to, question, route }) => [to.hex, question.type, route.length])).toEqual([
      [found(1).contact.id.hex, 'store', 1],
      [found(2).contact.id.hex, 'store', 1],
    ])
    expect(first).toHaveLength(askedPerPoint)
    expect(posed(handle({ type: 'lookedAround', search: 1, point: 0, closest: [found(2), found(4)] }))).toHaveLength(1)
    for (let i = 2; i < pointsMax; i++) expect(handle({ type: 'lookedAround', search: 1, point: 0, closest: [] })).toEqual([])
    for (let i = 0; i < 3; i++) expect(handle({ type: 'replied', search: 1, answer: { type: 'receipt', receipt: 'stored' } })).toEqual([])
    expect(surrounding.wakeAtMs).toBe(Infinity)
  })

  it('what a read did not find is looked for, and the first that has it is enough', () => {
    const { handle, read } = surroundingOf()
    expect(points(read())).toHaveLength(pointsMax)
    const [question] = posed(handle({ type: 'lookedAround', search: 1, point: 0, closest: [found(1)] }))
    expect(question).toMatchObject({ question: { type: 'find', target, want: 'content' } })
    const effects = handle({ type: 'replied', search: 1, answer: { type: 'found', contacts: [], records: [record] } })
    expect(ends(effects)).toMatchObject([{ records: [record], asked: 5 }])
    expect(handle({ type: 'replied', search: 1, answer: { type: 'found', contacts: [], records: [record] } })).toEqual([])
  })

  it('a read that nobody crowds around ends at once, and so does one of content that was found', () => {
    const { read } = surroundingOf()
    const { crowded: _, ...calm } = nothing
    expect(ends(read(calm))).toEqual([calm])
    const one: Outcome = { ...calm, records: [record], crowded: true }
    expect(ends(read(one, 2))).toEqual([one])
  })

  it('1: a read ends when all lookups and questions came to nothing, or after so long, and not when it was cancelled', () => {
    const { surrounding, handle, read } = surroundingOf()
    read()
    for (let i = 1; i < pointsMax; i++) expect(handle({ type: 'lookedAround', search: 1, point: 0, closest: [] })).toEqual([])
    expect(ends(handle({ type: 'lookedAround', search: 1, point: 0, closest: [] }))).toMatchObject([{ records: [], complete: true }])
    read(nothing, 2)
    expect(surrounding.wakeAtMs).toBe(searchTimeoutMs)
    expect(ends(handle({ type: 'woke' }, searchTimeoutMs))).toMatchObject([{ records: [] }])
    read(nothing, 3)
    handle({ type: 'cancelled', operation: 3 })
    expect(handle({ type: 'woke' }, 2 * searchTimeoutMs)).toEqual([])
  })

  it('2: what does not hold is not brought', () => {
    const { handle, read } = surroundingOf({ holds: false })
    read()
    for (let i = 1; i < pointsMax; i++) handle({ type: 'lookedAround', search: 1, point: 0, closest: [] })
    handle({ type: 'lookedAround', search: 1, point: 0, closest: [found(1)] })
    const forged: Record[] = [record]
    expect(ends(handle({ type: 'replied', search: 1, answer: { type: 'found', contacts: [], records: forged } }))).toMatchObject([
      { records: [] },
    ])
  })

  it('3: no more is looked for at one time than so much, and where there are few, nothing', () => {
    const { read } = surroundingOf()
    for (let i = 1; i <= searchesMax; i++) expect(ends(read(nothing, i))).toEqual([])
    expect(ends(read(nothing, searchesMax + 1))).toEqual([nothing])
    expect(ends(surroundingOf({ bits: -2 }).read())).toEqual([nothing])
  })
})
