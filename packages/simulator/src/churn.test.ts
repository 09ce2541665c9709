import { describe, expect, it } from 'vitest'
import { Churn, type ChurnOptions, layOut, Simulation, Sleepers, standAtMeetingPoint } from './index.js'

const latency = { model: 'geography', meanMs: 50 } as const
const minute = 60_000

function forty() {
  const simulation = new Simulation({ seed: 7, latency })
  layOut(simulation, { peers: 40 })
  standAtMeetingPoint(simulation)
  return simulation
}

describe.each<Pick<ChurnOptions, 'stays' | 'arrivals'>>([
  { stays: 'exponential', arrivals: 'replacing' },
  { stays: 'exponential', arrivals: 'poisson' },
  { stays: 'pareto', arrivals: 'poisson' },
])('stays that are $stays, arrivals $arrivals', ({ stays, arrivals }) => {
  it('keep the number of peers about the same, while they are others', { timeout: 120_000 }, () => {
    const simulation = forty()
    const before = new Set(simulation.alive.map(({ contact }) => contact))
    const churn = new Churn(simulation, { medianStayMs: minute, stays, arrivals, crashes: 0.5, returning: 0 })
    churn.start()
    simulation.run(4 * minute)
    churn.stop()
    expect(simulation.alive.length).toBeGreaterThan(20)
    expect(simulation.alive.length).toBeLessThan(65)
    expect(simulation.alive.filter(({ contact }) => before.has(contact)).length).toBeLessThan(20)
    expect(churn.arrivals).toBeGreaterThan(30)
    expect(churn.crashes).toBeGreaterThan(10)
    expect(churn.leaves).toBeGreaterThan(10)
  })
})

describe('sleepers', () => {
  it('are frozen now and then, each in its turn, and all awake in the end', { timeout: 60_000 }, () => {
    const simulation = forty()
    const sleepers = new Sleepers(simulation, { share: 0.5, awakeMs: 20_000, frozenMs: 10_000 })
    sleepers.start()
    const ever = new Set<number>()
    let most = 0
    for (let i = 0; i < 60; i++) {
      simulation.run(2_000)
      const frozen = simulation.alive.filter((peer) => peer.frozen)
      most = Math.max(most, frozen.length)
      for (const { index } of frozen) ever.add(index)
    }
    expect(ever.size).toBeGreaterThan(10)
    expect(ever.size).toBeLessThan(30)
    expect(most).toBeLessThan(ever.size)
    sleepers.stop()
    simulation.run(3 * minute)
    expect(simulation.alive.filter((peer) => peer.frozen)).toEqual([])
    for (const { overlay } of simulation.alive) expect(overlay.status.links).toBeGreaterThan(8)
  })
})
