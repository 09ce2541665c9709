import type { Crowd } from './crowd.js'
import type { Marks } from './pages/seat.js'
import type { Tab } from './tab.js'

/** A crowd that has not formed by then is measured as it is. */
const formationMs = 40_000

/** What came of a crowd that was loaded: every tab's marks, and those tabs that are ready. */
export interface Formation {
  readonly marks: readonly Marks[]
  readonly seated: readonly Tab[]
}

/** Loads the crowd's pages, and waits until all are ready (and know all others, when asked to), 40 s at most. */
export async function formed(crowd: Crowd, full: boolean, faults: string[]): Promise<Formation> {
  await crowd.load()
  const marks = await crowd.marked(
    ({ readyMs, fullMs, fault }) => fault !== undefined || (readyMs !== undefined && (!full || fullMs !== undefined)),
    formationMs,
  )
  for (const { fault } of marks) if (fault !== undefined) faults.push(fault)
  return { marks, seated: crowd.tabs.filter((_, i) => marks[i]!.readyMs !== undefined) }
}
