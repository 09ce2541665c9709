import { ownedKey, recordId, replicas } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { seqOf } from '../faults/reader-memory.js'
import { owner, Siege } from './siege.js'

const key = ownedKey(owner.publicKey, owner.salt)

describe('stale replayers that hold the ids closest to a key', () => {
  /** Of the eight closest to the key. */
  const replayers = 3
  const siege = () => new Siege({ seed: 5, honest: 40, hostile: replayers, conducts: ['replays'], crowded: { key, bits: 9 } })

  it('give nobody the older version of a record: whoever reads, reads what was acknowledged last', { timeout: 60_000 }, () => {
    const world = siege()
    expect(world.closest(key, replayers).every(({ conducts }) => conducts)).toBe(true)
    const [writer, ...readers] = world.honest
    world.write(writer!, world.owned(owner, 1, 'before'))
    world.simulation.run(30_000)
    world.write(writer!, world.owned(owner, 2, 'after'))
    const seqs = readers.map((reader) => world.read(reader, { key, kind: 'owned' }).map(seqOf))
    expect(seqs).toEqual(readers.map(() => [2n]))
  })

  it('cannot take a reader back that has seen the newer version, though nobody else answers it', { timeout: 60_000 }, () => {
    const world = siege()
    const [writer, reader] = world.honest
    world.write(writer!, world.owned(owner, 1, 'before'))
    world.simulation.run(30_000)
    const newer = world.owned(owner, 2, 'after')
    world.write(writer!, newer)
    expect(world.read(reader!, newer).map(seqOf)).toEqual([2n])
    // All honest peers that have it are gone at once.
    for (const peer of world.honest) if (peer !== reader && peer.has(recordId(newer))) world.simulation.silence(peer)
    for (let i = 0; i < 5; i++) {
      expect(world.read(reader!, newer).map(seqOf)).not.toContain(1n)
      world.simulation.run(20_000)
    }
  })
})

describe('an owner', () => {
  it('whose storage is wiped learns its last seq of the replicas, though some of them deny', { timeout: 60_000 }, () => {
    const world = new Siege({ seed: 6, honest: 40, hostile: 3, conducts: ['withholds'], crowded: { key, bits: 9 } })
    const [tab, reader] = world.honest
    world.write(tab!, world.owned(owner, 7, 'before'))
    world.simulation.crash(tab!)
    world.simulation.run(20_000)
    const again = world.simulation.join({ contact: tab!.contact, storage: undefined })
    world.simulation.run(20_000)
    // Its clock is wrong: it begins anew. The replicas show it what it wrote, and it signs on top of that.
    const { newer } = world.write(again, world.owned(owner, 1, 'wiped'))
    expect(newer && seqOf(newer)).toBe(7n)
    expect(world.write(again, world.owned(owner, 8, 'on top')).storedElsewhere).toBeGreaterThanOrEqual(replicas / 2)
    expect(world.read(reader!, { key, kind: 'owned' }).map(seqOf)).toEqual([8n])
  })

  it('with two tabs that publish at once is read alike by everybody', { timeout: 60_000 }, () => {
    const world = new Siege({ seed: 7, honest: 40, hostile: 0, conducts: [] })
    const { simulation } = world
    const both = [world.owned(owner, 3, 'one tab'), world.owned(owner, 3, 'the other')]
    for (const [i, record] of both.entries())
      simulation.tell(world.honest[i]!, { type: 'write', operation: simulation.nextOperation(), record })
    simulation.run(60_000)
    const values = world.honest.map((reader) => world.read(reader, both[0]!).map(({ value }) => new TextDecoder().decode(value)))
    expect(new Set(values.map(String)).size).toBe(1)
    expect(values[0]).toHaveLength(1)
  })

  it('that says different things to different peers is read alike by everybody', { timeout: 60_000 }, () => {
    const world = new Siege({ seed: 8, honest: 40, hostile: 2, conducts: ['equivocates'] })
    world.simulation.run(30_000)
    // It says no more; what it said last is compared by those who keep it.
    for (const peer of world.hostile) world.simulation.crash(peer)
    world.simulation.run(60_000)
    for (const equivocated of world.gang.equivocated) {
      const values = world.honest.map((reader) => world.read(reader, { key: equivocated, kind: 'owned' }).map(({ value }) => String(value)))
      expect(new Set(values.map(String)).size).toBe(1)
      expect(values[0]).toHaveLength(1)
    }
  })
})
