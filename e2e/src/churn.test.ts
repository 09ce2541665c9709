import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bytesOf } from './bytes.js'
import { Crowd } from './crowd.js'
import { Stage } from './stage.js'
import { timed } from './stopwatch.js'

const tabCount = 12
/** A third of the tabs: half of a record's eight replicas is to be expected among twelve, and all four may be. */
const crashing = [1, 4, 7, 10]
const recordsOfAKind = 12

let stage: Stage

beforeAll(async () => {
  stage = await Stage.set()
})
afterAll(() => stage?.strike())

test('four of twelve tabs crash at once, and every record is still found, at once and after 30 s', async () => {
  const crowd = new Crowd(await stage.joinTabs(tabCount, { network: 'churn', signaling: stage.server.address }))
  await crowd.linked(8, 15_000)

  // Written by all twelve: the four that crash take their own copies with them.
  const written = await crowd.each((tab) =>
    tab.call(
      async ({ peer }, { id, content }) => {
        const put = await peer.put(`open ${id}`, 'open')
        const published = await peer.publish('owned', 'owned')
        return { put, published, id, publicKey: peer.publicKey, address: await peer.store(content) }
      },
      { id: tab.id, content: bytesOf(1_000, crowd.tabs.indexOf(tab) + 1) },
    ),
  )
  expect(written).toHaveLength(recordsOfAKind)
  for (const { put, published } of written) expect([put.pending, published.pending]).toEqual([false, false])

  await Promise.all(crashing.map((i) => crowd.tabs[i]!.crash()))
  const remaining = new Crowd(crowd.tabs.filter((_, i) => !crashing.includes(i)))
  await timed('36 records found in 8 tabs at once after the crash', everyRecordIsFound)
  await wait(30_000)
  await timed('36 records found in 8 tabs after 30 s', everyRecordIsFound)
  expect(stage.browser.takeFaults()).toEqual({})

  async function everyRecordIsFound(): Promise<void> {
    for (const { id, publicKey, address } of written) {
      expect(await remaining.get(`open ${id}`)).toEqual(remaining.tabs.map(() => ['open']))
      expect(await remaining.resolve(publicKey, 'owned')).toEqual(remaining.tabs.map(() => 'owned'))
      expect((await remaining.load(address)).map((content) => content?.length)).toEqual(remaining.tabs.map(() => 1_000))
    }
  }
})
