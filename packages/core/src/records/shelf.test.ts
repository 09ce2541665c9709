import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openRecord } from '../fixtures/made-up-record.js'
import { key } from '../fixtures/visible-key.js'
import { keptRecord, type KeptRecord } from './kept-record.js'
import { Shelf } from './shelf.js'

const nowS = 1_000
/** A record that is over its time then: several are at one time. */
const kept = (number: number, overAtS: number): KeptRecord =>
  keptRecord(openRecord(key('0b1'), { publisher: number + 1, expiresUnixS: nowS + overAtS }), { role: 'replica' }, nowS)
const byTime = (a: KeptRecord, b: KeptRecord) => a.dropUnixS - b.dropUnixS

it('a shelf has what was added and not removed, in its order, and knows what that takes', () => {
  const steps = fc.array(fc.record({ number: fc.nat(30), overAtS: fc.integer({ min: 1, max: 3 }) }), { maxLength: 80 })
  fc.assert(
    fc.property(steps, (all) => {
      const shelf = new Shelf(byTime)
      const there = new Map<string, KeptRecord>()
      for (const { number, overAtS } of all) {
        const one = [...there.values()].find(({ id }) => id === kept(number, 1).id)
        if (one) shelf.remove(one)
        else shelf.add(kept(number, overAtS))
        if (one) there.delete(one.id)
        else there.set(kept(number, 1).id, kept(number, overAtS))
        expect([shelf.records, shelf.bytes]).toEqual([there.size, [...there.values()].reduce((sum, { bytes }) => sum + bytes, 0)])
        const seen: KeptRecord[] = []
        shelf.first((record) => seen.push(record) === 0)
        expect(seen.map(byTimeOf)).toEqual([...there.values()].map(byTimeOf).sort((a, b) => a - b))
        expect(new Set(seen.map(({ id }) => id))).toEqual(new Set(there.keys()))
      }
    }),
  )
})

it('what is on no shelf is not removed, though another is in its place', () => {
  const shelf = new Shelf(byTime)
  shelf.add(kept(1, 2))
  shelf.remove(kept(2, 2))
  expect([shelf.records, shelf.first(() => true)?.id]).toEqual([1, kept(1, 2).id])
})

function byTimeOf({ dropUnixS }: KeptRecord): number {
  return dropUnixS
}
