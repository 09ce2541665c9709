import { contentRecord } from '@hashtab/core'
import { expect, it } from 'vitest'
import { layOut, outcomeOf, Simulation } from './index.js'
import { graceMs } from './meeting-point.js'

const seed = 7

it(`newcomers whom nobody but their like answered come back to the meeting point and get into the overlay, seed ${seed}`, () => {
  const simulation = new Simulation({ seed, latency: { model: 'lognormal', meanMs: 50 } })
  const { meetingPoint } = simulation
  const peers = layOut(simulation, { peers: 200 })
  // All have been there, so that few of those who come later get a place.
  for (const peer of peers) meetingPoint.visit(peer, simulation.nowMs)
  simulation.run(2 * graceMs)
  const record = contentRecord(new TextEncoder().encode('hello'))
  outcomeOf(simulation, peers[0]!, { type: 'write', record })

  const company = peers.filter((peer) => meetingPoint.has(peer))
  for (const peer of company) simulation.freeze(peer)
  const newcomers = Array.from({ length: 4 }, () => {
    simulation.run(100)
    return simulation.join()
  })
  simulation.run(1.2 * graceMs)
  const apart = newcomers.filter((peer) => peer.openLinks > 0 && peer.openLinks < 4)
  // Or this proves nothing.
  expect(apart.length).toBeGreaterThan(3)

  for (const peer of company) simulation.thaw(peer)
  simulation.run(2 * graceMs)
  for (const peer of apart) {
    expect(peer.openLinks).toBeGreaterThan(8)
    expect(outcomeOf(simulation, peer, { type: 'read', target: record.key, want: 'content' })).toMatchObject({ records: [record] })
  }
})
