import { describe, expect, it } from 'vitest'
import { FormedApart } from './formed-apart.js'

const latency = { model: 'lognormal', meanMs: 50 } as const
/** By then nearly every peer is linked to its siblings of either side, and every record is read from everywhere. */
const mergedWithinMs = 180_000
const mergedShare = 0.99
/** After that the last missing links are made; now and then one is being replaced when it is looked at. */
const wholeWithinMs = 240_000
const lookEveryMs = 10_000
/** Looks at the surroundings, links, lists, and the records: some 430 at most, measured. */
const messagesPerPeerMax = 500
/** In as much time again, with nothing new to tell: what upkeep costs anyway, and lists of the last links, told up to 90 s later (66 at most, measured). */
const calmMessagesPerPeerMax = 80

/** A minute of a hundred peers takes seconds on a slow machine. */
const options = { timeout: 90_000 }

it('two overlays know nothing of each other without a peer in both, seed 10', options, () => {
  const partition = new FormedApart({ seed: 10, latency }, [50, 50], 20)
  partition.simulation.run(mergedWithinMs)
  expect(partition.siblingsFound).toBeLessThan(0.7)
  expect(partition.readable(7)).toBeLessThan(0.7)
})

/** What brings a peer into both. */
const bridges: readonly [string, (partition: FormedApart) => void][] = [
  [
    'a member of one comes to the meeting point of the other',
    ({ simulation, parts: [here, there] }) => simulation.standAt(here!.peers[3]!, there!.point),
  ],
  [
    'a newcomer comes to both meeting points',
    ({ simulation, parts }) => {
      simulation.join(
        undefined,
        parts.map(({ point }) => point),
      )
    },
  ],
  [
    'their server was gone and comes back',
    ({ simulation, parts }) => {
      for (const { point } of parts) point.kill()
      const { point: server } = parts[0]!
      server.revive()
      // Those whose sockets were open come back by themselves.
      for (const { peers } of parts) for (const peer of peers.slice(0, 4)) simulation.standAt(peer, server)
    },
  ],
]

describe.each([11, 12])('two overlays of fifty peers, seed %i', options, (seed) => {
  it.each(bridges)('become one when %s', (_, bridge) => {
    const partition = new FormedApart({ seed, latency }, [50, 50], 20)
    const { simulation } = partition
    const messagesPerPeer = () => {
      const before = simulation.traffic.messages
      simulation.run(mergedWithinMs)
      return (simulation.traffic.messages - before) / simulation.alive.length
    }
    bridge(partition)
    expect(messagesPerPeer()).toBeLessThan(messagesPerPeerMax)
    expect(partition.siblingsFound).toBeGreaterThanOrEqual(mergedShare)
    expect(partition.readable(7)).toBe(1)
    for (let leftMs = wholeWithinMs; leftMs > 0 && partition.siblingsFound < 1; leftMs -= lookEveryMs) simulation.run(lookEveryMs)
    expect(partition.siblingsFound).toBe(1)
    expect(messagesPerPeer()).toBeLessThan(calmMessagesPerPeerMax)
  })
})

it('what is whole already costs next to nothing when one of it comes to the meeting point again, seed 15', options, () => {
  const partition = new FormedApart({ seed: 15, latency }, [100], 20)
  const { simulation } = partition
  const before = simulation.traffic.sent.strangers
  for (const peer of partition.peers.slice(0, 20)) partition.parts[0]!.point.visit(peer, simulation.nowMs)
  simulation.run(mergedWithinMs)
  expect(simulation.traffic.sent.strangers).toBe(before)
})
