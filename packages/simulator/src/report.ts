import type { Churn } from './churn.js'
import { type LookupTally, mean, percentile } from './lookup-tally.js'
import { type RecordCensus, takeCensus } from './record-census.js'
import type { Counts, ScenarioOptions } from './scenario.js'
import type { Simulation } from './simulation.js'
import type { Sleepers } from './sleepers.js'
import type { TrafficClass } from './traffic.js'
import type { WakeProbe } from './wake-probe.js'
import type { Workload } from './workload.js'

export interface LookupReport {
  readonly count: number
  readonly found: number
  readonly stale: number
  readonly missing: number
  /** Peers that one lookup asks. */
  readonly asked: number
  /** Links that one of its questions passes, there. */
  readonly hops: number
  /** Messages of one lookup, hop by hop, questions and answers. */
  readonly messages: number
  readonly medianMs: number
  readonly slowMs: number
  readonly failures: readonly string[]
}

/** What a run came to. Everything in it follows from the options. */
export interface Report {
  readonly options: ScenarioOptions
  readonly eventHash: string
  readonly happenings: number
  readonly virtualMs: number
  readonly peers: { readonly alive: number; readonly arrivals: number; readonly leaves: number; readonly crashes: number }
  readonly links: {
    readonly mean: number
    readonly min: number
    readonly max: number
    readonly estimatedPeersMean: number
    readonly estimatedPeersSpread: number
  }
  /** Times that peers were frozen and hidden, and how soon after they got a right answer: half of them, and all but one in a hundred. */
  readonly sleepers:
    | { readonly freezes: number; readonly hides: number; readonly wokenMedianMs: number; readonly wokenP99Ms: number }
    | undefined
  readonly churnLookups: LookupReport
  readonly calmLookups: LookupReport
  /** Ends of connections made in the calm overlay, window by window, without lookups and with many: what upkeep makes is in both. */
  readonly connections: {
    readonly inQuietWindows: readonly number[]
    readonly inReadingWindows: readonly number[]
    readonly perPeerMinuteOfChurn: number
    readonly perPeerOfForming: number
  }
  readonly records: RecordCensus & { readonly writes: number; readonly writesUnconfirmed: number }
  /** Messages that one peer sends in a second, relayed ones included: in churn with all lookups and writes, and in calm without any. */
  readonly traffic: {
    readonly perPeerSecondInChurn: number
    readonly perPeerSecondInCalm: number
    /** Bytes that one peer sends in a second, relayed ones included, without what lookups of apps are made of. */
    readonly upkeepBytesInChurn: number
    readonly upkeepBytesInCalm: number
    readonly byClass: { readonly [name in TrafficClass]: number }
    readonly bytesPerMessage: number
    /** What the bytes above were taken for, in terms of what the codec makes of a sample. */
    readonly guessedShare: number
    readonly largestBytes: number
    readonly dropped: number
  }
}

export interface Run {
  readonly options: ScenarioOptions
  readonly simulation: Simulation
  readonly workload: Workload
  readonly churn: Churn
  readonly churnReads: LookupTally
  readonly calmReads: LookupTally
  readonly counts: { readonly [stage in 'formed' | 'churned' | 'calm' | 'quieted']: Counts }
  readonly quietWindows: readonly number[]
  readonly readingWindows: readonly number[]
  readonly sleepers: Sleepers | undefined
  readonly woken: WakeProbe
}

export function reportOf({
  options,
  simulation,
  workload,
  churn,
  churnReads,
  calmReads,
  counts,
  quietWindows,
  readingWindows,
  sleepers,
  woken,
}: Run): Report {
  const { formed, churned, calm, quieted } = counts
  const statuses = simulation.alive.map(({ overlay }) => overlay.status)
  const links = statuses.map((status) => status.links)
  const estimates = statuses.map((status) => status.estimatedPeers)
  const peerSeconds = (from: Counts, to: Counts) => (options.peers * (to.nowMs - from.nowMs)) / 1_000
  const { traffic } = simulation
  return {
    options,
    eventHash: simulation.hash.hex,
    happenings: simulation.happenings,
    virtualMs: simulation.nowMs,
    peers: { alive: simulation.alive.length, arrivals: churn.arrivals, leaves: churn.leaves, crashes: churn.crashes },
    links: {
      mean: mean(links),
      min: links.reduce((a, b) => Math.min(a, b), Infinity),
      max: links.reduce((a, b) => Math.max(a, b), 0),
      estimatedPeersMean: mean(estimates),
      estimatedPeersSpread: percentile(estimates, 0.95) - percentile(estimates, 0.05),
    },
    sleepers: sleepers && { freezes: sleepers.freezes, hides: sleepers.hides, wokenMedianMs: woken.medianMs, wokenP99Ms: woken.slowMs },
    churnLookups: lookupReport(churnReads),
    calmLookups: lookupReport(calmReads),
    connections: {
      inQuietWindows: quietWindows,
      inReadingWindows: readingWindows,
      perPeerMinuteOfChurn: ((churned.connections - formed.connections) / Math.max(1, peerSeconds(formed, churned))) * 60,
      perPeerOfForming: formed.connections / options.peers,
    },
    records: {
      ...takeCensus(simulation.alive, workload.written),
      writes: workload.writesConfirmed + workload.writesUnconfirmed,
      writesUnconfirmed: workload.writesUnconfirmed,
    },
    traffic: {
      perPeerSecondInChurn: (churned.messages - formed.messages) / Math.max(1, peerSeconds(formed, churned)),
      perPeerSecondInCalm: (quieted.messages - calm.messages) / peerSeconds(calm, quieted),
      upkeepBytesInChurn: (churned.bytes - formed.bytes - churnReads.bytes) / Math.max(1, peerSeconds(formed, churned)),
      upkeepBytesInCalm: (quieted.bytes - calm.bytes) / peerSeconds(calm, quieted),
      byClass: { ...traffic.sent },
      bytesPerMessage: traffic.bytesPerMessage,
      guessedShare: traffic.sampledGuessedBytes / Math.max(1, traffic.sampledBytes),
      largestBytes: traffic.largestBytes,
      dropped: statuses.reduce((sum, status) => sum + status.messagesDropped, 0),
    },
  }
}

function lookupReport(tally: LookupTally): LookupReport {
  const { count, found, stale, missing, asked, hops, messages, tookMs, failures } = tally
  return {
    count,
    found,
    stale,
    missing,
    asked: asked / Math.max(1, count),
    hops,
    messages: mean(messages),
    medianMs: percentile(tookMs, 0.5),
    slowMs: percentile(tookMs, 0.95),
    failures,
  }
}
