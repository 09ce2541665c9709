import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawLaterMs, drawnFromMax, drawSoonMs, drawWaitMaxMs, Reservoir, type ReservoirEffect } from './reservoir.js'

const graceMs = 20_000

/** A seeded source of chance (mulberry32), so that a failure can be run again. */
function chance(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}

const reservoirOf = (size: number, lowWater: number, seed = 1) => new Reservoir({ size, lowWater, graceMs, below: chance(seed) })
const rested = (effects: readonly ReservoirEffect[]) => effects.flatMap((effect) => (effect.type === 'rest' ? [effect.peer] : []))

/** Wakes the reservoir as often as it asks for it, up to this time. */
function runUntil(reservoir: Reservoir, untilMs: number): { atMs: number; effect: ReservoirEffect }[] {
  const done: { atMs: number; effect: ReservoirEffect }[] = []
  for (let atMs = reservoir.wakeAtMs; atMs !== undefined && atMs <= untilMs; atMs = reservoir.wakeAtMs) {
    for (const effect of reservoir.handle({ type: 'ticked' }, atMs)) done.push({ atMs, effect })
  }
  return done
}

describe('Reservoir', () => {
  it('leaves everybody the time to be introduced', () => {
    const reservoir = reservoirOf(2, 1)
    for (let i = 0; i < 30; i++) expect(reservoir.handle({ type: 'came', peer: `p${i}` }, i)).toEqual([])
    expect(reservoir.present).toBe(30)
    expect(reservoir.wakeAtMs).toBe(graceMs)
    expect(reservoir.handle({ type: 'ticked' }, graceMs - 1)).toEqual([])
  })

  it('keeps no more than its size after that, and tells each of the others to rest once', () => {
    const reservoir = reservoirOf(8, 4)
    for (let i = 0; i < 30; i++) reservoir.handle({ type: 'came', peer: `p${i}` }, 0)
    const rests = rested(reservoir.handle({ type: 'ticked' }, graceMs))
    expect(reservoir.present).toBe(8)
    expect(new Set(rests).size).toBe(22)
    expect(rests).toHaveLength(22)
  })

  it('is a random sample: who came first stays no more often than who came last', () => {
    const stays = new Map<string, number>()
    for (let seed = 0; seed < 2_000; seed++) {
      const reservoir = reservoirOf(8, 4, seed)
      const peers = Array.from({ length: 32 }, (_, i) => `p${i}`)
      for (const peer of peers) reservoir.handle({ type: 'came', peer }, 0)
      const gone = new Set(rested(reservoir.handle({ type: 'ticked' }, graceMs)))
      for (const peer of peers) if (!gone.has(peer)) stays.set(peer, (stays.get(peer) ?? 0) + 1)
    }
    // 2,000 draws of probability 1/4: the standard deviation is 19.4, and five of them are 97.
    for (const count of stays.values()) expect(Math.abs(count - 500)).toBeLessThan(97)
    expect(stays.size).toBe(32)
  })

  it('gives a place that fell free to the next', () => {
    const reservoir = reservoirOf(2, 1)
    for (const peer of ['a', 'b']) reservoir.handle({ type: 'came', peer }, 0)
    reservoir.handle({ type: 'ticked' }, graceMs)
    reservoir.handle({ type: 'left', peer: 'a' }, graceMs)
    reservoir.handle({ type: 'came', peer: 'c' }, graceMs)
    expect(reservoir.handle({ type: 'ticked' }, 2 * graceMs)).toEqual([])
    expect(reservoir.present).toBe(2)
  })

  it('keeps the place of one that comes back on a new socket', () => {
    const reservoir = reservoirOf(1, 1)
    reservoir.handle({ type: 'came', peer: 'a' }, 0)
    reservoir.handle({ type: 'ticked' }, graceMs)
    expect(reservoir.handle({ type: 'came', peer: 'a' }, graceMs)).toEqual([])
    expect(reservoir.present).toBe(1)
    expect(reservoir.wakeAtMs).toBeUndefined()
  })

  it('asks a few of those who are left for more, soon after it had to turn others away', () => {
    const reservoir = reservoirOf(8, 4)
    const peers = Array.from({ length: 20 }, (_, i) => `p${i}`)
    for (const peer of peers) reservoir.handle({ type: 'came', peer }, 0)
    const gone = new Set(rested(reservoir.handle({ type: 'ticked' }, graceMs)))
    const members = peers.filter((peer) => !gone.has(peer))
    for (const peer of members.slice(3)) reservoir.handle({ type: 'left', peer }, graceMs)
    expect(reservoir.wakeAtMs).toBe(graceMs + drawSoonMs)
    const [draw] = reservoir.handle({ type: 'ticked' }, graceMs + drawSoonMs)
    expect(draw).toEqual({ type: 'draw', from: expect.any(Array) as string[], count: 2 })
    expect(draw?.type === 'draw' && [...draw.from].sort()).toEqual(members.slice(0, drawnFromMax).sort())
  })

  it('asks ever less often while nobody comes, also where it knows of no rests (it may have been restarted)', () => {
    const reservoir = reservoirOf(8, 4)
    reservoir.handle({ type: 'came', peer: 'a' }, 0)
    const draws = runUntil(reservoir, 24 * 3_600_000).map(({ atMs }) => atMs)
    const waits = draws.map((atMs, i) => atMs - (draws[i - 1] ?? 0))
    expect(waits.slice(0, 3)).toEqual([drawLaterMs, 2 * drawLaterMs, 4 * drawLaterMs])
    expect(waits.at(-1)).toBe(drawWaitMaxMs)
    expect(draws.length).toBeLessThan(40)
  })

  it('stops asking at low water', () => {
    const reservoir = reservoirOf(8, 2)
    reservoir.handle({ type: 'came', peer: 'a' }, 0)
    reservoir.handle({ type: 'came', peer: 'b' }, drawLaterMs / 2)
    expect(runUntil(reservoir, 24 * 3_600_000)).toEqual([])
    expect(reservoir.wakeAtMs).toBeUndefined()
  })

  it('has a part of the places where servers share them, and asks for more only when all have too few', () => {
    const reservoir = reservoirOf(8, 4)
    for (let i = 0; i < 8; i++) reservoir.handle({ type: 'came', peer: `p${i}` }, 0)
    expect(reservoir.handle({ type: 'ticked' }, graceMs)).toEqual([])
    expect(rested(reservoir.handle({ type: 'shared', servers: 3, elsewhere: 6 }, graceMs))).toHaveLength(5)
    expect(reservoir.present).toBe(3)
    expect(reservoir.wakeAtMs).toBeUndefined()
    reservoir.handle({ type: 'shared', servers: 2, elsewhere: 0 }, graceMs)
    expect(reservoir.handle({ type: 'ticked' }, graceMs + drawSoonMs)).toMatchObject([{ type: 'draw', count: 2 }])
    for (let i = 8; i < 14; i++) reservoir.handle({ type: 'came', peer: `p${i}` }, 2 * graceMs)
    reservoir.handle({ type: 'ticked' }, 3 * graceMs)
    expect(reservoir.present).toBe(4)
    // The other server is gone: all places are this one's again.
    reservoir.handle({ type: 'shared', servers: 1, elsewhere: 0 }, 3 * graceMs)
    for (let i = 14; i < 24; i++) reservoir.handle({ type: 'came', peer: `p${i}` }, 3 * graceMs)
    reservoir.handle({ type: 'ticked' }, 4 * graceMs)
    expect(reservoir.present).toBe(8)
  })

  it('holds its bounds whatever happens', () => {
    const step = fc.record({
      type: fc.constantFrom('came' as const, 'left' as const),
      peer: fc.integer({ min: 0, max: 20 }),
      passedMs: fc.integer({ min: 0, max: 30_000 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer(), (steps, seed) => {
        const reservoir = reservoirOf(4, 2, seed)
        const present = new Set<string>()
        let nowMs = 0
        const check = (effects: readonly ReservoirEffect[]) => {
          for (const effect of effects) {
            if (effect.type === 'rest') expect(present.delete(effect.peer)).toBe(true)
            else expect(effect.from.length > 0 && effect.count > 0 && effect.from.every((peer) => present.has(peer))).toBe(true)
          }
          expect(reservoir.present).toBe(present.size)
        }
        for (const { type, peer, passedMs } of steps) {
          nowMs += passedMs
          if (type === 'came') present.add(`p${peer}`)
          else present.delete(`p${peer}`)
          check(reservoir.handle({ type, peer: `p${peer}` }, nowMs))
        }
        check(reservoir.handle({ type: 'ticked' }, nowMs + graceMs))
        expect(reservoir.present).toBeLessThanOrEqual(4)
      }),
    )
  })
})
