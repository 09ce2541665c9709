import { Key } from '@hashtab/core'
import { expect, it } from 'vitest'
import { beginsUnixMs, cheaplySigned, layOut, Simulation, type VirtualPeer } from './index.js'

const latency = { model: 'lognormal', meanMs: 50 } as const
const utf8 = (text: string) => new TextEncoder().encode(text)
/** A woken tab has this long to be told of what it missed. */
const backWithinMs = 2_000

function watch(simulation: Simulation, peer: VirtualPeer, target: Key): void {
  simulation.tell(peer, { type: 'watch', operation: simulation.nextOperation(), target, want: 'open' })
}

it.each([1, 2, 5])('a tab that froze for a quarter of a minute is told of what changed when nobody pushed any more, seed %i', (seed) => {
  const simulation = new Simulation({ seed, latency })
  const target = Key.hash(utf8(`froze ${seed}`))
  const peers = layOut(simulation, { peers: 100 }).sort((a, b) => Key.compare(target, b.contact.id, a.contact.id))
  const [watcher, writer] = peers as [VirtualPeer, VirtualPeer]
  const seen: bigint[] = []
  simulation.watcher = {
    sent: () => {},
    finished: () => {},
    watched: (_, { record }) => seen.push(record.kind === 'content' ? 0n : record.seq),
  }
  const write = (seq: bigint) => {
    const { publicKey } = writer.contact
    const record = cheaplySigned({
      kind: 'open',
      key: target,
      publicKey,
      seq,
      expiresUnixS: beginsUnixMs / 1_000 + 86_400,
      value: utf8('x'),
    })
    simulation.tell(writer, { type: 'write', operation: simulation.nextOperation(), record })
  }
  write(1n)
  simulation.run(5_000)
  watch(simulation, watcher, target)
  simulation.run(5_000)
  simulation.freeze(watcher)
  write(2n)
  simulation.run(13_000)
  write(3n)
  simulation.run(2_000)
  simulation.thaw(watcher)
  simulation.tell(watcher, { type: 'resumed' })
  simulation.run(backWithinMs)
  expect(seen).toEqual([1n, 2n, 3n])
})

it('a tab with as many watches as it may have keeps its links when it wakes, and is pushed to again at once', () => {
  const simulation = new Simulation({ seed: 5, latency })
  const peers = layOut(simulation, { peers: 100 })
  const [tab] = peers as [VirtualPeer]
  const watches = 256
  for (let i = 0; i < watches; i++) watch(simulation, tab, Key.hash(utf8(`key ${i}`)))
  simulation.run(90_000)
  const { links } = tab.overlay.status
  expect(tab.overlay.status.watchesLive).toBe(watches)
  simulation.freeze(tab)
  simulation.run(100_000)
  simulation.thaw(tab)
  simulation.run(backWithinMs)
  expect(tab.overlay.status.watchesLive).toBe(watches)
  expect(tab.overlay.status.links).toBeGreaterThan(0.9 * links)
})
