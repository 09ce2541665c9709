import { type Contact, Key, publicKey, publicKeyBytes, type Record, type SignedRecord } from '@hashtab/core'
import { cheaplySigned } from '../cheap-signature.js'
import { outcomeOf } from '../outcome-of.js'
import { beginsUnixMs, Simulation } from '../simulation.js'
import type { VirtualPeer } from '../virtual-peer.js'
import type { ConductName } from './conduct-name.js'
import { Gang } from './gang.js'

const arrivalGapMs = 150
const settleMs = 40_000
const expiresInS = 86_400

export interface SiegeOptions {
  readonly seed: number
  readonly honest: number
  readonly hostile: number
  readonly conducts: readonly ConductName[]
  /** The hostile are the closest to this key: their ids share so many bits with it. */
  readonly crowded?: { readonly key: Key; readonly bits: number }
}

/** A small overlay that has formed with hostile peers in it: for attacks that are looked at step by step. */
export class Siege {
  readonly simulation: Simulation
  readonly gang: Gang
  readonly honest: readonly VirtualPeer[]
  readonly hostile: readonly VirtualPeer[]

  constructor({ seed, honest, hostile, conducts, crowded }: SiegeOptions) {
    this.simulation = new Simulation({ seed, latency: { model: 'lognormal', meanMs: 50 } })
    const { random } = this.simulation
    this.gang = new Gang({ size: hostile, conducts, random, beganUnixMs: beginsUnixMs, ...(crowded && { crowded }) })
    const members = [...this.gang.contacts]
    const [friends, foes]: [VirtualPeer[], VirtualPeer[]] = [[], []]
    for (let i = 0; i < honest + hostile; i++) {
      const isFoe = members.length > 0 && (i + 1) * hostile >= (foes.length + 1) * (honest + hostile)
      if (isFoe) foes.push(this.simulation.join(this.gang.identityOf(members.pop()!)))
      else friends.push(this.simulation.join())
      this.simulation.run(arrivalGapMs)
    }
    this.simulation.run(settleMs)
    this.honest = friends
    this.hostile = foes
  }

  read(reader: VirtualPeer, { key, kind }: Pick<Record, 'key' | 'kind'>): readonly Record[] {
    const outcome = outcomeOf(this.simulation, reader, { type: 'read', target: key, want: kind })
    return outcome.type === 'read' ? outcome.records : []
  }

  write(writer: VirtualPeer, record: Record, all = true) {
    const outcome = outcomeOf(this.simulation, writer, { type: 'write', record, all })
    if (outcome.type !== 'written') throw new TypeError('A write ends as written.')
    return outcome
  }

  owned(owner: Owner, seq: number, value: string): SignedRecord {
    const expiresUnixS = Math.floor(this.simulation.unixMs / 1_000) + expiresInS
    return cheaplySigned({ kind: 'owned', ...owner, seq: BigInt(seq), expiresUnixS, value: new TextEncoder().encode(value) })
  }

  /** The contacts of these peers closest to a key, whoever they are. */
  closest(key: Key, count: number): VirtualPeer[] {
    return this.simulation.alive.toSorted((a, b) => Key.compare(key, a.contact.id, b.contact.id)).slice(0, count)
  }
}

export interface Owner {
  readonly publicKey: Contact['publicKey']
  readonly salt: Uint8Array
}

export const owner: Owner = { publicKey: publicKey(new Uint8Array(publicKeyBytes).fill(9)), salt: new Uint8Array([1]) }
