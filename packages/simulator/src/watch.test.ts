import { Key, type OverlayEffect, type SignedRecord } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { beginsUnixMs, cheaplySigned, type Finish, Simulation, type VirtualPeer, type Watcher } from './index.js'

const seed = 7
const latency = { model: 'lognormal', meanMs: 50 } as const
const utf8 = (text: string) => new TextEncoder().encode(text)
const target = Key.hash(utf8('hello'))
/** Leases that a watcher holds: core's `holdersWanted`. */
const holders = 3

/** What one watch was told of: the seqs, in this order, and when. */
interface Told {
  readonly peer: VirtualPeer
  readonly operation: number
  readonly seqs: number[]
  readonly atMs: number[]
}

/** Peers of a simulation that write one record again and again, and watch it. */
class Stage implements Watcher {
  readonly simulation = new Simulation({ seed, latency })
  readonly peers: readonly VirtualPeer[]
  readonly #told = new Map<number, Told>()
  seq = 0

  constructor(count: number, formMs: number) {
    this.peers = Array.from({ length: count }, () => this.simulation.join())
    this.simulation.run(formMs)
    this.simulation.watcher = this
  }

  finished(_peer: VirtualPeer, _finish: Finish): void {}
  sent(): void {}
  watched(_peer: VirtualPeer, { operation, record }: Extract<OverlayEffect, { type: 'watched' }>): void {
    const told = this.#told.get(operation)!
    told.seqs.push(Number((record as SignedRecord).seq))
    told.atMs.push(this.simulation.nowMs)
  }

  watch(peer: VirtualPeer): Told {
    const told: Told = { peer, operation: this.simulation.nextOperation(), seqs: [], atMs: [] }
    this.#told.set(told.operation, told)
    this.simulation.tell(peer, { type: 'watch', operation: told.operation, target, want: 'open' })
    return told
  }

  write(peer: VirtualPeer): void {
    this.seq += 1
    const { publicKey } = this.peers[0]!.contact
    const expiresUnixS = beginsUnixMs / 1_000 + 86_400
    const record = cheaplySigned({ kind: 'open', key: target, publicKey, seq: BigInt(this.seq), expiresUnixS, value: utf8(`${this.seq}`) })
    this.simulation.tell(peer, { type: 'write', operation: this.simulation.nextOperation(), record })
  }

  /** Those alive, the closest to the key first. */
  get byDistance(): VirtualPeer[] {
    return [...this.simulation.alive].sort((a, b) => Key.compare(target, a.contact.id, b.contact.id))
  }
}

const ascending = (seqs: readonly number[]) => seqs.every((seq, i) => i === 0 || seq > seqs[i - 1]!)

