import { type NatShares, natTypes } from './nat.js'
import type { PartitionOptions } from './partition.js'
import { type ScenarioOptions } from './scenario.js'
import type { SleeperOptions } from './sleepers.js'
import type { LookupReport, Report } from './report.js'

/** A report for people, with the command that replays the run. */
export function printReport(report: Report): string {
  const { options, peers, links, churnLookups, calmLookups, connections, records, traffic } = report
  const minutes = options.churnMs / 60_000
  const byClass = Object.entries(traffic.byClass).map(
    ([name, count]) =>
      `${name} ${share(
        count,
        Object.values(traffic.byClass).reduce((a, b) => a + b, 0),
      )}`,
  )
  const lines: readonly (readonly [string, string])[] = [
    [
      'peers',
      `${peers.alive} at the end; in ${minutes} min of churn ${peers.arrivals} came, ${peers.leaves} left, ${peers.crashes} crashed`,
    ],
    [
      'links',
      `${links.mean.toFixed(1)} a peer (${links.min} to ${links.max}); peers take the overlay for ${links.estimatedPeersMean.toFixed(0)} (9 of 10 within ${links.estimatedPeersSpread.toFixed(0)})`,
    ],
    ['lookups in churn', printLookups(churnLookups)],
    ['lookups in calm', printLookups(calmLookups)],
    [
      'connections',
      `made per lookup: ${madePerLookup(report).toFixed(3)} (in calm, by window: ${connections.inQuietWindows.join(' ')} without lookups, ${connections.inReadingWindows.join(' ')} with ${calmLookups.count})`,
    ],
    [
      '',
      `made by joining: ${connections.perPeerOfForming.toFixed(1)} a peer; in churn: ${connections.perPeerMinuteOfChurn.toFixed(1)} a peer and minute`,
    ],
    [
      'records',
      `${records.lost.length} of ${records.confirmed} lost; of the 8 closest ${records.replicasMean.toFixed(1)} hold each (at least ${records.replicasMin}); ${records.copiesMean.toFixed(1)} copies in all (at least ${records.copiesMin}), ${records.outdated} outdated`,
    ],
    ['writes', `${records.writes}, unconfirmed ${records.writesUnconfirmed}`],
    [
      'messages',
      `${traffic.perPeerSecondInChurn.toFixed(2)} a peer and second in churn, ${traffic.perPeerSecondInCalm.toFixed(2)} in calm; upkeep ${traffic.upkeepBytesInChurn.toFixed(0)} bytes a peer and second, ${traffic.upkeepBytesInCalm.toFixed(0)} in calm; ${traffic.bytesPerMessage.toFixed(0)} bytes each, the largest ${traffic.largestBytes}`,
    ],
    ['', byClass.join(', ')],
    ['dropped', `${traffic.dropped} messages`],
    [
      'events',
      `${report.happenings.toLocaleString('en')} in ${(report.virtualMs / 60_000).toFixed(1)} virtual minutes, hash ${report.eventHash}`,
    ],
    ['replay', replayCommand(options)],
  ]
  const failures = [...churnLookups.failures, ...calmLookups.failures]
  const told = failures.length > 0 ? ['lookups that failed:', ...failures.slice(0, failuresPrinted)] : []
  return [...lines.map(([name, text]) => `${name.padEnd(17)}${text}`), ...told].join('\n')
}

/**
 * Ends of connections made for one lookup in a calm overlay: what was made while lookups were, beyond what upkeep makes in the same time without any.
 * Upkeep makes a few now and then, so up to 0.02 is none: a lookup meets some twenty peers it has no link to, and if it led to links, it would be to several.
 */
export function madePerLookup({ connections, calmLookups }: Report): number {
  const sum = (windows: readonly number[]) => windows.reduce((a, b) => a + b, 0)
  return Math.max(0, sum(connections.inReadingWindows) - sum(connections.inQuietWindows)) / Math.max(1, calmLookups.count)
}

/** The share of lookups that brought what they should have, 0 to 1. */
export function successOf({ count, found }: LookupReport): number {
  return count === 0 ? 1 : found / count
}

/** The command that does the same run again. */
export function replayCommand(options: ScenarioOptions): string {
  const { churn, latency } = options
  const parameters: readonly (readonly [string, string | number])[] = [
    ['peers', options.peers],
    ['churn', `${churn.medianStayMs / 1_000}s`],
    ['seed', options.seed],
    ['minutes', options.churnMs / 60_000],
    ['stays', churn.stays],
    ['crashes', churn.crashes],
    ['returning', churn.returning],
    ['latency', latency.meanMs],
    ['latency-model', latency.model],
    ['unlinkable', options.unlinkable],
    ['records', options.records],
    ['reads', options.readsPerSecond],
    ['writes', options.writesPerSecond],
    ['arrivals', churn.arrivals],
    ['loss', options.loss],
    ['start', options.start],
    ...(options.uplinkMbps === undefined ? [] : [['uplink', options.uplinkMbps] as const]),
    ...(options.nat
      ? [
          [
            'nat',
            natTypes
              .slice(1)
              .map((type) => options.nat![type as keyof NatShares])
              .join(','),
          ] as const,
        ]
      : []),
    ...(options.sleepers ? [['sleepers', printSleepers(options.sleepers)] as const] : []),
    ...(options.partition ? [['partition', printPartition(options.partition)] as const] : []),
  ]
  const flags = options.killMeetingPoint ? ['--kill-meeting-point'] : []
  return ['npm run simulate --', ...parameters.map(([name, value]) => `--${name} ${value}`), ...flags].join(' ')
}

function printSleepers({ share, awakeMs, frozenMs, hiddenShare = 0 }: SleeperOptions): string {
  return `${share},${awakeMs / 1_000}s,${frozenMs / 1_000}s,${hiddenShare}`
}

function printPartition({ share, afterMs, forMs }: PartitionOptions): string {
  return `${share},${afterMs / 1_000}s,${forMs / 1_000}s`
}

const failuresPrinted = 10

function printLookups(lookups: LookupReport): string {
  const { count, stale, missing, asked, hops, messages, medianMs, slowMs } = lookups
  const success = `${(100 * successOf(lookups)).toFixed(2)} % of ${count} succeed (${missing} missing, ${stale} stale)`
  return `${success}; ${asked.toFixed(1)} asked at ${hops.toFixed(2)} hops, ${messages.toFixed(0)} messages; median ${medianMs.toFixed(0)} ms, 95 % within ${slowMs.toFixed(0)} ms`
}

function share(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(0)} %`
}
