import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ReplayWindow, replayWindowSize } from './replay-window.js'

const take = (window: ReplayWindow, ...counters: readonly number[]) => counters.map((counter) => window.take(counter))

describe('the replay window', () => {
  it('takes each counter once, in any order', () => {
    expect(take(new ReplayWindow(), 0, 2, 1, 2, 1, 0, 3)).toEqual([true, true, true, false, false, false, true])
  })

  it('reaches back as far as it is long, and not further', () => {
    const window = new ReplayWindow()
    window.take(5_000)
    expect(take(window, 5_001 - replayWindowSize, 5_000 - replayWindowSize)).toEqual([true, false])
  })

  it('takes a counter that is far ahead, and forgets what that leaves behind', () => {
    const window = new ReplayWindow()
    expect(take(window, 7, 2 ** 40, 7, 2 ** 40, 2 ** 40 - 1)).toEqual([true, true, false, false, true])
  })

  it('changes nothing by being asked', () => {
    const window = new ReplayWindow()
    expect([window.allows(9), window.allows(9), window.take(9), window.allows(9)]).toEqual([true, true, true, false])
  })

  it('is what remembering all of them would be, as far back as it is long', () => {
    const step = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: -60, max: 60 }) }, fc.integer({ min: -5_000, max: 5_000 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const window = new ReplayWindow()
        const taken = new Set<number>()
        let [highest, at] = [-1, 3_000]
        for (const by of steps) {
          at = Math.max(0, at + by)
          const expected = !taken.has(at) && at > highest - replayWindowSize
          expect(window.take(at)).toBe(expected)
          if (expected) taken.add(at)
          if (expected) highest = Math.max(highest, at)
        }
      }),
    )
  })
})
