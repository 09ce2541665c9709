import { describe, expect, it } from 'vitest'
import { outcomeOf, Simulation, type VirtualPeer } from './index.js'

const seed = 11

/** Twelve tabs, of which a third of the pairs cannot link; and the first such pair. */
function scene() {
  const simulation = new Simulation({ seed, latency: { model: 'lognormal', meanMs: 50 }, unlinkable: 1 / 3 })
  const peers = Array.from({ length: 12 }, () => simulation.join())
  simulation.run(60_000)
  for (const one of peers) {
    const other = peers.find((peer) => peer !== one && !one.overlay.isLinkedTo(peer.contact.id))
    if (other) return { simulation, one, other }
  }
  throw new Error('All are linked.')
}

const linkCount = ({ overlay }: VirtualPeer) => overlay.status.links

describe(`two of twelve peers that cannot link, seed ${seed}`, () => {
  it('reach each other by mail, in secrets, and make no link for it', () => {
    const { simulation, one, other } = scene()
    const before = simulation.network.connectionsMade
    const links = [one, other].map(linkCount)
    const to = other.contact.id
    expect(outcomeOf(simulation, one, { type: 'mail', to, data: Uint8Array.of(1) })).toEqual({ type: 'mailed', received: true })
    expect(outcomeOf(simulation, other, { type: 'mail', to: one.contact.id, data: Uint8Array.of(2) })).toEqual({
      type: 'mailed',
      received: true,
    })
    expect([one, other].map(linkCount)).toEqual(links)
    expect(simulation.network.connectionsMade).toBe(before)
  })

  it('have a channel all the same', () => {
    const { simulation, one, other } = scene()
    const connected = outcomeOf(simulation, one, { type: 'connect', to: other.contact.id })
    if (connected.type !== 'connected') throw new Error(connected.type)
    const { channel } = connected
    expect(outcomeOf(simulation, one, { type: 'channelSend', channel, data: new Uint8Array(500_000) })).toEqual({ type: 'sent' })
    expect(one.overlay.isLinkedTo(other.contact.id)).toBe(false)
  })
})
