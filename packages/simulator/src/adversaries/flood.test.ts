import { contentRecord, defaultStoreQuotas, publicKey, publicKeyBytes, recordId } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { outcomeOf } from '../outcome-of.js'
import type { VirtualPeer } from '../virtual-peer.js'
import { heapInUse } from './heap-in-use.js'
import { Siege } from './siege.js'
import { StrangerKnocks } from './stranger-knocks.js'

const floodMs = 30 * 60_000
/** What a flood may leave behind in memory: noise of the collector, and what is bounded. */
const heapGrowthMax = 2 * 2 ** 20

/** What each honest peer writes before a flood. */
const ownRecords = 10

describe('thirty minutes of knocks by keys that nobody has heard of', () => {
  it.each([
    ['from anywhere', 0],
    ['right beside the victim', 8],
  ])('%s leave a peer reachable, able to make links, and its memory flat', { timeout: 120_000 }, (_where, nearBits) => {
    const world = new Siege({ seed: 11, honest: 14, hostile: 0, conducts: [] })
    const { simulation } = world
    const [victim, friend] = world.honest as [VirtualPeer, VirtualPeer]
    const knocks = new StrangerKnocks(simulation, victim, { perSecond: nearBits > 0 ? 2 : 5, forMs: floodMs, nearBits })
    simulation.run(5 * 60_000)
    const before = heapInUse()
    simulation.run(20 * 60_000)
    expect(heapInUse() - before).toBeLessThan(heapGrowthMax)
    // It is asked, and asks, as ever.
    const record = contentRecord(new TextEncoder().encode('kept by the victim'))
    expect(outcomeOf(simulation, victim, { type: 'write', record, all: true })).toMatchObject({ type: 'written' })
    expect(world.read(friend, record)).toHaveLength(1)
    expect(victim.overlay.status.links).toBe(world.honest.length - 1)
    // Somebody new comes while the flood goes on.
    const newcomer = simulation.join()
    simulation.run(90_000)
    expect(newcomer.overlay.isLinkedTo(victim.contact.id)).toBe(true)
    expect(knocks.count).toBeGreaterThan(2_000)
  })
})

describe('a hostile peer that knocks again and again under its own name', () => {
  it('does not use up what its victims may dial', { timeout: 120_000 }, () => {
    const world = new Siege({ seed: 12, honest: 14, hostile: 2, conducts: ['floodsKnocks'] })
    const { simulation } = world
    simulation.run(10 * 60_000)
    const newcomers = Array.from({ length: 4 }, () => simulation.join())
    simulation.run(120_000)
    for (const newcomer of newcomers)
      expect(world.honest.filter(({ contact }) => newcomer.overlay.isLinkedTo(contact.id)).length).toBeGreaterThanOrEqual(
        world.honest.length - 1,
      )
  })
})

describe('a storage flood by publishers that nobody has heard of', () => {
  it('fills no store beyond its quota, leaves what was there, and memory flat', { timeout: 240_000 }, () => {
    const world = new Siege({ seed: 13, honest: 6, hostile: 3, conducts: ['floodsStores'] })
    const { simulation } = world
    // The writer's own copy never goes, and would answer for all: what counts are the others'.
    const written = world.honest.flatMap((writer) =>
      Array.from({ length: ownRecords }, (_, i) => {
        const publicKeyOf = publicKey(new Uint8Array(publicKeyBytes).fill(writer.index + 1))
        const record = world.owned({ publicKey: publicKeyOf, salt: new Uint8Array([i]) }, 1, 'was there before')
        world.write(writer, record)
        return { record, holders: world.honest.filter((peer) => peer !== writer && peer.has(recordId(record))) }
      }),
    )
    const copies = () => written.flatMap(({ record, holders }) => holders.filter((peer) => peer.has(recordId(record)))).length
    const copiesBefore = copies()
    expect(copiesBefore).toBeGreaterThan(written.length * 3)
    const kept = () => world.honest.map(({ overlay }) => overlay.status.recordsKept)
    const most = defaultStoreQuotas.total.records + ownRecords
    for (let minutes = 0; minutes < 40 && Math.min(...kept()) < most; minutes++) simulation.run(60_000)
    expect(Math.min(...kept())).toBeGreaterThanOrEqual(most)
    const before = heapInUse()
    simulation.run(2 * 60_000)
    expect(heapInUse() - before).toBeLessThan(heapGrowthMax)
    expect(Math.max(...kept())).toBeLessThanOrEqual(most + 1)
    // Here everybody is a replica of nearly everything, so most of the flood comes by honest hands, and is theirs as much as what they wrote.
    // Of 263 copies 153 were left; 102 while the farthest went first, whoever had brought it.
    expect(copies()).toBeGreaterThan(copiesBefore / 2)
    for (const { record } of written.slice(0, ownRecords))
      for (const reader of world.honest) expect(world.read(reader, record).map(recordId)).toEqual([recordId(record)])
  })
})
