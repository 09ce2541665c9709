import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHash } from 'node:crypto'
import { Crowd } from './crowd.js'
import { Stage } from './stage.js'
import type { Tab } from './tab.js'
import { until } from './until.js'

const tabCount = 12
/** A change is told within this time of the call that made it. */
const toldWithinMs = 1_000
/** The same while nobody has noticed a crash: whoever puts waits in vain for the one that is gone, first on the way and then as a replica. */
const toldAfterCrashWithinMs = 5_000

declare global {
  /** What each watch of this page was told, and when. */
  var told: { text: string; atMs: number }[]
  var stopWatching: () => void
}

let stage: Stage
let crowd: Crowd

beforeAll(async () => {
  stage = await Stage.set()
  crowd = new Crowd(await stage.joinTabs(tabCount, { network: 'watch', signaling: stage.server.address }))
  await crowd.linked(8, 20_000)
})
afterAll(() => stage?.strike())

const textsOf = (tab: Tab) => tab.page.evaluate(() => globalThis.told.map(({ text }) => text))

/** The tabs, the closest to an open key first. */
function byDistance(key: string): Tab[] {
  const target = createHash('sha256').update(key).digest().subarray(0, 20)
  const distance = ({ id }: Tab) => Buffer.from(id, 'hex').map((byte, i) => byte ^ target[i]!)
  return [...crowd.tabs].sort((a, b) => Buffer.compare(distance(a), distance(b)))
}

function watch(tab: Tab, key: string): Promise<void> {
  return tab.call(({ peer }, asked) => {
    globalThis.told = []
    globalThis.stopWatching = peer.watch(asked, ({ text }) => globalThis.told.push({ text, atMs: Date.now() }))
  }, key)
}

/** Puts, and answers with the time of the call; tabs of one machine share their clock. */
function put(tab: Tab, key: string, value: string): Promise<number> {
  return tab.call(
    async ({ peer }, asked) => {
      const atMs = Date.now()
      await peer.put(asked.key, asked.value)
      return atMs
    },
    { key, value },
  )
}

/** Holds when all these tabs were told exactly this, in this order; answers with how long the last word took at the slowest. */
async function toldOf(tabs: readonly Tab[], texts: readonly string[], putMs: number): Promise<number> {
  const look = () => Promise.all(tabs.map(textsOf))
  const seen = await until(`told of ${texts.at(-1)}`, 30_000, look, (all) => all.every((one) => one.includes(texts.at(-1)!)))
  for (const one of seen) expect(one).toEqual(texts)
  const times = await Promise.all(tabs.map((tab) => tab.page.evaluate(() => globalThis.told.at(-1)!.atMs)))
  return Math.max(...times) - putMs
}

test('what one tab puts the others are told of within a second, once, after what was there; a crash of the closest holder changes nothing', async () => {
  const key = 'hello'
  const [closest, ...others] = byDistance(key)
  // The writer is none of the holders, and no replica; of the watchers some are replicas themselves, and some are not.
  const writer = others.at(-1)!
  const watchers = others.filter((tab) => tab !== writer)
  await put(writer, key, 'there before')
  await Promise.all(watchers.map((tab) => watch(tab, key)))
  await toldOf(watchers, ['there before'], 0)
  const look = () => Promise.all(watchers.map((tab) => tab.call(({ peer }) => peer.status.watchesLive)))
  await until('every watch is live', 10_000, look, (live) => live.every((count) => count === 1))

  const firstMs = await toldOf(watchers, ['there before', 'first'], await put(writer, key, 'first'))
  expect(firstMs).toBeLessThan(toldWithinMs)

  await closest!.crash()
  const crashMs = await toldOf(watchers, ['there before', 'first', 'after the crash'], await put(writer, key, 'after the crash'))
  console.log(`   told after ${firstMs} ms, at the moment of a crash after ${crashMs} ms`)
  expect(crashMs).toBeLessThan(toldAfterCrashWithinMs)

  // Until everybody has noticed, and has found a holder in the place of the one that is gone.
  await until(
    'the crash is noticed',
    60_000,
    () => Promise.all(watchers.map((tab) => tab.call(({ peer }) => peer.status.links))),
    (links) => links.every((count) => count === tabCount - 2),
  )
  const laterMs = await toldOf(watchers, ['there before', 'first', 'after the crash', 'later'], await put(writer, key, 'later'))
  expect(laterMs).toBeLessThan(toldWithinMs)

  await Promise.all(watchers.slice(1).map((tab) => tab.page.evaluate(() => globalThis.stopWatching())))
  await toldOf(watchers.slice(0, 1), ['there before', 'first', 'after the crash', 'later', 'last'], await put(writer, key, 'last'))
  for (const tab of watchers.slice(1)) expect(await textsOf(tab)).not.toContain('last')
  expect(stage.browser.takeFaults()).toEqual({})
})

test('what one tab publishes, as quickly as it can, another follows to the last, with the server gone', async () => {
  await stage.server.kill()
  const [follower, owner] = byDistance('hello').slice(-3)
  await follower!.call(
    ({ peer }, publicKey) => {
      globalThis.told = []
      peer.follow(publicKey, 'profile', ({ text }) => globalThis.told.push({ text, atMs: Date.now() }))
    },
    await owner!.call(({ peer }) => peer.publicKey),
  )
  const texts = Array.from({ length: 20 }, (_, i) => `version ${i}`)
  for (const text of texts) await owner!.call(({ peer }, given) => peer.publish('profile', given), text)
  const told = await until(
    'told of the last',
    10_000,
    () => textsOf(follower!),
    (all) => all.includes(texts.at(-1)!),
  )
  // What changes quickly goes together: not every version is told, but none twice, and none after a later one.
  expect(told).toEqual(texts.filter((text) => told.includes(text)))
  expect(stage.browser.takeFaults()).toEqual({})
})
