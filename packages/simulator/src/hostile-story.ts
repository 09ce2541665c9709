import {
  compareRecords,
  contentRecord,
  encodeStored,
  Key,
  keptRecord,
  ownedKey,
  publicKey,
  publicKeyBytes,
  type Record,
  recordHash,
  recordId,
  replicas,
  type SignedRecord,
} from '@hashtab/core'
import { type ConductName, conductNames } from './adversaries/conduct-name.js'
import { Gang } from './adversaries/gang.js'
import { cheaplySigned } from './cheap-signature.js'
import { closestPeers } from './closest-peers.js'
import { type Figures, prefixed, type Progress } from './figures.js'
import { layOut } from './lay-out.js'
import { LookupProbe } from './lookup-probe.js'
import { beginsUnixMs, Simulation } from './simulation.js'
import type { SimulationOptions } from './simulation-options.js'
import type { VirtualPeer } from './virtual-peer.js'

/** An overlay that is laid out, and a share of it hostile: what honest peers still read and write. */
export interface HostileOptions extends SimulationOptions {
  readonly peers: number
  /** Links that a peer tries to have. */
  readonly target: number
  /** The share of peers that are hostile, 0 to 1. */
  readonly share: number
  /** What they do, each all of it: names of conducts with `+` between them. */
  readonly conducts: string
  /** Their ids are ground to crowd around one key; else they are spread by chance. */
  readonly crowded: boolean
  readonly records: number
  readonly gets: number
  readonly puts: number
  /** Gets, and puts that are read back, of the key that is crowded around. */
  readonly crowdedTries: number
  /** Lookups begun in a virtual second, in all. */
  readonly perSecond: number
}

export const defaultHostile: HostileOptions = {
  seed: 1,
  peers: 1_000,
  target: 32,
  latency: { model: 'geography', meanMs: 50 },
  share: 0.2,
  conducts: 'drops',
  crowded: false,
  records: 500,
  gets: 2_000,
  puts: 200,
  crowdedTries: 100,
  perSecond: 100,
}

const valueBytes = 100
const expiresInS = 86_400
/** Lies are told, and believed; keepers of records look each other over. */
const settleMs = 10_000
/** No lookup takes longer. */
const patienceMs = 60_000
/** Of the crowd around a key, the closest honest peer is farther away than some hundreds: it lies this many bits above the peers' own density. */
const crowdedBits = 2

export function runHostile(options: HostileOptions, progress: Progress): Figures {
  return new HostileStory(options, progress).tell()
}

export function conductsOf(text: string): ConductName[] {
  return text.split('+').map((name) => {
    const conduct = conductNames.find((one) => one === name)
    if (conduct === undefined) throw new RangeError(`A conduct is one of ${conductNames.join(', ')}, not ${name}.`)
    return conduct
  })
}

/** A record as honest holders have it, and as it was before: what hostile ones have. */
interface Kept {
  readonly record: Record
  readonly before: Record
}

/** Writes to the key that is crowded around, one version after the other. */
const crowdedPuts = 10

class HostileStory {
  readonly #options: HostileOptions
  readonly #simulation: Simulation
  readonly #peers: readonly VirtualPeer[]
  readonly #honest: readonly VirtualPeer[]
  readonly #progress: Progress
  /** Of the record that is crowded around. */
  readonly #owner = { publicKey: publicKey(new Uint8Array(publicKeyBytes).fill(7)), salt: new Uint8Array(20) }
  /** All that was ever signed, by id and by what is in it. */
  readonly #genuine = new Set<string>()
  #violations = 0
  /** Writes that were acknowledged, and those of them whose writer was told of a crowd. */
  #acknowledged = 0
  #noticed = 0

