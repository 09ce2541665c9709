import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Crowd } from './crowd.js'
import { freePort } from './server-process.js'
import { Stage } from './stage.js'
import { until } from './until.js'

/** As promised: by then it is said that nobody can be reached. */
const saidWithinMs = 10_000

let stage: Stage

beforeAll(async () => {
  stage = await Stage.set()
})
afterEach(() => expect(stage.browser.takeFaults()).toEqual({}))
afterAll(() => stage?.strike())

test('a server that is unreachable: join works, says so within 10 s, and other meeting points still serve', async () => {
  const choices = { network: 'unreachable', signaling: `ws://127.0.0.1:${await freePort()}/signal` }
  const context = await stage.browser.newContext()
  const lonely = await stage.browser.openTab(stage.pages.address, context)
  const startMs = performance.now()
  await lonely.join(choices)
  const isUnreachable = () => lonely.call(({ peer }) => [peer.status.phase, ...peer.status.meetingPoints.map(({ state }) => state)])
  await until('the status says so', saidWithinMs, isUnreachable, (said) => said.includes('alone') && said.includes('unreachable'))
  const told = () =>
    lonely.call(({ statuses }) =>
      statuses.some(({ phase, meetingPoints }) => phase === 'alone' && meetingPoints.some(({ state }) => state === 'unreachable')),
    )
  await until('an event says so', saidWithinMs, told, Boolean)
  expect(performance.now() - startMs).toBeLessThan(saidWithinMs)

  const second = await stage.browser.openTab(stage.pages.address, context)
  await second.join(choices)
  await new Crowd([lonely, second]).linked(1, 15_000)
})

test('a server that starts late is found', async () => {
  await stage.server.kill()
  const crowd = new Crowd(await stage.joinTabs(2, { network: 'late', signaling: stage.server.address }))
  await stage.server.restart()
  await crowd.linked(1, 60_000)
})

test('with no peers a record is kept, said to be pending, and stored when somebody comes', async () => {
  const choices = { network: 'alone', signaling: stage.server.address }
  const writers = new Crowd(await stage.joinTabs(1, choices))
  const writer = writers.tabs[0]!
  const put = await writer.call(({ peer }) => peer.put('greeting', 'hello'))
  expect(put).toMatchObject({ pending: true, stored: 0 })
  expect(await writer.call(({ peer }) => [peer.status.pendingWrites, peer.status.safeToClose])).toEqual([1, false])

  const readers = new Crowd(await stage.joinTabs(1, choices))
  await until(
    'nothing is pending',
    30_000,
    () => writer.call(({ peer }) => [peer.status.pendingWrites, peer.status.safeToClose]),
    ([pending, isSafe]) => pending === 0 && isSafe === true,
  )
  await writer.crash()
  expect(await readers.get('greeting')).toEqual([['hello']])
})

test('what cannot be done is refused with its code', async () => {
  const [tab] = await stage.joinTabs(1, { network: 'refused', signaling: stage.server.address })
  const codes = await tab!.call(async ({ peer }) => {
    const codeOf = (work: Promise<unknown>) =>
      work.then(
        () => 'done',
        (error: { code?: string }) => error.code,
      )
    return {
      put: await codeOf(peer.put('key', 'x'.repeat(2_000))),
      store: await codeOf(peer.store(new Uint8Array(16_385))),
      send: await codeOf(peer.send('00'.repeat(20), 'x'.repeat(9_000))),
      nobody: await codeOf(peer.send('00'.repeat(20), 'hello')),
      noId: await codeOf(peer.send('nonsense', 'hello')),
    }
  })
  expect(codes).toEqual({ put: 'too-large', store: 'too-large', send: 'too-large', nobody: 'no-peers', noId: 'invalid' })
  const aborted = await tab!.call(({ peer }) =>
    peer.get('key', { signal: AbortSignal.abort('enough') }).then(
      () => 'done',
      (reason: unknown) => reason,
    ),
  )
  expect(aborted).toBe('enough')
  await tab!.call(({ peer }) => peer.leave())
  expect(
    await tab!.call(({ peer }) =>
      peer.get('key').then(
        () => 'done',
        (error: { code?: string }) => error.code,
      ),
    ),
  ).toBe('left')
})
