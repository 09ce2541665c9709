import { contentRecord } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { percentile } from '../lookup-tally.js'
import { Siege } from './siege.js'

describe('a peer among whom a third drop what they are to pass on', () => {
  it('learns whom to go round: it is answered sooner the more it asks', { timeout: 120_000 }, () => {
    const world = new Siege({ seed: 31, honest: 60, hostile: 30, conducts: ['drops'] })
    const { simulation } = world
    const [asker, ...others] = world.honest
    const records = Array.from({ length: 30 }, (_, i) => contentRecord(new TextEncoder().encode(`record ${i}`)))
    for (const [i, record] of records.entries()) world.write(others[i]!, record, false)
    const round = () =>
      records.map((record) => {
        const beganMs = simulation.nowMs
        expect(world.read(asker!, record)).toHaveLength(1)
        return simulation.nowMs - beganMs
      })
    const first = round()
    for (let rounds = 0; rounds < 4; rounds++) round()
    expect(percentile(round(), 0.8)).toBeLessThan(0.6 * percentile(first, 0.8))
  })
})
