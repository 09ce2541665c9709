import { contentRecord, Key } from '@hashtab/core'
import { expect, it } from 'vitest'
import { type Finish, layOut, Simulation, type VirtualPeer } from './index.js'

const seed = 5
/** More than a peer has under way at one time, and than its questions may be. */
const count = 400
const utf8 = (text: string) => new TextEncoder().encode(text)

it(`an app that asks for ${count} things in one go gets each of them, those that are nowhere as well, and keeps its links, seed ${seed}`, () => {
  const simulation = new Simulation({ seed, latency: { model: 'lognormal', meanMs: 50 } })
  const [writer, reader] = layOut(simulation, { peers: 300 }) as [VirtualPeer, VirtualPeer]
  const outcomes: Finish['outcome'][] = []
  simulation.watcher = { sent: () => {}, finished: (_, { outcome }) => outcomes.push(outcome) }
  const { links } = reader.overlay.status
  const records = Array.from({ length: count }, (_, i) => contentRecord(utf8(`piece ${i}`)))
  const came = (forMs: number) => {
    simulation.run(forMs)
    return outcomes.splice(0)
  }

  for (const record of records) simulation.tell(writer, { type: 'write', operation: simulation.nextOperation(), record })
  const written = came(10_000)
  expect(written.filter((one) => one.type === 'written' && one.storedElsewhere > 0)).toHaveLength(count)

  for (const { key: target } of records)
    simulation.tell(reader, { type: 'read', operation: simulation.nextOperation(), target, want: 'content' })
  expect(came(10_000).filter((one) => one.type === 'read' && one.records.length === 1)).toHaveLength(count)

  for (let i = 0; i < count; i++)
    simulation.tell(reader, { type: 'read', operation: simulation.nextOperation(), target: Key.hash(utf8(`nothing ${i}`)), want: 'open' })
  expect(came(20_000).filter((one) => one.type === 'read' && one.complete)).toHaveLength(count)
  expect(reader.overlay.status.links).toBeGreaterThanOrEqual(links)
})
