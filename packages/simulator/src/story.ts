import { type CrashOptions, defaultCrash, runCrash } from './crash-story.js'
import { type Figures, type Progress } from './figures.js'
import { defaultFlood, type FloodOptions, runFlood } from './flood-story.js'
import { defaultHostile, type HostileOptions, runHostile } from './hostile-story.js'
import { defaultJoining, type JoiningOptions, runJoining } from './joining-story.js'
import { madePerLookup, successOf } from './print-report.js'
import type { LookupReport, Report } from './report.js'
import { defaultScenario, runScenario, type ScenarioOptions } from './scenario.js'
import { defaultStatic, runStatic, type StaticOptions } from './static-story.js'

/** What can be told of an overlay: `life`: peers come and go; `static`: nobody does; `joining`: some come; `crash`: many go at once; `hostile`: a share of them misbehaves; `flood`: they are flooded. */
export type Story =
  | { readonly kind: 'life'; readonly options: ScenarioOptions }
  | { readonly kind: 'static'; readonly options: StaticOptions }
  | { readonly kind: 'joining'; readonly options: JoiningOptions }
  | { readonly kind: 'crash'; readonly options: CrashOptions }
  | { readonly kind: 'hostile'; readonly options: HostileOptions }
  | { readonly kind: 'flood'; readonly options: FloodOptions }

export const defaultStories = {
  life: { kind: 'life', options: defaultScenario },
  static: { kind: 'static', options: defaultStatic },
  joining: { kind: 'joining', options: defaultJoining },
  crash: { kind: 'crash', options: defaultCrash },
  hostile: { kind: 'hostile', options: defaultHostile },
  flood: { kind: 'flood', options: defaultFlood },
} as const satisfies { readonly [kind in Story['kind']]: Story }

export function tellStory(story: Story, progress: Progress): Figures {
  switch (story.kind) {
    case 'life':
      return figuresOf(runScenario(story.options, progress))
    case 'static':
      return runStatic(story.options, progress)
    case 'joining':
      return runJoining(story.options, progress)
    case 'crash':
      return runCrash(story.options, progress)
    case 'hostile':
      return runHostile(story.options, progress)
    case 'flood':
      return runFlood(story.options, progress)
  }
}

function figuresOf(report: Report): Figures {
  const { churnLookups, calmLookups, records, traffic, links, peers, connections } = report
  return {
    ...report.sleepers,
    ...lookupFigures('churn', churnLookups),
    ...lookupFigures('calm', calmLookups),
    records: records.confirmed,
    lost: records.lost.length,
    lostShare: records.lost.length / Math.max(1, records.confirmed),
    replicasMean: records.replicasMean,
    upkeepBytesInChurn: traffic.upkeepBytesInChurn,
    upkeepBytesInCalm: traffic.upkeepBytesInCalm,
    messagesInChurn: traffic.perPeerSecondInChurn,
    bytesPerMessage: traffic.bytesPerMessage,
    bytesGuessedShare: traffic.guessedShare,
    connectionsPerLookup: madePerLookup(report),
    connectionsPerPeerMinute: connections.perPeerMinuteOfChurn,
    connectionsPerJoin: connections.perPeerOfForming,
    links: links.mean,
    estimatedPeers: links.estimatedPeersMean,
    departures: peers.leaves + peers.crashes,
    alive: peers.alive,
    virtualMinutes: Math.round(report.virtualMs / 60_000),
    happenings: report.happenings,
  }
}

function lookupFigures(name: string, lookups: LookupReport): Figures {
  return {
    [`${name}Lookups`]: lookups.count,
    [`${name}Success`]: successOf(lookups),
    [`${name}MedianMs`]: lookups.medianMs,
    [`${name}P95Ms`]: lookups.slowMs,
    [`${name}Messages`]: lookups.messages,
  }
}
