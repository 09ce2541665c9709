import {
  contentRecord,
  Key,
  type PublicKey,
  publicKey,
  publicKeyBytes,
  type Record,
  type RecordKind,
  type SignedRecord,
} from '@hashtab/core'
import { cheaplySigned } from '../cheap-signature.js'
import type { Simulation } from '../simulation.js'
import type { VirtualPeer } from '../virtual-peer.js'
import type { Ledger } from './ledger.js'
import type { Witness } from './witness.js'

const topicsCount = 4
const ownersCount = 8
const contentsMax = 30
const valueBytesMax = 300
const expiresInS = 86_400
const watchesMax = 20

interface Place {
  readonly key: Key
  readonly kind: RecordKind
}

/** What the apps of one world do: few keys, so that many meet at each. */
export class FaultApp {
  readonly #simulation: Simulation
  readonly #ledger: Ledger
  readonly #witness: Witness
  readonly #topics: readonly Key[]
  readonly #owners: readonly PublicKey[]
  readonly #seqs = new Map<string, bigint>()
  readonly #places: Place[] = []
  #watches = 0

  constructor(simulation: Simulation, ledger: Ledger, witness: Witness) {
    const { random } = simulation
    this.#simulation = simulation
    this.#ledger = ledger
    this.#witness = witness
    this.#topics = Array.from({ length: topicsCount }, () => Key.hash(random.bytes(8)))
    this.#owners = Array.from({ length: ownersCount }, () => publicKey(random.bytes(publicKeyBytes)))
  }

  /** One of them does something. `peers`: who may. */
  act(peers: readonly VirtualPeer[]): void {
    const { random } = this.#simulation
    const peer = random.pick(peers)
    if (!peer) return
    const chance = random.share()
    if (chance < 0.15) this.#write(peer, this.#sign('open'))
    else if (chance < 0.3) this.#write(peer, this.#sign('owned'))
    else if (chance < 0.35) this.#race(peer, random.pick(peers)!)
    else if (chance < 0.42 && this.#places.length < contentsMax) this.#write(peer, this.#content())
    else if (chance < 0.47 && this.#watches < watchesMax) this.#watch(peer)
    else this.#read(peer)
  }

  /** A tab of the owner here, and another one there, at the same moment, with the same seq. */
  #race(one: VirtualPeer, other: VirtualPeer): void {
    const first = this.#sign('owned')
    const { publicKey: whose, salt, seq } = first
    this.#write(one, first)
    if (other !== one) this.#write(other, this.#signed({ kind: 'owned', salt }, whose, seq))
  }

  #read(peer: VirtualPeer): void {
    const place = this.#simulation.random.pick(this.#places)
    if (place) this.#witness.read(peer, place.key, place.kind)
  }

  #write(peer: VirtualPeer, record: Record): void {
    if (!this.#places.some(({ key, kind }) => kind === record.kind && key.equals(record.key)))
      this.#places.push({ key: record.key, kind: record.kind })
    this.#witness.write(peer, record, this.#simulation.random.share() < 0.3)
  }

  #watch(peer: VirtualPeer): void {
    const place = this.#simulation.random.pick(this.#places.filter(({ kind }) => kind !== 'content'))
    if (!place || place.kind === 'content') return
    this.#watches += 1
    this.#witness.watch(peer, place.key, place.kind)
  }

  #content(): Record {
    const { random } = this.#simulation
    return this.#ledger.sign(contentRecord(random.bytes(1 + random.below(valueBytesMax))))
  }

  #sign(kind: 'open' | 'owned'): SignedRecord {
    const { random } = this.#simulation
    const whose = random.pick(this.#owners)!
    const key = random.pick(this.#topics)!
    const place = kind === 'open' ? ({ kind, key } as const) : ({ kind, salt: key.toBytes().subarray(0, 2) } as const)
    const name = `${kind} ${this.#owners.indexOf(whose)} ${key.hex}`
    const seq = (this.#seqs.get(name) ?? 0n) + 1n
    this.#seqs.set(name, seq)
    return this.#signed(place, whose, seq)
  }

  #signed(place: { kind: 'open'; key: Key } | { kind: 'owned'; salt: Uint8Array }, whose: PublicKey, seq: bigint): SignedRecord {
    const { random, unixMs } = this.#simulation
    const expiresUnixS = Math.floor(unixMs / 1_000) + expiresInS
    const value = random.bytes(1 + random.below(valueBytesMax))
    return this.#ledger.sign(cheaplySigned({ ...place, publicKey: whose, seq, expiresUnixS, value }))
  }
}
