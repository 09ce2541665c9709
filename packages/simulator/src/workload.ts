import {
  contentRecord,
  Key,
  type Message,
  type PublicKey,
  publicKey,
  publicKeyBytes,
  type Record,
  recordId,
  type SignedRecord,
} from '@hashtab/core'
import { cheaplySigned } from './cheap-signature.js'
import type { Simulation } from './simulation.js'
import type { Finish, Watcher } from './watcher.js'
import { LookupTally } from './lookup-tally.js'
import type { VirtualPeer } from './virtual-peer.js'

/** Bytes of value in a record: a short profile. */
const valueBytes = 100
/** Records are written to last longer than any simulation. */
const expiresInS = 86_400
/** One write in so many changes a record that is there. */
const updateEvery = 3

/** A record that was written, and what its writer was told of it. */
export interface Written {
  readonly id: string
  readonly key: Key
  readonly kind: Record['kind']
  readonly publisher: PublicKey
  readonly salt: Uint8Array
  seq: bigint
  /** The highest seq that a replica confirmed; undefined: none yet. Content has 0. */
  confirmed: bigint | undefined
  underWay: boolean
}

interface Read {
  readonly written: Written
  readonly wanted: bigint
  readonly peer: VirtualPeer
  readonly startedMs: number
}

/**
 * What apps do: writes records, changes them, and reads them from anywhere. A read succeeds when it brings the record in the version that was
 * confirmed before the read began, or a newer one.
 */
export class Workload implements Watcher {
  readonly #simulation: Simulation
  readonly written: Written[] = []
  reads = new LookupTally()
  readonly #writes = new Map<number, { written: Written; seq: bigint }>()
  readonly #reads = new Map<number, Read>()
  readonly #checks = new Map<number, { readonly written: Written; readonly wanted: bigint; readonly told: (isRight: boolean) => void }>()
  writesConfirmed = 0
  writesUnconfirmed = 0

  constructor(simulation: Simulation) {
    this.#simulation = simulation
    simulation.watcher = this
  }

  /** Some linked peer writes a new record, or changes one. */
  write(isNew = this.#simulation.random.below(updateEvery) > 0): void {
    const peer = this.#anyLinked()
    if (!peer) return
    const before = isNew ? undefined : this.#simulation.random.pick(this.written)
    const isChange = before !== undefined && before.kind !== 'content' && !before.underWay
    const record = isChange ? this.#signed(before) : this.#anyNew()
    const written = isChange ? before : newlyWritten(record)
    if (!isChange) this.written.push(written)
    written.underWay = true
    const operation = this.#simulation.nextOperation()
    this.#writes.set(operation, { written, seq: written.seq })
    this.#simulation.tell(peer, { type: 'write', operation, record })
  }

  /** Some linked peer reads a record that was confirmed. */
  read(written = this.#simulation.random.pick(this.written)): void {
    const peer = this.#anyLinked()
    if (!peer || !written || written.confirmed === undefined) return
    const operation = this.#simulation.nextOperation()
    const { key, kind, confirmed } = written
    this.#reads.set(operation, { written, wanted: confirmed, peer, startedMs: this.#simulation.nowMs })
    this.reads.begin(peer.contact.id, key)
    this.#simulation.tell(peer, { type: 'read', operation, target: key, want: kind })
  }

  /** This peer reads a record that was confirmed, and it is told whether it got it right. Not counted with the other reads. */
  check(peer: VirtualPeer, told: (isRight: boolean) => void): void {
    const written = this.#simulation.random.pick(this.written)
    if (written?.confirmed === undefined) return
    const operation = this.#simulation.nextOperation()
    this.#checks.set(operation, { written, wanted: written.confirmed, told })
    this.#simulation.tell(peer, { type: 'read', operation, target: written.key, want: written.kind })
  }

  finished(peer: VirtualPeer, { operation, outcome }: Finish): void {
    if (outcome.type === 'written') this.#wrote(operation, outcome.stored)
    if (outcome.type !== 'read') return
    const check = this.#checks.get(operation)
    this.#checks.delete(operation)
    check?.told(verdictOn(outcome.records, check.written, check.wanted) === 'found')
    const read = this.#reads.get(operation)
    if (!read) return
    this.#reads.delete(operation)
    const { written, wanted, startedMs } = read
    const verdict = verdictOn(outcome.records, written, wanted)
    const tookMs = this.#simulation.nowMs - startedMs
    this.reads.end(peer.contact.id, written.key, { verdict, asked: outcome.asked, tookMs, recordId: written.id })
  }

  sent(message: Message, _to: VirtualPeer, bytes: number): void {
    this.reads.sent(message, bytes)
  }

  /** What was read so far; from now on it is counted anew. */
  takeReads(): LookupTally {
    const { reads } = this
    this.reads = new LookupTally()
    return reads
  }

  #wrote(operation: number, stored: number): void {
    const write = this.#writes.get(operation)
    if (!write) return
    this.#writes.delete(operation)
    const { written, seq } = write
    written.underWay = false
    if (stored === 0) {
      this.writesUnconfirmed += 1
      return
    }
    this.writesConfirmed += 1
    if (written.confirmed === undefined || seq > written.confirmed) written.confirmed = seq
  }

  #anyNew(): Record {
    const { random } = this.#simulation
    const kind = random.pick(['owned', 'open', 'content'] as const)!
    if (kind === 'content') return contentRecord(random.bytes(valueBytes))
    const publisher = publicKey(random.bytes(publicKeyBytes))
    return this.#signed({ kind, publisher, salt: random.bytes(20), seq: 0n })
  }

  #signed(before: Pick<Written, 'kind' | 'publisher' | 'salt' | 'seq'>): SignedRecord {
    const { random, unixMs } = this.#simulation
    before.seq += 1n
    const wish = {
      publicKey: before.publisher,
      seq: before.seq,
      expiresUnixS: Math.floor(unixMs / 1_000) + expiresInS,
      value: random.bytes(valueBytes),
    }
    const place =
      before.kind === 'open'
        ? ({ kind: 'open', key: Key.fromBytes(before.salt) } as const)
        : ({ kind: 'owned', salt: before.salt } as const)
    return cheaplySigned({ ...wish, ...place })
  }

  #anyLinked(): VirtualPeer | undefined {
    const { random, alive } = this.#simulation
    for (let tries = 0; tries < 20; tries++) {
      const peer = random.pick(alive)
      if (peer && peer.openLinks > 0 && !peer.frozen) return peer
    }
    return undefined
  }
}

function newlyWritten(record: Record): Written {
  const common = { id: recordId(record), key: record.key, confirmed: undefined, underWay: false }
  if (record.kind === 'content') return { ...common, kind: 'content', publisher: noPublisher, salt: new Uint8Array(0), seq: 0n }
  return { ...common, kind: record.kind, publisher: record.publicKey, salt: record.salt, seq: record.seq }
}

const noPublisher = publicKey(new Uint8Array(publicKeyBytes))

function verdictOn(records: readonly Record[], { id }: Written, wanted: bigint): 'missing' | 'stale' | 'found' {
  const found = records.find((record) => recordId(record) === id)
  return found === undefined ? 'missing' : seqOf(found) < wanted ? 'stale' : 'found'
}

function seqOf(record: Record): bigint {
  return record.kind === 'content' ? 0n : record.seq
}
