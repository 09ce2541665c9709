import { contentRecord, Key, openKey, type Record, recordId } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { beginsUnixMs, cheaplySigned, outcomeOf, Simulation, type VirtualPeer } from './index.js'

const seed = 7
const latency = { model: 'lognormal', meanMs: 50 } as const
const utf8 = (text: string) => new TextEncoder().encode(text)
const tomorrow = beginsUnixMs / 1_000 + 86_400
const publisher = new Simulation({ seed: 99, latency }).join().contact

const profile = (seq: number, text: string) =>
  cheaplySigned({
    kind: 'owned',
    salt: utf8('profile'),
    publicKey: publisher.publicKey,
    seq: BigInt(seq),
    expiresUnixS: tomorrow,
    value: utf8(text),
  })

/** Twelve tabs, opened at once. */
function twelve() {
  const simulation = new Simulation({ seed, latency })
  const peers = Array.from({ length: 12 }, () => simulation.join())
  simulation.run(15_000)
  return { simulation, peers, first: peers[0]!, last: peers[11]! }
}

function read(simulation: Simulation, peer: VirtualPeer, { kind, key }: Pick<Record, 'kind' | 'key'>): readonly Record[] {
  const outcome = outcomeOf(simulation, peer, { type: 'read', target: key, want: kind })
  return outcome.type === 'read' ? outcome.records : []
}

const valuesOf = (records: readonly Record[]) => records.map(({ value }) => new TextDecoder().decode(value))

describe(`twelve peers, seed ${seed}`, () => {
  it('are a full mesh within 15 s, with one connection a pair', () => {
    const { simulation, peers } = twelve()
    for (const { overlay } of peers) {
      expect(overlay.status).toMatchObject({ links: 11, siblings: 8, estimatedPeers: 12 })
      for (const other of peers) expect(overlay.isLinkedTo(other.contact.id)).toBe(other.overlay !== overlay)
    }
    expect(simulation.network.connectionsMade).toBe(12 * 11)
  })

  it('keep what one puts, for all', () => {
    const simulation = new Simulation({ seed: 7, latency: { model: 'lognormal', meanMs: 50 } })
    const [first, ...others] = Array.from({ length: 12 }, () => simulation.join())
    simulation.run(15_000)

    const key = Key.hash(new TextEncoder().encode('hello'))
    const value = new TextEncoder().encode('world')
    const { publicKey } = first!.contact
    const record = cheaplySigned({ kind: 'open', key, publicKey, seq: 1n, expiresUnixS: beginsUnixMs / 1_000 + 3_600, value })
    const written = outcomeOf(simulation, first!, { type: 'write', record, all: true }) // { type: 'written', stored: 8, … }
    const found = others.map((peer) => outcomeOf(simulation, peer, { type: 'read', target: key, want: 'open' }))

    expect(written).toMatchObject({ type: 'written', stored: 8, wanted: 8 })
    for (const outcome of found) expect(outcome).toMatchObject({ type: 'read', records: [{ value }] })
    expect(openKey(record.salt)?.equals(key)).toBe(true)
  })

  it('take a newer record everywhere, and never go back to an older', () => {
    const { simulation, peers, first, last } = twelve()
    outcomeOf(simulation, first, { type: 'write', record: profile(1, 'one') })
    outcomeOf(simulation, last, { type: 'write', record: profile(2, 'two') })
    for (const peer of peers) expect(valuesOf(read(simulation, peer, profile(2, '')))).toEqual(['two'])
    const late = outcomeOf(simulation, peers[5]!, { type: 'write', record: profile(1, 'one') })
    expect(late).toMatchObject({ type: 'written', newer: { seq: 2n } })
    for (const peer of peers) expect(valuesOf(read(simulation, peer, profile(2, '')))).toEqual(['two'])
    expect(valuesOf(peers.flatMap((peer) => read(simulation, peer, profile(2, ''))))).not.toContain('one')
  })

  it('make no connection for lookups, of keys that are there and that are not', () => {
    const { simulation, peers, first } = twelve()
    const there = contentRecord(utf8('there'))
    outcomeOf(simulation, first, { type: 'write', record: there })
    const { connectionsMade } = simulation.network
    for (let i = 0; i < 100; i++) {
      const absent = { kind: 'open', key: Key.hash(utf8(`absent ${i}`)) } as const
      const peer = peers[i % peers.length]!
      expect(read(simulation, peer, i % 2 === 0 ? there : absent)).toHaveLength(1 - (i % 2))
    }
    expect(simulation.network.connectionsMade).toBe(connectionsMade)
  })

  it('go on without the meeting point, and take newcomers when it is back', () => {
    const { simulation, peers, first, last } = twelve()
    simulation.meetingPoint.kill()
    simulation.crash(peers[3]!)
    simulation.run(30_000)
    expect(outcomeOf(simulation, first, { type: 'write', record: profile(1, 'one'), all: true })).toMatchObject({ stored: 8 })
    expect(valuesOf(read(simulation, last, profile(1, '')))).toEqual(['one'])
    const newcomer = simulation.join()
    simulation.run(30_000)
    expect(newcomer.overlay.status.links).toBe(0)
    simulation.meetingPoint.revive()
    for (const peer of [first, last]) simulation.meetingPoint.visit(peer, simulation.nowMs)
    simulation.run(60_000)
    expect(newcomer.overlay.status.links).toBe(11)
    expect(valuesOf(read(simulation, newcomer, profile(1, '')))).toEqual(['one'])
  })

  it('lose nothing when four of them crash at once', () => {
    const { simulation, peers, first } = twelve()
    const records = Array.from({ length: 20 }, (_, i) => contentRecord(utf8(`record ${i}`)))
    for (const record of records) outcomeOf(simulation, first, { type: 'write', record })
    for (const peer of peers.slice(0, 4)) simulation.crash(peer)
    const others = peers.slice(4)
    for (const [i, record] of records.entries()) expect(read(simulation, others[i % 8]!, record)).toHaveLength(1)
    simulation.run(30_000)
    for (const [i, record] of records.entries()) expect(read(simulation, others[(i + 1) % 8]!, record)).toHaveLength(1)
    for (const record of records) expect(others.filter((peer) => peer.has(recordId(record)))).toHaveLength(8)
  })

  it('know one that was reloaded as the same, with its records', () => {
    const { simulation, first, last } = twelve()
    outcomeOf(simulation, first, { type: 'write', record: profile(1, 'one') })
    simulation.leave(first)
    simulation.run(2_000)
    const again = simulation.join(first)
    expect(again.overlay.status.recordsKept).toBeGreaterThan(0)
    simulation.run(15_000)
    expect(again.contact).toBe(first.contact)
    expect(again.overlay.status.links).toBe(11)
    expect(last.overlay.isLinkedTo(first.contact.id)).toBe(true)
  })
})
