import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contact, key } from '../fixtures/visible-key.js'
import { closest } from '../keys/nearest.js'
import type { Contact } from '../keys/public-key.js'
import { LateMap } from '../late-map.js'
import { replicas } from '../wire/message.js'
import { type Held, isWithin, nearestCount, noteAround, noteStanding } from './held.js'
import type { Standing } from './replica-view.js'

const pool = Array.from({ length: 40 }, (_, i) => contact(`0b${(i + 1).toString(2).padStart(8, '0')}`))

function heldOf(): Held {
  const none = { settled: new Set<string>(), entrusted: new LateMap<string, never>(), failed: new LateMap<string, never>() }
  const around = { nearest: undefined, reach: undefined, unproven: [], proved: undefined }
  return { id: 'a record', key: key('0b0'), ...none, ...around, own: false, repairAtMs: 0, isFresh: false }
}

const counting = (standings: readonly Standing[]) => pool.filter((_, i) => standings[i] === 'counted')
const hexes = (some: readonly Contact[] | undefined) => some?.map(({ id }) => id.hex)

describe('the peers closest to a record', () => {
  it('are the same, kept up to date one by one, as looked for anew, as long as enough are left', () => {
    const standing = fc.constantFrom<Standing>('counted', 'none', 'unproven')
    const steps = fc.array(fc.tuple(fc.nat(pool.length - 1), standing), { maxLength: 60 })
    fc.assert(
      fc.property(fc.array(standing, { minLength: pool.length, maxLength: pool.length }), steps, (standings, changes) => {
        const held = heldOf()
        const anew = () => closest(held.key, counting(standings), nearestCount, ({ id }) => id)
        noteAround(held, { counted: anew(), unproven: [] })
        for (const [i, next] of changes) {
          standings[i] = next
          noteStanding(held, pool[i]!, next)
          if (!held.nearest) noteAround(held, { counted: anew(), unproven: [] })
          // Whoever is missing at the end is beyond the reach, and there are still more than the replicas.
          expect(hexes(held.nearest)).toEqual(hexes(anew().slice(0, held.nearest!.length)))
          if (held.nearest!.length < anew().length) expect(held.nearest!.length).toBeGreaterThanOrEqual(replicas + replicas / 2)
        }
      }),
    )
  })

  it('are looked for anew when too few of many are left, and are all there are where there are few', () => {
    const [many, few] = [heldOf(), heldOf()]
    noteAround(many, { counted: pool.slice(0, nearestCount), unproven: [] })
    for (let i = 0; i < 4; i++) noteStanding(many, pool[i]!, 'none')
    expect(many.nearest).toHaveLength(nearestCount - 4)
    noteStanding(many, pool[4]!, 'none')
    expect(many.nearest).toBeUndefined()
    noteAround(few, { counted: pool.slice(0, 3), unproven: [] })
    noteStanding(few, pool[0]!, 'none')
    expect(hexes(few.nearest)).toEqual(hexes(pool.slice(1, 3)))
    expect(isWithin(few, pool[39]!.id)).toBe(true)
  })

  it('say whether anything is other than before', () => {
    const held = heldOf()
    noteAround(held, { counted: pool.slice(0, nearestCount), unproven: [] })
    expect(noteStanding(held, pool[0]!, 'counted')).toBe(false)
    expect(noteStanding(held, pool[30]!, 'counted')).toBe(false)
    expect(noteStanding(held, pool[0]!, 'unproven')).toBe(true)
    expect(hexes(held.unproven)).toEqual(hexes([pool[0]!]))
    expect(noteStanding(held, pool[0]!, 'none')).toBe(true)
    expect(held.unproven).toEqual([])
  })
})
