import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LateMap } from './late-map.js'

const change = fc.tuple(fc.constantFrom('set', 'set', 'delete', 'clear'), fc.integer({ min: 0, max: 4 }), fc.nat())

it('is what a map is, whatever is done to it', () => {
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const [late, map] = [new LateMap<number, number>(), new Map<number, number>()]
      for (const [what, key, value] of changes) {
        if (what === 'set') {
          late.set(key, value)
          map.set(key, value)
        } else if (what === 'delete') expect(late.delete(key)).toBe(map.delete(key))
        else [late, map].forEach((one) => one.clear())
        expect([...late]).toEqual([...map])
        expect([...late.keys(), ...late.values(), late.size]).toEqual([...map.keys(), ...map.values(), map.size])
        expect([late.get(key), late.has(key)]).toEqual([map.get(key), map.has(key)])
        const met: number[] = []
        late.forEach((value, key) => met.push(key, value))
        expect(met).toEqual([...map].flat())
      }
    }),
  )
})

it('may be emptied while it is iterated over', () => {
  const late = new LateMap<number, number>().set(1, 1).set(2, 2).set(3, 3)
  for (const key of late.keys()) late.delete(key)
  expect(late.size).toBe(0)
})

it('keeps the newest of too many', () => {
  const late = new LateMap<number, string>()
  for (const key of [1, 2, 3, 1, 4]) late.keep(key, `value ${late.size}`, 3)
  expect([...late]).toEqual([
    [3, 'value 2'],
    [1, 'value 3'],
    [4, 'value 3'],
  ])
})
