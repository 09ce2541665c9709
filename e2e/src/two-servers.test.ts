import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { JoinChoices } from '../page/page.js'
import { Crowd } from './crowd.js'
import { ServerProcess } from './server-process.js'
import { Stage } from './stage.js'
import { timed } from './stopwatch.js'
import type { Tab } from './tab.js'
import { until } from './until.js'

const tabsPerServer = 6
const siblings = 8
/** A peer that has come asks about those it met after ten seconds; then the news spreads. */
const mergedWithinMs = 60_000
/** A peer alone looks for its meeting points every 10 to 30 s, and they try a server that was gone once a minute. */
const foundAgainWithinMs = 120_000

let stage: Stage
let second: ServerProcess

beforeAll(async () => {
  stage = await Stage.set()
  second = await ServerProcess.start()
})
afterEach(() => expect(stage.browser.takeFaults()).toEqual({}))
afterAll(async () => {
  await second?.kill()
  await stage?.strike()
})

/** Neither of the shared channel: the servers are the only places to meet. */
const choicesFor = (network: string, signaling: JoinChoices['signaling']): JoinChoices => ({
  network,
  tabs: false,
  ...(signaling && { signaling }),
})

describe('six tabs at one server, six at another', () => {
  let here: Crowd
  let there: Crowd
  let bridge: Tab

  test('are two overlays: neither reads what the other has put', async () => {
    here = new Crowd(await stage.joinTabs(tabsPerServer, choicesFor('two', stage.server.address)))
    there = new Crowd(await stage.joinTabs(tabsPerServer, choicesFor('two', second.address)))
    await Promise.all([here.linked(tabsPerServer - 1, 30_000), there.linked(tabsPerServer - 1, 30_000)])
    await here.tabs[0]!.call(({ peer }) => peer.put('from here', 'hello there'))
    await there.tabs[0]!.call(({ peer }) => peer.put('from there', 'hello here'))
    expect(await there.get('from here')).toEqual(there.tabs.map(() => []))
    expect(await here.get('from there')).toEqual(here.tabs.map(() => []))
  })

  test('become one when one tab joins at both: all find each other, and read what the others have put', async () => {
    const [opened] = await stage.joinTabs(1, choicesFor('two', [stage.server.address, second.address]))
    bridge = opened!
    const all = new Crowd([...here.tabs, ...there.tabs, bridge])
    await timed('13 tabs of two servers are one overlay', () => all.linked(siblings, mergedWithinMs))
    expect(await all.get('from here')).toEqual(all.tabs.map(() => ['hello there']))
    expect(await all.get('from there')).toEqual(all.tabs.map(() => ['hello here']))
    await all.reachEachOther('across')
  })

  test('stay one when the tab that stood in both is gone', async () => {
    await bridge.crash()
    const all = new Crowd([...here.tabs, ...there.tabs])
    await here.tabs[1]!.call(({ peer }) => peer.put('later', 'still one'))
    expect(await all.get('later')).toEqual(all.tabs.map(() => ['still one']))
  })
})

test('tabs that are left alone while their server is gone find each other when it is back at its old port', async () => {
  const all = await stage.joinTabs(4, choicesFor('alone', second.address))
  await new Crowd(all).linked(3, 30_000)
  await all[0]!.call(({ peer }) => peer.put('kept', 'by the last'))
  await second.kill()
  await Promise.all(all.slice(1).map((tab) => tab.crash()))
  const left = new Crowd([all[0]!])
  await until(
    'it is alone',
    60_000,
    () => linksOf(left),
    ([links]) => links === 0,
  )
  const newcomers = new Crowd(await stage.joinTabs(1, choicesFor('alone', second.address)))
  await second.restart()
  await timed('the one left and a newcomer have found each other', () =>
    new Crowd([...left.tabs, ...newcomers.tabs]).linked(1, foundAgainWithinMs),
  )
  expect(await newcomers.get('kept')).toEqual([['by the last']])
})

function linksOf(crowd: Crowd): Promise<number[]> {
  return crowd.each((tab) => tab.call(({ peer }) => peer.status.links))
}
