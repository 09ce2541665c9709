import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Crowd } from './crowd.js'
import { Stage } from './stage.js'
import { timed } from './stopwatch.js'

let stage: Stage

beforeAll(async () => {
  stage = await Stage.set()
})
afterEach(() => expect(stage.browser.takeFaults()).toEqual({}))
afterAll(() => stage?.strike())

test('two tabs of one browser meet with no server at all, and a stranger with the same network does not', async () => {
  const choices = { network: 'no-server' }
  const context = await stage.browser.newContext()
  const crowd = new Crowd([
    await stage.browser.openTab(stage.pages.address, context),
    await stage.browser.openTab(stage.pages.address, context),
  ])
  await timed('two tabs joined and linked through BroadcastChannel', async () => {
    await crowd.each((tab) => tab.join(choices))
    await crowd.linked(1, 10_000)
  })
  expect(crowd.tabs[0]!.id).not.toBe(crowd.tabs[1]!.id)
  await crowd.reachEachOther('hello')
  await crowd.tabs[0]!.call(({ peer }) => peer.put('greeting', 'hello'))

  const strangers = new Crowd(await stage.joinTabs(1, choices))
  expect(await crowd.get('greeting')).toEqual([['hello'], ['hello']])
  const [stranger] = strangers.tabs
  const code = await stranger!.call(({ peer }) => peer.get('greeting').catch((error: { code: string }) => error.code))
  expect(code).toBe('no-peers')
})
