import { publicKey, publicKeyBytes, recordId } from '@hashtab/core'
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
  const { seed, peers, hostile, conducts, strangerKnocks, records, fillMinutes, watchedMinutes, newcomers } = options
  const siege = new Siege({ seed, honest: peers, hostile, conducts: conducts === '' ? [] : conductsOf(conducts) })
  const { simulation, gang, honest } = siege
  let stores = 0
  gang.signed = () => (stores += 1)
  const kept = honest.flatMap((writer) => Array.from({ length: records }, (_, i) => keptOf(siege, writer, i)))
  const copies = () => kept.flatMap(({ id, holders }) => holders.filter((peer) => peer.has(id))).length
  const copiesBefore = copies()
  const [beganMs, knocksBefore, storesBefore] = [simulation.nowMs, gang.knocks, stores]
  const forMs = (fillMinutes + watchedMinutes) * minuteMs + newcomers * newcomerGapMs + linkedWithinMs
  const strangers = strangerKnocks > 0 ? new StrangerKnocks(simulation, honest[0]!, { perSecond: strangerKnocks, forMs }) : undefined
  const flood = (minutes: number) => {
    for (let minute = 0; minute < minutes; minute++) {
      simulation.run(minuteMs)
      progress('flooding', simulation.nowMs, simulation.alive.length)
    }
    return heapInUse()
  }
  const heapBytes = flood(fillMinutes)
  const heapGrowthBytes = flood(watchedMinutes) - heapBytes
  const recordsKept = honest.map(({ overlay }) => overlay.status.recordsKept)
  // Before newcomers take over from some of their holders.
  const copiesLeft = copies() / copiesBefore
  const came = Array.from({ length: newcomers }, () => {
    const newcomer = simulation.join()
    simulation.run(newcomerGapMs)
    return newcomer
  })
  simulation.run(linkedWithinMs)
  const knocks = (strangers?.count ?? 0) + gang.knocks - knocksBefore
  const floodedS = (simulation.nowMs - beganMs) / 1_000
  const links = came.flatMap((newcomer) => honest.map(({ contact }) => newcomer.overlay.isLinkedTo(contact.id)))
  const reads = kept.flatMap(({ record, id }) => honest.map((reader) => siege.read(reader, record).some((one) => recordId(one) === id)))
  return {
    ...(knocks > 0 && { knocksPerSecond: knocks / floodedS }),
    ...(stores > storesBefore && {
      storesPerSecond: (stores - storesBefore) / floodedS,
      recordsKeptMax: Math.max(...recordsKept),
      recordsKeptMin: Math.min(...recordsKept),
    }),
    newcomersLinked: shareOf(links),
    getSuccess: shareOf(reads),
    copiesLeft,
    heapGrowthMiB: heapGrowthBytes / 2 ** 20,
    happenings: simulation.happenings,
  }
}

/** A record of one writer, and who has it besides: the writer's own copy never goes. */
function keptOf(siege: Siege, writer: VirtualPeer, i: number) {
  const owner = { publicKey: publicKey(new Uint8Array(publicKeyBytes).fill(writer.index + 1)), salt: new Uint8Array([i]) }
  const record = siege.owned(owner, 1, 'was there before')
  siege.write(writer, record)
  const id = recordId(record)
  return { record, id, holders: siege.honest.filter((peer) => peer !== writer && peer.has(id)) }
}

function shareOf(held: readonly boolean[]): number {
  return mean(held.map(Number))
}
