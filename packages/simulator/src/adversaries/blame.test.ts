import { contentRecord } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { percentile } from '../lookup-tally.js'
import { Siege } from './siege.js'

/** In single overlays of ninety the luck of who lies where is greater than what is learnt. */
const seeds = [31, 32, 33, 34, 35, 36]
const rounds = 6

/** What each of thirty records took one peer, in ms, the first time it asked for them all and the last. */
function asked(seed: number): { readonly firstMs: readonly number[]; readonly lastMs: readonly number[] } {
  const world = new Siege({ seed, honest: 60, hostile: 30, conducts: ['drops'] })
  const { simulation } = world
  const [asker, ...others] = world.honest
  const records = Array.from({ length: 30 }, (_, i) => contentRecord(new TextEncoder().encode(`record ${i}`)))
  for (const [i, record] of records.entries()) world.write(others[i]!, record, false)
  const tookMs = Array.from({ length: rounds }, () =>
    records.map((record) => {
      const beganMs = simulation.nowMs
      expect(world.read(asker!, record)).toHaveLength(1)
      return simulation.nowMs - beganMs
    }),
  )
  return { firstMs: tookMs[0]!, lastMs: tookMs.at(-1)! }
}

describe('a peer among whom a third drop what they are to pass on', () => {
  it('learns whom to go round: it is answered sooner the more it asks', { timeout: 120_000 }, () => {
    const worlds = seeds.map(asked)
    const first = worlds.flatMap(({ firstMs }) => firstMs)
    const last = worlds.flatMap(({ lastMs }) => lastMs)
    expect(percentile(last, 0.8)).toBeLessThan(0.6 * percentile(first, 0.8))
  })
})
