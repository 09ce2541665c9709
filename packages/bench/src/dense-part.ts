import { formed } from './formation.js'
import type { Samples } from './figure.js'
import { inTurn } from './in-turn.js'
import type { Stage } from './stage.js'
import type { Tab } from './tab.js'

/** Later puts and gets of each tab, after its first. */
const warmPuts = 3
const warmGets = 5

/** Every tab may link to every other: joining, reading and writing, heap, and what comes when a third is gone. */
export async function playDense(stage: Stage, samples: Samples, faults: string[]): Promise<void> {
  const { crowd, proxy } = stage
  const { marks, seated } = await formed(crowd, true, faults)
  samples.readyMs = marks.map(({ readyMs }) => readyMs ?? Number.POSITIVE_INFINITY)
  samples.readyTabs = marks.map(({ readyMs }) => (readyMs === undefined ? 0 : 1))
  samples.fullMs = marks.map(({ fullMs }) => fullMs ?? Number.POSITIVE_INFINITY)
  if (seated.length < 2) throw new Error('Fewer than two tabs are ready: nothing more to measure.')
  await crowd.quiet()

  const bytesBefore = proxy.bytes
  samples.putColdMs = await inTurn(seated, (tab, i) => tab.put(nameOf(i), textOf(i)))
  const madeBefore = await crowd.connectionsMade()
  samples.getColdMs = await inTurn(seated, (tab, i) => {
    const other = (i + 1) % seated.length
    return tab.get(nameOf(other), textOf(other))
  })
  const madeByFirst = (await crowd.connectionsMade()) - madeBefore
  samples.putWarmMs = await inTurn(repeated(seated, warmPuts), (tab, i) => tab.put(`${nameOf(i)} again`, textOf(i)))
  const madeBetween = await crowd.connectionsMade()
  const askers = repeated(seated, warmGets)
  samples.getWarmMs = await inTurn(askers, (tab, i) => {
    // Of what was put again: another record each time, of another tab.
    const asked = (i + 1) % (seated.length * warmPuts)
    return tab.get(`${nameOf(asked)} again`, textOf(asked))
  })
  const made = madeByFirst + (await crowd.connectionsMade()) - madeBetween
  samples.connectionsPerLookup = [made / (seated.length + askers.length)]
  samples.serverBytes = [proxy.bytes - bytesBefore]
  samples.heapBytes = await inTurn(seated, (tab) => tab.heapBytes())

  const lost = seated.slice(0, Math.floor(seated.length / 3))
  await Promise.all(lost.map((tab) => tab.crash()))
  const left = seated.filter((tab) => !tab.isGone)
  // What the lost tabs had put; all that are left ask at once.
  samples.getAfterLossMs = await Promise.all(left.map((tab, i) => tab.get(nameOf(i % lost.length), textOf(i % lost.length))))
}

function repeated(tabs: readonly Tab[], times: number): Tab[] {
  return Array.from({ length: times }, () => tabs).flat()
}

function nameOf(turn: number): string {
  return `record ${turn}`
}

function textOf(turn: number): string {
  return `what was put in turn ${turn}`
}
