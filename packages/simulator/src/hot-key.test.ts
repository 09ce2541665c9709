import { Key, type Message } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { beginsUnixMs, cheaplySigned, type Finish, layOut, Simulation, type VirtualPeer, type Watcher } from './index.js'

const seed = 7
const count = 2_000
/** Milliseconds between two readers. */
const gapMs = 0.1
/** Replicas of a key: core's `replicas`. */
const replicas = 8
const utf8 = (text: string) => new TextEncoder().encode(text)
const target = Key.hash(utf8('hot'))

/** Everybody reads one record at about the same time. */
class Rush implements Watcher {
  readonly simulation = new Simulation({ seed, latency: { model: 'lognormal', meanMs: 50 } })
  readonly peers = layOut(this.simulation, { peers: count })
  readonly keepers = new Set([...this.peers].sort((a, b) => Key.compare(target, a.contact.id, b.contact.id)).slice(0, replicas))
  readonly found = new Set<VirtualPeer>()
  /** Questions that reached the peers which keep the record. */
  arrived = 0

  constructor() {
    this.simulation.watcher = this
  }

  finished(peer: VirtualPeer, { outcome }: Finish): void {
    if (outcome.type === 'read' && outcome.records.length === 1) this.found.add(peer)
  }

  sent(message: Message, to: VirtualPeer): void {
    if (message.type === 'seek' && message.want !== 'peers' && this.keepers.has(to)) this.arrived += 1
  }

  write(): void {
    const { publicKey } = this.peers[0]!.contact
    const expiresUnixS = beginsUnixMs / 1_000 + 86_400
    const record = cheaplySigned({ kind: 'open', key: target, publicKey, seq: 1n, expiresUnixS, value: utf8('here') })
    this.simulation.tell(this.peers[0]!, { type: 'write', operation: this.simulation.nextOperation(), record })
    this.simulation.run(5_000)
  }

  readers(): readonly VirtualPeer[] {
    return this.peers.filter((peer) => !this.keepers.has(peer))
  }

  read(peer: VirtualPeer): void {
    this.simulation.tell(peer, { type: 'read', operation: this.simulation.nextOperation(), target, want: 'open' })
  }
}

describe(`a record that everybody asks for at once, seed ${seed}`, () => {
  it('reaches all, while those that keep it are asked far fewer times than there are readers', { timeout: 60_000 }, () => {
    const rush = new Rush()
    rush.write()
    for (const peer of rush.readers()) {
      rush.read(peer)
      rush.simulation.run(gapMs)
    }
    rush.simulation.run(20_000)
    expect(rush.found.size).toBe(count - replicas)
    console.log(`${count - replicas} readers within ${count * gapMs} ms: ${rush.arrived} questions reached the ${replicas} keepers`)
    expect(rush.arrived).toBeLessThan(count / 2)
  })
})
