import { contentRecord, Key, type Record } from '@hashtab/core'
import { outcomeOf } from './outcome-of.js'
import type { MeetingPoint } from './meeting-point.js'
import { Simulation } from './simulation.js'
import type { SimulationOptions } from './simulation-options.js'
import type { VirtualPeer } from './virtual-peer.js'

/** Peers that arrive in a second, while a part forms. */
const arrivalsPerSecond = 10
/** Until a part is settled. */
const settleMs = 60_000
/** A peer's siblings: Kademlia's k. */
const siblingCount = 8

/** One of the overlays that were formed apart. */
export interface Part {
  readonly point: MeetingPoint
  readonly peers: readonly VirtualPeer[]
  readonly records: readonly Record[]
}

/** Overlays that formed apart, each at its own meeting point, and know nothing of each other. */
export class FormedApart {
  readonly simulation: Simulation
  readonly parts: readonly Part[]

  constructor(options: SimulationOptions, sizes: readonly number[], recordsEach: number) {
    this.simulation = new Simulation(options)
    const points = sizes.map((_, i) => this.simulation.meetingPoints[i] ?? this.simulation.addMeetingPoint())
    const crowds = sizes.map((): VirtualPeer[] => [])
    for (let i = 0; i < Math.max(...sizes); i++) {
      for (const [part, crowd] of crowds.entries()) if (i < sizes[part]!) crowd.push(this.simulation.join(undefined, [points[part]!]))
      if (i % arrivalsPerSecond === arrivalsPerSecond - 1) this.simulation.run(1_000)
    }
    this.simulation.run(settleMs)
    this.parts = crowds.map((peers, part) => ({ point: points[part]!, peers, records: this.#write(peers, recordsEach, part) }))
    this.simulation.run(settleMs)
  }

  get peers(): VirtualPeer[] {
    return this.parts.flatMap(({ peers }) => peers)
  }

  get records(): Record[] {
    return this.parts.flatMap(({ records }) => records)
  }

  /** How many of the peers that are to be siblings, of all peers, are linked, 0 to 1. */
  get siblingsFound(): number {
    let wanted = 0
    let found = 0
    const { alive } = this.simulation
    for (const { contact, overlay } of alive) {
      const ids = alive.map((one) => one.contact.id).filter((id) => !id.equals(contact.id))
      for (const id of ids.toSorted((a, b) => Key.compare(contact.id, a, b)).slice(0, siblingCount)) {
        wanted += 1
        if (overlay.isLinkedTo(id)) found += 1
      }
    }
    return found / wanted
  }

  /** How many of the reads of every `step`th pair of a record and a peer find it, 0 to 1. */
  readable(step = 1): number {
    const { peers, records, simulation } = this
    const pairs = records.flatMap((record) => peers.map((peer) => ({ record, peer }))).filter((_, i) => i % step === 0)
    const found = pairs.filter(({ record: { key, kind }, peer }) => {
      const outcome = outcomeOf(simulation, peer, { type: 'read', target: key, want: kind })
      return outcome.type === 'read' && outcome.records.length === 1
    })
    return found.length / pairs.length
  }

  #write(peers: readonly VirtualPeer[], count: number, part: number): Record[] {
    return Array.from({ length: count }, (_, i) => {
      const record = contentRecord(new TextEncoder().encode(`record ${i} of part ${part}`))
      outcomeOf(this.simulation, peers[i % peers.length]!, { type: 'write', record })
      return record
    })
  }
}
