import { publicKey, publicKeyBytes, recordId, type SignedRecord } from '@hashtab/core'
import { heapInUse } from './adversaries/heap-in-use.js'
import { Siege } from './adversaries/siege.js'
import { StrangerKnocks } from './adversaries/stranger-knocks.js'
import type { Figures, Progress } from './figures.js'
import { conductsOf } from './hostile-story.js'
import { mean } from './lookup-tally.js'
import type { VirtualPeer } from './virtual-peer.js'

/** A small overlay that is flooded all the time: what it still does, and what the flood leaves in its memory. */
export interface FloodOptions {
  readonly seed: number
  /** Those who are honest, and there before. */
  readonly peers: number
  readonly hostile: number
  /** What the hostile do, each all of it: names of conducts with `+` between them. */
  readonly conducts: string
  /** Knocks a second at one of the honest, by keys that nobody has heard of; 0: none. */
  readonly strangerKnocks: number
  /** What each honest peer writes before. */
  readonly records: number
  /** Until all that is bounded is full; then for so long the heap is watched. */
  readonly fillMinutes: number
  readonly watchedMinutes: number
  /** Honest peers that come after that, while the flood goes on. */
  readonly newcomers: number
}

export const defaultFlood: FloodOptions = {
  seed: 1,
  peers: 14,
  hostile: 0,
  conducts: '',
  strangerKnocks: 0,
  records: 10,
  fillMinutes: 5,
  watchedMinutes: 25,
  newcomers: 8,
}

const minuteMs = 60_000
/** Between two newcomers, and after the last. */
const newcomerGapMs = 30_000
/** A newcomer has its links by then. */
const linkedWithinMs = 90_000

export function runFlood(options: FloodOptions, progress: Progress): Figures {
  return new FloodStory(options, progress).tell()
}

/** A record that was written before, and who had it besides its writer, whose own copy never goes. */
interface Written {
  readonly record: SignedRecord
  readonly id: string
  readonly holders: readonly VirtualPeer[]
}

class FloodStory {
  readonly #options: FloodOptions
  readonly #progress: Progress
  readonly #siege: Siege
  readonly #written: readonly Written[]
  readonly #copiesBefore: number
  #stores = 0

  constructor(options: FloodOptions, progress: Progress) {
    this.#options = options
    this.#progress = progress
    const { seed, peers, hostile, conducts, records } = options
    this.#siege = new Siege({ seed, honest: peers, hostile, conducts: conducts === '' ? [] : conductsOf(conducts) })
    this.#written = this.#siege.honest.flatMap((writer) => Array.from({ length: records }, (_, i) => this.#write(writer, i)))
    this.#copiesBefore = this.#copies
    this.#siege.gang.signed = () => (this.#stores += 1)
  }

  tell(): Figures {
    const { fillMinutes, watchedMinutes, newcomers, strangerKnocks } = this.#options
    const { simulation, gang, honest } = this.#siege
    const [beganMs, knocksBefore] = [simulation.nowMs, gang.knocks]
    const forMs = (fillMinutes + watchedMinutes) * minuteMs + newcomers * newcomerGapMs + linkedWithinMs
    const strangers = strangerKnocks > 0 ? new StrangerKnocks(simulation, honest[0]!, { perSecond: strangerKnocks, forMs }) : undefined
    this.#flood(fillMinutes)
    const heapBytes = heapInUse()
    const copiesLeast = Math.min(...this.#flood(watchedMinutes))
    const heapGrowthMiB = (heapInUse() - heapBytes) / 2 ** 20
    const recordsKept = honest.map(({ overlay }) => overlay.status.recordsKept)
    const newcomersLinked = this.#welcome(newcomers)
    const floodedS = (simulation.nowMs - beganMs) / 1_000
    const knocks = (strangers?.count ?? 0) + gang.knocks - knocksBefore
    return {
      ...(knocks > 0 && { knocksPerSecond: knocks / floodedS }),
      ...(this.#stores > 0 && { storesPerSecond: this.#stores / floodedS, recordsKeptMax: Math.max(...recordsKept) }),
      newcomersLinked,
      getSuccess: this.#readAll(),
      copiesLeft: copiesLeast / this.#copiesBefore,
      heapGrowthMiB,
      happenings: simulation.happenings,
    }
  }

  /** How many copies are left after each minute. */
  #flood(minutes: number): number[] {
    const { simulation } = this.#siege
    return Array.from({ length: minutes }, () => {
      simulation.run(minuteMs)
      this.#progress('flooding', simulation.nowMs, simulation.alive.length)
      return this.#copies
    })
  }

  /** The share of the links that newcomers should have with those who were there. */
  #welcome(newcomers: number): number {
    const { simulation, honest } = this.#siege
    const came = Array.from({ length: newcomers }, () => {
      const newcomer = simulation.join()
      simulation.run(newcomerGapMs)
      return newcomer
    })
    simulation.run(linkedWithinMs)
    return shareOf(came.flatMap(({ overlay }) => honest.map(({ contact }) => overlay.isLinkedTo(contact.id))))
  }

  /** The share of reads, by each of each, that bring what was written. */
  #readAll(): number {
    const { honest } = this.#siege
    const isRead = (reader: VirtualPeer, { record, id }: Written) => this.#siege.read(reader, record).some((one) => recordId(one) === id)
    return shareOf(this.#written.flatMap((written) => honest.map((reader) => isRead(reader, written))))
  }

  get #copies(): number {
    return this.#written.flatMap(({ id, holders }) => holders.filter((peer) => peer.has(id))).length
  }

  #write(writer: VirtualPeer, i: number): Written {
    const owner = { publicKey: publicKey(new Uint8Array(publicKeyBytes).fill(writer.index + 1)), salt: new Uint8Array([i]) }
    const record = this.#siege.owned(owner, 1, 'was there before')
    this.#siege.write(writer, record)
    const id = recordId(record)
    return { record, id, holders: this.#siege.honest.filter((peer) => peer !== writer && peer.has(id)) }
  }
}

function shareOf(held: readonly boolean[]): number {
  return mean(held.map(Number))
}
