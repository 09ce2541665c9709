import { loadavg } from 'node:os'
import type { Contestant } from './contestants/contestant.js'
import { hashtab } from './contestants/hashtab.js'
import { libp2pAsDocumented, libp2pAtItsBest } from './contestants/libp2p.js'
import { BuiltPage } from './built-page.js'
import { printComparison, type Showing } from './comparison.js'
import { addSamples } from './figure.js'
import { playRound } from './round.js'
import type { BrowserChoice } from './stage.js'

/** Ours first; the rival at its best last, whose figures ours are held to. */
const contestants: readonly Contestant[] = [hashtab, libp2pAsDocumented, libp2pAtItsBest]

/** All that was seen with one number of tabs. */
export interface TabReport {
  readonly tabs: number
  readonly rounds: number
  /** The machine's load average before each turn: beyond its cores, the figures are those of a busy machine. */
  readonly loads: readonly number[]
  readonly showings: readonly (Showing & { readonly faults: readonly string[] })[]
}

/** Plays the rounds in turns, so that whatever else the machine does falls on all alike, and prints the table. */
export async function benchTabs(tabs: number, rounds: number, browser: BrowserChoice, print: (line: string) => void): Promise<TabReport> {
  const names = [...new Set(contestants.map(({ page }) => page))]
  const pages = new Map(await Promise.all(names.map(async (name) => [name, await BuiltPage.of(name)] as const)))
  const showings = contestants.map(({ name }) => ({ name, samples: {}, faults: [] as string[] }))
  const loads: number[] = []
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const [i, contestant] of contestants.entries()) {
        const startMs = performance.now()
        const load = loadavg()[0]!
        loads.push(load)
        const page = pages.get(contestant.page)!
        const { samples, faults } = await playRound(contestant, page.address, tabs, browser)
        addSamples(showings[i]!.samples, samples)
        showings[i]!.faults.push(...faults.map((fault) => `round ${round}: ${fault}`))
        const seconds = Math.round((performance.now() - startMs) / 1_000)
        print(`${tabs} tabs, round ${round} of ${rounds}, ${contestant.name}: ${seconds} s, load before: ${load.toFixed(1)}`)
      }
    }
    for (const [i, { page }] of contestants.entries()) addSamples(showings[i]!.samples, { bundleBytes: [pages.get(page)!.gzipBytes] })
  } finally {
    await Promise.all([...pages.values()].map((page) => page.stop()))
  }
  print(`\n${tabs} tabs, ${rounds} rounds; medians (and ranges); ratio: ${contestants[0]!.name} to ${contestants.at(-1)!.name}\n`)
  print(printComparison(showings))
  for (const { name, faults } of showings) for (const fault of faults) print(`${name}: ${fault}`)
  return { tabs, rounds, loads, showings }
}