  constructor(options: HostileOptions, progress: Progress) {
    this.#options = options
    this.#progress = progress
    const { peers, share, conducts, crowded } = options
    this.#simulation = new Simulation(options)
    const gang = new Gang({
      size: Math.round(peers * share),
      conducts: conductsOf(conducts),
      random: this.#simulation.random,
      beganUnixMs: beginsUnixMs,
      ...(crowded && { crowded: { key: this.#crowdedKey, bits: Math.max(1, Math.floor(Math.log2(peers * (1 - share))) - crowdedBits) } }),
    })
    this.#peers = layOut(this.#simulation, { ...options, gang })
    this.#honest = this.#peers.filter((peer) => !peer.conducts)
    progress('laid out', 0, peers)
  }

  tell(): Figures {
    const { records, gets, puts, crowdedTries, crowded } = this.#options
    const kept = Array.from({ length: records }, (_, i) => this.#keep(this.#twice(i)))
    const crowdedOne = this.#keep(this.#versions(this.#owner.publicKey, this.#owner.salt))
    this.#simulation.run(settleMs)
    const get = this.#each('reading', gets, (probe) => this.#get(probe, this.#simulation.random.pick(kept)!.record))
    const written: Record[] = []
    const put = this.#each('writing', puts, (probe, i) => this.#put(probe, this.#twice(i).record, written))
    const readBack = this.#each('reading back', written.length, (probe, i) => this.#get(probe, written[i]!))
    return {
      ...prefixed('get', get),
      ...prefixed('put', put),
      ...prefixed('readBack', readBack),
      ...(crowded && this.#crowdedFigures(crowdedOne, crowdedTries)),
      violations: this.#violations,
      hostile: this.#peers.length - this.#honest.length,
      happenings: this.#simulation.happenings,
    }
  }

  #crowdedFigures({ record }: Kept, tries: number): Figures {
    const get = this.#each('reading', tries, (probe) => this.#get(probe, record))
    const newer: Record[] = []
    const { publicKey: whose, salt } = this.#owner
    const [acknowledged, noticed] = [this.#acknowledged, this.#noticed]
    const put = this.#each('writing', crowdedPuts, (probe, i) => this.#put(probe, this.#signed(whose, salt, BigInt(3 + i)), newer))
    const unnoticed = this.#acknowledged - acknowledged - (this.#noticed - noticed)
    const readBack = newer.length === 0 ? 0 : this.#each('reading back', tries, (probe) => this.#get(probe, newer.at(-1)!))['success']!
    return {
      crowdedGetSuccess: get['success']!,
      crowdedPutSuccess: put['success']!,
      crowdedPutsUnnoticed: unnoticed,
      crowdedReadBackSuccess: readBack,
      falseAlarms: noticed / Math.max(1, acknowledged),
    }
  }

  #each(stage: string, count: number, begin: (probe: LookupProbe, i: number) => void): Figures {
    const simulation = this.#simulation
    const probe = new LookupProbe(() => simulation.nowMs)
    simulation.watcher = probe
    for (let i = 0; i < count; i++) {
      begin(probe, i)
      simulation.run(1_000 / this.#options.perSecond)
      if (i % 1_000 === 0) this.#progress(`${stage} ${i} of ${count}`, simulation.nowMs, simulation.alive.length)
    }
    for (let waitedMs = 0; probe.underWay > 0 && waitedMs < patienceMs; waitedMs += 1_000) simulation.run(1_000)
    const { success, medianMs, p99Ms } = probe.figures
    return { success, medianMs, p99Ms }
  }

  /** It succeeds when it brings this version, or a newer one. */
  #get(probe: LookupProbe, record: Record): void {
    const operation = this.#simulation.nextOperation()
    const { key, kind } = record
    probe.begin(operation, Key.fromBytes(key.toBytes()), [], (outcome) => {
      if (outcome.type !== 'read') return false
      this.#violations += outcome.records.filter((one) => !one.key.equals(key) || !this.#genuine.has(nameOf(one))).length
      return outcome.records.some((one) => recordId(one) === recordId(record) && compareRecords(one, record) >= 0)
    })
    this.#simulation.tell(this.#anyHonest(), { type: 'read', operation, target: key, want: kind })
  }

  #put(probe: LookupProbe, record: Record, written: Record[]): void {
    const operation = this.#simulation.nextOperation()
    probe.begin(operation, record.key, [], (outcome) => {
      const isWritten = outcome.type === 'written' && outcome.stored > 0
      if (isWritten) {
        written.push(record)
        this.#acknowledged += 1
        if (outcome.crowded) this.#noticed += 1
      }
      return isWritten
    })
    this.#simulation.tell(this.#anyHonest(), { type: 'write', operation, record })
  }

  /** At its 8 closest, as if they had it from before: an honest peer in its newest version. Where the hostile have come since to crowd around it, at the closest honest peers. */
  #keep(kept: Kept): Kept {
    const holders = closestPeers(this.#peers, kept.record.key, replicas)
    const honest = holders.every(({ conducts }) => conducts) ? closestPeers(this.#honest, kept.record.key, replicas) : []
    for (const holder of [...holders, ...honest]) {
      const record = holder.conducts ? kept.before : kept.record
      const stored = encodeStored(keptRecord(record, { role: 'replica' }, this.#unixS))
      this.#simulation.tell(holder, { type: 'restored', stored: new Map([[recordId(record), stored]]) })
    }
    return kept
  }

  /** A new record, of the kinds in turn. */
  #twice(i: number): Kept {
    const { random } = this.#simulation
    if (i % 2 === 1) return this.#versions(publicKey(random.bytes(publicKeyBytes)), random.bytes(20))
    const record = contentRecord(random.bytes(valueBytes))
    this.#genuine.add(nameOf(record))
    return { record, before: record }
  }

  #versions(whose: SignedRecord['publicKey'], salt: Uint8Array): Kept {
    return { before: this.#signed(whose, salt, 1n), record: this.#signed(whose, salt, 2n) }
  }

  #signed(whose: SignedRecord['publicKey'], salt: Uint8Array, seq: bigint): SignedRecord {
    const value = this.#simulation.random.bytes(valueBytes)
    const record = cheaplySigned({ kind: 'owned', publicKey: whose, salt, seq, expiresUnixS: this.#unixS + expiresInS, value })
    this.#genuine.add(nameOf(record))
    return record
  }

  get #crowdedKey(): Key {
    return ownedKey(this.#owner.publicKey, this.#owner.salt)
  }

  get #unixS(): number {
    return Math.floor(this.#simulation.unixMs / 1_000)
  }

  #anyHonest(): VirtualPeer {
    return this.#simulation.random.pick(this.#honest)!
  }
}

function nameOf(record: Record): string {
  return `${recordId(record)} ${Buffer.from(recordHash(record)).toString('hex')}`
}