describe(`a watched key, seed ${seed}`, () => {
  it('is told of within a second to everybody who watches, once; and what was there before, first', () => {
    const stage = new Stage(12, 15_000)
    stage.write(stage.peers[1]!)
    stage.simulation.run(3_000)
    const told = stage.peers.map((peer) => stage.watch(peer))
    stage.simulation.run(3_000)
    for (const { seqs } of told) expect(seqs).toEqual([1])
    const writtenMs = stage.simulation.nowMs
    stage.write(stage.peers[1]!)
    stage.simulation.run(5_000)
    for (const { seqs, atMs } of told) {
      expect(seqs).toEqual([1, 2])
      expect(atMs[1]! - writtenMs).toBeLessThan(1_000)
    }
    for (const { peer } of told) expect(peer.overlay.status).toMatchObject({ watches: 1, watchesLive: 1 })
  })

  it('is not told of any more once the watch is cancelled', () => {
    const stage = new Stage(12, 15_000)
    const told = stage.watch(stage.byDistance.at(-1)!)
    stage.simulation.run(3_000)
    stage.simulation.tell(told.peer, { type: 'cancel', operation: told.operation })
    stage.write(stage.byDistance.at(-2)!)
    stage.simulation.run(5_000)
    expect(told.seqs).toEqual([])
    expect(told.peer.overlay.status).toMatchObject({ watches: 0, watchesLive: 0 })
  })

  it.each(['crash', 'leave'] as const)('is told of at once, once, when the closest holder goes (%s)', (how) => {
    const stage = new Stage(40, 40_000)
    const watchers = stage.byDistance.slice(-6)
    const told = watchers.map((peer) => stage.watch(peer))
    stage.simulation.run(5_000)
    const [closest] = stage.byDistance
    stage.simulation[how](closest!)
    const writtenMs = stage.simulation.nowMs
    stage.write(stage.byDistance.at(-10)!)
    stage.simulation.run(30_000)
    for (const { seqs, atMs } of told) {
      expect(seqs).toEqual([1])
      expect(atMs[0]! - writtenMs).toBeLessThan(10_000)
    }
  })

  it('is told of after all three holders crashed at once, and what was written meanwhile, too', () => {
    const stage = new Stage(100, 60_000)
    const told = stage.byDistance.slice(-6).map((peer) => stage.watch(peer))
    stage.simulation.run(5_000)
    const writer = stage.byDistance.at(-10)!
    stage.write(writer)
    stage.simulation.run(5_000)
    for (const { seqs } of told) expect(seqs).toEqual([1])
    for (const peer of stage.byDistance.slice(0, holders)) stage.simulation.crash(peer)
    stage.write(writer)
    stage.simulation.run(120_000)
    for (const { seqs } of told) expect(seqs).toEqual([1, 2])
    stage.write(writer)
    stage.simulation.run(2_000)
    for (const { seqs } of told) expect(seqs).toEqual([1, 2, 3])
  })

  it('is told of by the next holders where the closest are full: 160 peers watch one key', { timeout: 60_000 }, () => {
    const stage = new Stage(160, 60_000)
    const told = stage.peers.map((peer) => stage.watch(peer))
    stage.simulation.run(10_000)
    stage.write(stage.peers[0]!)
    stage.simulation.run(10_000)
    for (const { seqs } of told) expect(seqs).toEqual([1])
    for (const peer of stage.byDistance) expect(peer.overlay.status.watchesLive).toBe(1)
  })

  it('200 times is told of 200 times, in order', () => {
    const stage = new Stage(40, 40_000)
    const told = stage.byDistance.slice(-4).map((peer) => stage.watch(peer))
    stage.simulation.run(5_000)
    for (let i = 0; i < 200; i++) {
      stage.write(stage.byDistance.at(-10)!)
      stage.simulation.run(700)
    }
    stage.simulation.run(5_000)
    for (const { seqs } of told) expect(seqs).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
  })

  it('quicker than that goes together: in order, none twice, and the last', () => {
    const stage = new Stage(12, 15_000)
    const told = stage.peers.map((peer) => stage.watch(peer))
    stage.simulation.run(5_000)
    for (let i = 0; i < 200; i++) {
      stage.write(stage.peers[3]!)
      stage.simulation.run(20)
    }
    stage.simulation.run(5_000)
    for (const { seqs } of told) {
      expect(ascending(seqs)).toBe(true)
      expect(seqs.at(-1)).toBe(200)
    }
    expect(Math.min(...told.map(({ seqs }) => seqs.length))).toBeGreaterThan(20)
  })

  it('is told of in order, once, and to the last, while half of 60 peers go and others come', { timeout: 60_000 }, () => {
    const stage = new Stage(60, 60_000)
    const { simulation } = stage
    const writer = stage.peers[0]!
    const stay = new Set<VirtualPeer>([writer, ...stage.peers.slice(1, 6)])
    const told = stage.peers.slice(1, 6).map((peer) => stage.watch(peer))
    simulation.run(5_000)
    for (let i = 0; i < 200; i++) {
      stage.write(writer)
      simulation.run(1_000)
      if (i % 5 > 0) continue
      const goes = simulation.random.pick(simulation.alive.filter((peer) => !stay.has(peer)))!
      if (i % 10 === 0) simulation.crash(goes)
      else simulation.leave(goes)
      simulation.join()
    }
    simulation.run(5_000)
    for (const { seqs } of told) {
      expect(ascending(seqs)).toBe(true)
      expect(seqs.at(-1)).toBe(200)
      expect(seqs.length).toBeGreaterThan(190)
    }
  })
})
