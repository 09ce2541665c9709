import type { Tab } from './tab.js'

/** A kind of operation that takes all tabs longer than this is not waited for: what was measured by then counts. */
const turnsMs = 40_000

/** Each tab measures after the other, so that none waits for another. */
export async function inTurn(tabs: readonly Tab[], measure: (tab: Tab, turn: number) => Promise<number>): Promise<number[]> {
  const measured: number[] = []
  const endMs = performance.now() + turnsMs
  for (const [turn, tab] of tabs.entries()) {
    if (performance.now() > endMs) break
    measured.push(await measure(tab, turn))
  }
  return measured
}
