import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Crowd } from './crowd.js'
import { Stage } from './stage.js'
import { until } from './until.js'

let stage: Stage

beforeAll(async () => {
  stage = await Stage.set()
})
afterEach(() => expect(stage.browser.takeFaults()).toEqual({}))
afterAll(() => stage?.strike())

test('a reloaded tab has the same id, and still holds its records', async () => {
  const choices = { network: 'reload', signaling: stage.server.address }
  const [writer, holder] = await stage.joinTabs(2, choices)
  const id = holder!.id
  await new Crowd([writer!, holder!]).linked(1, 15_000)
  await writer!.call(({ peer }) => peer.put('greeting', 'hello'))
  await until(
    'the copy is on the disk',
    10_000,
    () => holder!.page.evaluate(isOnDisk, 'hello'),
    (isThere) => isThere,
  )
  // Nobody else is left to have it from.
  await writer!.crash()

  await holder!.reload()
  expect(await holder!.join(choices)).toBe(id)
  expect(await holder!.call(({ peer }) => peer.status.storage)).toBe('kept')
  expect(await new Crowd([holder!]).get('greeting')).toEqual([['hello']])
})

test('a tab whose sessionStorage is full joins all the same, also when reloaded', async () => {
  const choices = { network: 'no-room', tabs: false }
  const tab = await stage.browser.openTab(stage.pages.address)
  expect(await tab.page.evaluate(fillSessionStorage)).toBeGreaterThan(1_000_000)
  const id = await tab.join(choices)
  await tab.reload()
  expect(await tab.join(choices)).toBe(id)
  expect(await tab.call(({ peer }) => peer.status.storage)).toBe('kept')
})

test('a tab that comes back with an older record replaces no newer one', async () => {
  const choices = { network: 'older', signaling: stage.server.address }
  const tabs = await stage.joinTabs(4, choices)
  const crowd = new Crowd(tabs)
  const [writer, absent] = tabs
  await crowd.linked(3, 15_000)
  const publicKey = await writer!.call(({ peer }) => peer.publicKey)
  await writer!.call(({ peer }) => peer.publish('profile', 'older'))
  expect(await crowd.resolve(publicKey, 'profile')).toEqual(['older', 'older', 'older', 'older'])
  await until(
    'every tab has a copy',
    10_000,
    () => crowd.each((tab) => tab.call(({ peer }) => peer.status.recordsKept)),
    (counts) => counts.every((count) => count === 1),
  )

  const context = absent!.page.context()
  const id = absent!.id
  await absent!.crash()
  await writer!.call(({ peer }) => peer.publish('profile', 'newer'))
  const returned = await stage.browser.openTab(stage.pages.address, context)
  expect(await returned.join(choices)).toBe(id)
  const all = new Crowd([...tabs.filter((tab) => tab !== absent), returned])
  await all.linked(3, 30_000)
  await until(
    'the one that came back has the newer record',
    30_000,
    () => all.resolve(publicKey, 'profile'),
    (texts) => texts[3] === 'newer',
  )
  expect(await all.resolve(publicKey, 'profile')).toEqual(['newer', 'newer', 'newer', 'newer'])
})

/** Runs in the page. Answers with how many characters fitted. */
function fillSessionStorage(): number {
  let text = ''
  for (let more = 2 ** 24; more >= 1; more /= 2) {
    try {
      sessionStorage.setItem('filler', text + 'x'.repeat(more))
      text += 'x'.repeat(more)
    } catch {
      // Half of it may fit.
    }
  }
  return text.length
}

/** Runs in the page. Whether any database of the site holds bytes with this text in them. */
async function isOnDisk(text: string): Promise<boolean> {
  const outcome = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error ?? new Error('no reason given'))
    })
  for (const { name } of await indexedDB.databases()) {
    const database = await outcome(indexedDB.open(name!))
    const stores = [...database.objectStoreNames]
    const values = await Promise.all(stores.map((store) => outcome<unknown[]>(database.transaction(store).objectStore(store).getAll())))
    database.close()
    if (values.flat().some((value) => value instanceof Uint8Array && new TextDecoder('latin1').decode(value).includes(text))) return true
  }
  return false
}
