import type { Marks } from './pages/seat.js'
import type { Tab } from './tab.js'

/** Nobody makes connections any more when none was made for this long. */
const quietMs = 1_500
/** Most of what is dialled: eight tabs with four links each leave about nine. */
const unlinkedPairsMin = 8
const quietDeadlineMs = 10_000
/** Every look costs each tab a little of what it is measured by. */
const pollMs = 250

/** The tabs of one contestant. */
export class Crowd {
  readonly tabs: readonly Tab[]
  readonly #page: string

  constructor(tabs: readonly Tab[], page: string) {
    this.tabs = tabs
    this.#page = page
  }

  /** Those that have not been crashed. */
  get living(): readonly Tab[] {
    return this.tabs.filter((tab) => !tab.isGone)
  }

  /** All tabs load their page at once. */
  async load(): Promise<void> {
    await Promise.all(this.tabs.map((tab) => tab.load(this.#page)))
  }

  /** The marks of every tab, when they hold for all, or at the deadline. */
  async marked(holds: (marks: Marks) => boolean, deadlineMs: number): Promise<readonly Marks[]> {
    const endMs = performance.now() + deadlineMs
    for (;;) {
      const marks = await Promise.all(this.tabs.map((tab) => tab.marks()))
      if (marks.every(holds) || performance.now() > endMs) return marks
      await pause()
    }
  }

  /** RTCPeerConnections made so far, by all. */
  async connectionsMade(): Promise<number> {
    const counts = await Promise.all(this.living.map((tab) => tab.connectionsMade()))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** Waits until pairs of tabs have no link, or until the deadline. */
  async thinned(deadlineMs: number): Promise<void> {
    const endMs = performance.now() + deadlineMs
    while (performance.now() < endMs) {
      const links = await Promise.all(this.living.map((tab) => tab.links()))
      // Both tabs of a pair lack it.
      if (links.reduce((sum, count) => sum + this.tabs.length - 1 - count, 0) >= 2 * unlinkedPairsMin) return
      await pause()
    }
  }

  /** Waits until no tab makes connections any more, or until it takes too long: some contestants never rest. */
  async quiet(): Promise<void> {
    const endMs = performance.now() + quietDeadlineMs
    let made = -1
    let sinceMs = performance.now()
    while (performance.now() < Math.min(endMs, sinceMs + quietMs)) {
      const now = await this.connectionsMade()
      if (now !== made) sinceMs = performance.now()
      made = now
      await pause()
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pollMs))
}
