import { expect, it } from 'vitest'
import { layOut, Simulation } from './index.js'

const latency = { model: 'constant', meanMs: 50 } as const
const seed = 7
/** By now those who were linked to a peer that is gone have noticed, and few others have heard of it. */
const noticedMs = 25_000

it('a peer that is gone does not send whoever looks beside it from one to the other of those who were linked to it', () => {
  const simulation = new Simulation({ seed, latency })
  const peers = layOut(simulation, { peers: 300 })
  const gone = simulation.random.sample(peers, 20)
  for (const peer of gone) simulation.crash(peer)
  simulation.run(noticedMs)
  const lengths: number[] = []
  simulation.watcher = {
    sent: (message) => {
      if (message.type === 'seek') lengths.push(message.path.length)
    },
    finished: () => undefined,
  }
  for (const { contact } of gone) {
    for (const asker of simulation.random.sample(simulation.alive, 5)) {
      const target = contact.id.inBucket(159, contact.id)
      simulation.tell(asker, { type: 'read', operation: simulation.nextOperation(), target, want: 'open' })
    }
  }
  simulation.run(5_000)
  // They were asked, or this proves nothing.
  expect(lengths.length).toBeGreaterThan(100)
  expect(Math.max(...lengths), `seed ${seed}`).toBeLessThanOrEqual(8)
})
