import { compareRecords, decodeStored, isMalformed, type Record, recordId } from '@hashtab/core'
import { Gang } from '../adversaries/gang.js'
import type { Conduct } from '../adversaries/conduct.js'
import type { MeetingPoint } from '../meeting-point.js'
import { heal } from '../partition.js'
import { beginsUnixMs, Simulation } from '../simulation.js'
import { type Identity, newcomer, type VirtualPeer } from '../virtual-peer.js'
import { FaultApp } from './fault-app.js'
import type { FaultPlan } from './fault-plan.js'
import { type Acknowledged, Ledger } from './ledger.js'
import { seqOf } from './reader-memory.js'
import { type Violation, Violations } from './violation.js'
import { Witness } from './witness.js'

/** One arrives after the other, this far apart; then the overlay settles. */
const arrivalGapMs = 150
const settleMs = 15_000
/** Between two looks at what must hold all the time. */
const lookEveryMs = 5_000
const frozenMs = 8_000
/** Once faults have stopped, every get succeeds after this, and after a partition, for two overlays find each other again in minutes. */
export const calmMs = 80_000
export const calmAfterPartitionMs = 240_000
/** And within this. */
export const getWithinMs = 10_000
/** A writer that goes sooner after it was told of its write cannot have confirmed it, unless it waited for all. */
export const confirmsWithinMs = 30_000
/** Readers of each record at the end. */
const readersEach = 3
const readsEndMs = 60_000

export interface FaultReport {
  readonly plan: FaultPlan
  readonly violations: readonly Violation[]
  readonly operations: number
  readonly acknowledged: number
  readonly happenings: number
  /** Over all events: two runs of one seed are the same. */
  readonly eventHash: string
}

/** Runs one world to its end. `pretends`: of the peers that count as honest every fourth does this, as if there were a mistake in it: to see that it is found. */
export function runFaults(plan: FaultPlan, pretends?: () => Conduct): FaultReport {
  return new FaultWorld(plan, pretends).run()
}

class FaultWorld {
  readonly #plan: FaultPlan
  readonly #simulation: Simulation
  readonly #violations: Violations
  readonly #ledger = new Ledger()
  readonly #witness: Witness
  readonly #app: FaultApp
  readonly #gang: Gang | undefined
  readonly #points: readonly MeetingPoint[]
  readonly #honest = new Map<string, VirtualPeer>()
  readonly #away: Identity[] = []
  /** When each peer was gone. */
  readonly #goneMs = new Map<number, number>()
  readonly #pretends: (() => Conduct) | undefined
  #isFaulty = false

  constructor(plan: FaultPlan, pretends: (() => Conduct) | undefined) {
    this.#plan = plan
    this.#pretends = pretends
    this.#simulation = new Simulation(plan)
    const simulation = this.#simulation
    this.#violations = new Violations(() => simulation.nowMs)
    this.#points = [simulation.meetingPoint, ...Array.from({ length: plan.points - 1 }, () => simulation.addMeetingPoint())]
    this.#witness = new Witness(simulation, this.#ledger, this.#violations, plan.limits, (idHex) => this.#honest.get(idHex))
    this.#app = new FaultApp(simulation, this.#ledger, this.#witness)
    const size = Math.round(plan.peers * plan.hostileShare)
    if (size === 0) return
    this.#gang = new Gang({ size, conducts: plan.conducts, random: simulation.random, beganUnixMs: beginsUnixMs })
    this.#gang.signed = (record) => void this.#ledger.sign(record)
  }

