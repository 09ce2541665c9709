import { contentRecord, Key } from '@hashtab/core'
import { expect, it } from 'vitest'
import { layOut, outcomeOf, Simulation } from './index.js'
import { percentile } from './lookup-tally.js'
import type { VirtualPeer } from './virtual-peer.js'

const latency = { model: 'constant', meanMs: 50 } as const
const reads = 200
/** How long an acknowledgement is waited for at this round trip: `Forwarding` has one and a half of it, and 100 ms. */
const acknowledgeMs = 250

/** Reads by all in turn, one every 50 ms: what each took, and the seeks that went to one peer meanwhile. */
function readAround(simulation: Simulation, readers: readonly VirtualPeer[], target: Key, frozen: VirtualPeer) {
  const beganMs = new Map<number, number>()
  const tookMs: number[] = []
  let missing = 0
  /** When each of its neighbours sent it seeks. */
  const seeksFrom = new Map<string, number[]>()
  simulation.watcher = {
    sent: (message, to) => {
      if (message.type !== 'seek' || to !== frozen) return
      const from = message.path.at(-1)!.hex
      seeksFrom.set(from, [...(seeksFrom.get(from) ?? []), simulation.nowMs])
    },
    finished: (_, { operation, outcome }) => {
      if (outcome.type !== 'read') return
      tookMs.push(simulation.nowMs - beganMs.get(operation)!)
      if (outcome.records.length === 0) missing += 1
    },
  }
  for (let i = 0; i < reads; i++) {
    const operation = simulation.nextOperation()
    beganMs.set(operation, simulation.nowMs)
    simulation.tell(readers[i % readers.length]!, { type: 'read', operation, target, want: 'content' })
    simulation.run(50)
  }
  simulation.run(5_000)
  return { tookMs, missing, seeksFrom }
}

it('a frozen peer, the closest to what is read, costs each of its neighbours one missed acknowledgement, and then nothing', () => {
  const simulation = new Simulation({ seed: 7, latency })
  const peers = layOut(simulation, { peers: 200 })
  const record = contentRecord(new TextEncoder().encode('hello'))
  outcomeOf(simulation, peers[0]!, { type: 'write', record })
  const [frozen, ...others] = [...peers].sort((a, b) => Key.compare(record.key, a.contact.id, b.contact.id))
  simulation.freeze(frozen!)
  const first = readAround(simulation, others, record.key, frozen!)
  const second = readAround(simulation, others, record.key, frozen!)

  expect([first.missing, second.missing]).toEqual([0, 0])
  expect(first.tookMs).toHaveLength(reads)
  // It was asked, or this proves nothing.
  expect(first.seeksFrom.size).toBeGreaterThan(2)
  for (const sentMs of first.seeksFrom.values()) expect(sentMs.at(-1)! - sentMs[0]!).toBeLessThanOrEqual(acknowledgeMs)
  expect(second.seeksFrom.size).toBe(0)
  // Four hops and back at most, and one missed acknowledgement: whoever finds it silent tells those farther on to go round it.
  expect(percentile(first.tookMs, 0.5)).toBeLessThanOrEqual(200)
  expect(Math.max(...first.tookMs)).toBeLessThanOrEqual(400 + acknowledgeMs)
  expect(Math.max(...second.tookMs)).toBeLessThanOrEqual(300)
})
