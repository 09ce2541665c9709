import { BuiltPage } from './built-page.js'
import { hashtab } from './contestants/hashtab.js'
import type { Figure } from './figure.js'
import { formed } from './formation.js'
import { printSamples } from './comparison.js'
import type { RendererUse } from './renderers.js'
import { type BrowserChoice, Stage } from './stage.js'
import { printTable } from './table.js'

/** What joining stirred up has settled by then: links that nobody wants are closed after twenty seconds. */
const settleMs = 60_000
/** So long nobody asks for anything. */
const idleMs = 60_000

/** What a tab takes from the person who has it open, among so many. */
export interface GuestReport {
  readonly tabs: number
  /** Open connections of each tab. */
  readonly links: readonly number[]
  /** RTCPeerConnections that each has made. */
  readonly connectionsMade: readonly number[]
  readonly heapBytes: readonly number[]
  /** What each renderer's own memory grew by, from an empty page to a peer that is linked. Empty where that cannot be seen. */
  readonly residentBytes: readonly number[]
  /** The part of a core that each renderer took while nobody asked for anything, in percent. */
  readonly idlePercent: readonly number[]
}

const rows: readonly (readonly [Exclude<keyof GuestReport, 'tabs'>, Figure])[] = [
  ['links', { label: 'open connections of a tab', unit: 'count', most: 48 }],
  ['connectionsMade', { label: 'connections made by a tab', unit: 'count' }],
  ['heapBytes', { label: 'JavaScript heap', unit: 'bytes', most: 12_000_000 }],
  ['residentBytes', { label: 'memory beyond that of an empty page', unit: 'bytes' }],
  ['idlePercent', { label: 'processor when idle, % of a core', unit: 'count', most: 2 }],
]

/** Opens the tabs, lets them link and rest, and looks what each of them takes. */
export async function benchGuest(tabs: number, choice: BrowserChoice, print: (line: string) => void): Promise<GuestReport> {
  const page = await BuiltPage.of(hashtab.page)
  try {
    const stage = await Stage.set(hashtab, page.address, tabs, false, choice)
    try {
      const before = await stage.renderers()
      const faults: string[] = []
      const { seated } = await formed(stage.crowd, true, faults)
      if (seated.length < tabs) throw new Error(`Only ${seated.length} of ${tabs} tabs are linked. ${faults.join(' ')}`)
      await pause(settleMs)
      const idleFrom = await stage.renderers()
      await pause(idleMs)
      const idleTo = await stage.renderers()
      const ours = new Set(busiest(before, idleTo, tabs))
      const report = {
        tabs,
        links: await Promise.all(seated.map((tab) => tab.links())),
        connectionsMade: await Promise.all(seated.map((tab) => tab.connectionsMade())),
        heapBytes: await Promise.all(seated.map((tab) => tab.heapBytes())),
        residentBytes: growths(before, idleTo, ({ residentBytes }) => residentBytes, ours),
        idlePercent: growths(idleFrom, idleTo, ({ cpuS }) => (cpuS * 1_000 * 100) / idleMs, ours),
      }
      print(`\n${tabs} tabs; medians (and ranges)\n`)
      print(
        printTable(
          ['', 'a tab'],
          rows.map(([name, figure]) => [figure.label, printSamples(figure, report[name])]),
        ),
      )
      return report
    } finally {
      await stage.strike()
    }
  } finally {
    await page.stop()
  }
}

/** The processes that did something since: the tabs'. */
function busiest(from: readonly RendererUse[], to: readonly RendererUse[], count: number): number[] {
  const cpuS = new Map(from.map((use) => [use.pid, use.cpuS]))
  return to
    .map(({ pid, cpuS: now }) => ({ pid, grewS: now - (cpuS.get(pid) ?? now) }))
    .sort((a, b) => b.grewS - a.grewS)
    .slice(0, count)
    .map(({ pid }) => pid)
}

function growths(
  from: readonly RendererUse[],
  to: readonly RendererUse[],
  valueOf: (use: RendererUse) => number | undefined,
  pids: ReadonlySet<number>,
): number[] {
  const before = new Map(from.map((use) => [use.pid, valueOf(use)]))
  return to.flatMap((use) => {
    const [was, is] = [before.get(use.pid), valueOf(use)]
    return pids.has(use.pid) && was !== undefined && is !== undefined ? [is - was] : []
  })
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs))
}