  run(): FaultReport {
    this.#form()
    this.#goWrong()
    this.#calm()
    this.#readAll()
    const { happenings, hash } = this.#simulation
    const acknowledged = this.#ledger.newest(() => true).length
    const { begun } = this.#witness.operations
    return { plan: this.#plan, violations: this.#violations.all, operations: begun, acknowledged, happenings, eventHash: hash.hex }
  }

  #form(): void {
    const hostile = this.#gang?.contacts ?? []
    const gap = Math.max(1, Math.floor(this.#plan.peers / (hostile.length + 1)))
    for (let i = 0; i < this.#plan.peers; i++) {
      const contact = i % gap === gap - 1 ? hostile[Math.floor(i / gap)] : undefined
      if (contact) this.#simulation.join(this.#gang!.identityOf(contact), this.#points)
      else this.#arrive(i % 4 === 0 && this.#pretends ? { ...newcomer(this.#simulation.random), conducts: [this.#pretends()] } : undefined)
      this.#simulation.run(arrivalGapMs)
    }
    this.#simulation.run(settleMs)
  }

  #goWrong(): void {
    const { burst, partition, faultsMs, operationsPerSecond, freezesPerMinute } = this.#plan
    const { random, nowMs } = this.#simulation
    this.#isFaulty = true
    this.#again(1_000 / operationsPerSecond, () => this.#app.act(this.#awake))
    this.#again(60_000 / freezesPerMinute, () => this.#freeze())
    for (const peer of this.#honest.values()) this.#limitStay(peer)
    if (burst)
      this.#at(nowMs + burst.atMs, () => {
        for (const peer of random.sample(this.#awake, Math.floor(burst.share * this.#honest.size))) this.#depart(peer, true)
      })
    if (partition) {
      const cut = new Set(random.sample(this.#simulation.alive, Math.floor(partition.share * this.#simulation.alive.length)))
      this.#at(nowMs + partition.atMs, () =>
        this.#simulation.network.divide(this.#simulation.alive, (peer) => cut.has(peer), this.#simulation.nowMs),
      )
      this.#at(nowMs + partition.atMs + partition.forMs, () => heal(this.#simulation))
    }
    this.#look(faultsMs)
  }

  /** Nothing goes wrong any more: the frozen thaw, the hostile are gone, the network is whole. */
  #calm(): void {
    this.#isFaulty = false
    heal(this.#simulation)
    for (const peer of this.#simulation.alive) if (peer.frozen) this.#simulation.thaw(peer)
    for (const peer of [...this.#simulation.alive])
      if (peer.conducts && !this.#honest.has(peer.contact.id.hex)) this.#simulation.crash(peer)
    this.#look(this.#plan.partition ? calmAfterPartitionMs : calmMs)
  }

  #look(forMs: number): void {
    for (let leftMs = forMs; leftMs > 0; leftMs -= lookEveryMs) {
      this.#simulation.run(Math.min(leftMs, lookEveryMs))
      this.#witness.operations.check(this.#simulation.nowMs)
      this.#witness.bounds.check(this.#awake)
    }
  }

  /** All that was acknowledged, by some, and what owners have said that said different things. */
  #readAll(): void {
    const { random } = this.#simulation
    for (const acknowledged of this.#ledger.newest((one) => this.#counts(one))) {
      const { record } = acknowledged
      const versions = new Map<string, VirtualPeer>()
      for (const reader of random.sample(this.#awake, readersEach))
        this.#witness.read(reader, record.key, record.kind, (records, tookMs) => {
          const found = records.find((one) => recordId(one) === recordId(record))
          this.#judge(acknowledged, reader, found, tookMs)
          if (found) this.#agree(versions, found, reader)
        })
      this.#simulation.run(200)
    }
    for (const key of this.#gang?.equivocated ?? []) {
      const versions = new Map<string, VirtualPeer>()
      for (const reader of this.#awake)
        this.#witness.read(reader, key, 'owned', (records) => records.forEach((record) => this.#agree(versions, record, reader)))
    }
    this.#look(readsEndMs)
  }

  #judge({ record }: Acknowledged, reader: VirtualPeer, found: Record | undefined, tookMs: number): void {
    const told = `${recordId(record)}, seq ${seqOf(record)}, by reader ${reader.index}`
    if (found && compareRecords(found, record) >= 0) {
      if (tookMs > getWithinMs) this.#violations.found('recovery', `${told} took ${Math.round(tookMs)} ms`)
      return
    }
    const holders = this.#awake.filter((peer) => isHeld(peer, record)).map(({ index }) => index)
    const gave = found ? `seq ${seqOf(found)}` : 'nothing'
    if (holders.length === 0) this.#violations.found('durable', `${told}: ${gave}, and nobody has it any more`)
    else this.#violations.found('recovery', `${told}: ${gave}, though ${holders.join(', ')} have it`)
  }

  #agree(versions: Map<string, VirtualPeer>, record: Record, reader: VirtualPeer): void {
    const version = `${seqOf(record)} ${Buffer.from(record.value).toString('hex')}`
    versions.set(version, reader)
    if (versions.size > 1)
      this.#violations.found(
        'agreement',
        `${recordId(record)}: readers ${[...versions.values()].map(({ index }) => index).join(' and ')} differ`,
      )
  }

  /** Its writer could see to it, or waited until somebody else had confirmed it. */
  #counts({ all, atMs, writer }: Acknowledged): boolean {
    return all || (this.#goneMs.get(writer) ?? Infinity) > atMs + confirmsWithinMs
  }

  get #awake(): VirtualPeer[] {
    return [...this.#honest.values()].filter((peer) => peer.alive && peer.place >= 0 && !peer.frozen && peer.openLinks > 0)
  }

  #arrive(identity?: Identity): void {
    const { random } = this.#simulation
    const peer = this.#simulation.join(identity, random.sample(this.#points, 1 + random.below(this.#points.length)))
    this.#honest.set(peer.contact.id.hex, peer)
    if (this.#isFaulty) this.#limitStay(peer)
  }

  #limitStay(peer: VirtualPeer): void {
    const { random, nowMs } = this.#simulation
    const { medianStayMs, crashes } = this.#plan
    if (medianStayMs < Infinity)
      this.#at(nowMs + random.exponential(medianStayMs / Math.LN2), () => this.#depart(peer, random.share() < crashes))
  }

  #depart(peer: VirtualPeer, crashes: boolean): void {
    if (!this.#isFaulty || !peer.alive || peer.place < 0) return
    const { random, nowMs } = this.#simulation
    this.#honest.delete(peer.contact.id.hex)
    this.#goneMs.set(peer.index, nowMs)
    this.#witness.operations.forget(peer)
    // A frozen tab says nothing when it is closed; and it must not thaw beside the tab that its peer comes back in.
    if (crashes || peer.frozen) this.#simulation.crash(peer)
    else this.#simulation.leave(peer)
    if (!peer.conducts) this.#away.push({ contact: peer.contact, storage: peer.storage })
    this.#at(nowMs + random.between(1_000, 5_000), () => {
      const returns = this.#away.length > 0 && random.share() < 0.3
      this.#arrive(returns ? this.#away.splice(random.below(this.#away.length), 1)[0] : undefined)
    })
  }

  #freeze(): void {
    const peer = this.#simulation.random.pick(this.#awake)
    if (!this.#isFaulty || !peer) return
    this.#witness.operations.forget(peer)
    this.#simulation.freeze(peer)
    this.#at(this.#simulation.nowMs + this.#simulation.random.exponential(frozenMs), () => {
      if (peer.frozen && peer.alive) this.#simulation.thaw(peer)
    })
  }

  /** Again and again, at random moments, as long as things go wrong. */
  #again(meanMs: number, deed: () => void): void {
    const { random, nowMs } = this.#simulation
    if (meanMs === Infinity) return
    this.#at(nowMs + random.exponential(meanMs), () => {
      if (!this.#isFaulty) return
      deed()
      this.#again(meanMs, deed)
    })
  }

  #at(atMs: number, run: () => void): void {
    this.#simulation.schedule.push(atMs, { type: 'errand', errand: { run } })
  }
}

/** Whether a peer has this version in its storage, or a newer one. */
function isHeld({ storage }: VirtualPeer, record: Record): boolean {
  const bytes = storage?.get(recordId(record))
  const stored = bytes && decodeStored(bytes)
  return stored !== undefined && !isMalformed(stored) && compareRecords(stored.record, record) >= 0
}
