import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { JoinChoices } from '../page/page.js'
import { bytesOf } from './bytes.js'
import { Crowd } from './crowd.js'
import { Stage } from './stage.js'
import { timed } from './stopwatch.js'
import type { Tab } from './tab.js'
import { until } from './until.js'

const tabCount = 12
const formedWithinMs = 15_000
/** One message, as long as one may be. */
const mebibyte = 1_048_576
/** Content, as long as it may be. */
const contentBytes = 16_384

describe.each([
  { shape: 'each linked to each', links: undefined, siblings: 8 },
  { shape: 'with a few links each', links: { target: 4, soft: 5, hard: 11 }, siblings: 4 },
])('twelve tabs, $shape', ({ links, siblings }) => {
  let stage: Stage
  let choices: JoinChoices
  let crowd: Crowd

  beforeAll(async () => {
    stage = await Stage.set()
    choices = { network: 'overlay', signaling: stage.server.address, ...(links && { links }) }
  })
  afterEach(() => expect(stage.browser.takeFaults()).toEqual({}))
  afterAll(() => stage?.strike())

  test('opened at once, they form one overlay in under 15 s, and each reaches every other by id', async () => {
    const opened = await timed('12 tabs opened', () =>
      Promise.all(Array.from({ length: tabCount }, () => stage.browser.openTab(stage.pages.address))),
    )
    crowd = new Crowd(opened)
    const startMs = performance.now()
    await timed('12 tabs joined and linked', async () => {
      await crowd.each((tab) => tab.join(choices))
      await crowd.linked(siblings, formedWithinMs)
    })
    expect(performance.now() - startMs).toBeLessThan(formedWithinMs)
    expect(new Set(crowd.tabs.map(({ id }) => id)).size).toBe(tabCount)
    // With few links, routes are there only when the last of them are.
    if (links) await crowd.quiet()
    await timed('132 messages, each to each', () => crowd.reachEachOther('first'))
  })

  test('records are found, and replaced, from everywhere', () => recordsWork('with the server'))

  test('a hundred lookups make no connection', async () => {
    await crowd.quiet()
    const asker = crowd.tabs[5]!
    await crowd.tabs[1]!.call(({ peer }) => peer.put('present', 'here'))
    const before = await crowd.connectionsMade()
    const found = await timed('100 lookups, one after another', () =>
      asker.call(async ({ peer }) => {
        const counts: number[] = []
        for (let i = 0; i < 100; i++) counts.push((await peer.get(i % 2 === 0 ? 'present' : `absent ${i}`)).length)
        return counts
      }),
    )
    expect(found).toEqual(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 1 : 0)))
    expect(await crowd.connectionsMade()).toEqual(before)
    expect(await crowd.each((tab) => tab.call(({ peer }) => peer.status.connectionsMade))).toEqual(before)
  })

  describe('when the signalling server is killed', () => {
    beforeAll(() => stage.server.kill())

    test('it does not answer any more', async () => expect(await stage.server.answers()).toBe(false))

    test('each still reaches every other', () => crowd.reachEachOther('without the server'))

    test('records are still found, and replaced, from everywhere', () => recordsWork('without the server'))

    test.runIf(links)('two tabs that had no link connect, and exchange 1 MiB both ways', async () => {
      await crowd.quiet()
      const { caller, callee } = await connectUnlinked()
      await until('the channel is direct', 20_000, () => caller.call(({ channels }) => channels.at(-1)!.channel.direct), Boolean)
      await timed('1 MiB each way at once', () =>
        Promise.all(
          [[caller, 1] as const, [callee, 2] as const].map(([tab, seed]) =>
            tab.call(({ channels }, data) => channels.at(-1)!.channel.send(data), bytesOf(mebibyte, seed)),
          ),
        ),
      )
      for (const [tab, seed] of [
        [callee, 1],
        [caller, 2],
      ] as const) {
        await until(
          '1 MiB is there',
          30_000,
          () => tab.call(({ channels }) => channels.at(-1)!.messages.length),
          (count) => count === 1,
        )
        const received = await tab.call(({ channels }) => channels.at(-1)!.messages[0]!)
        expect(Buffer.compare(received, bytesOf(mebibyte, seed))).toBe(0)
      }
    })
  })

  describe('when the server is back', () => {
    beforeAll(() => stage.server.restart())

    test('a newcomer joins, finds what was there before, and reaches everybody', async () => {
      const newcomers = await timed('a newcomer has joined and linked', async () => {
        const joined = new Crowd(await stage.joinTabs(1, choices))
        await joined.linked(siblings, 60_000)
        return joined
      })
      expect(await newcomers.get('greeting without the server')).toEqual([['hello']])
      await new Crowd([...crowd.tabs, ...newcomers.tabs]).reachEachOther('with the newcomer')
    })
  })

  /** `when` keeps the names of one run from those of another. */
  async function recordsWork(when: string): Promise<void> {
    const writer = crowd.tabs[0]!
    const everywhere = <T>(value: T) => crowd.tabs.map(() => value)

    const key = `greeting ${when}`
    const put = await writer.call(({ peer }, given) => peer.put(given, 'hello', { confirmedBy: 'all' }), key)
    expect(put).toMatchObject({ pending: false, stored: put.wanted })
    expect(await timed(`get in 12 tabs at once, ${when}`, () => crowd.get(key))).toEqual(everywhere(['hello']))

    const publicKey = await writer.call(({ peer }) => peer.publicKey)
    const name = `profile ${when}`
    const first = await writer.call(({ peer }, given) => peer.publish(given, 'first'), name)
    expect(await crowd.resolve(publicKey, name)).toEqual(everywhere('first'))
    await writer.call(({ peer }, given) => peer.publish(given, 'second'), name)
    expect(await crowd.resolve(publicKey, name)).toEqual(everywhere('second'))
    const outcome = await writer.call(
      ({ peer }, given) =>
        peer.publish(given.name, 'third', { ifSeq: given.seq }).then(
          () => 'stored',
          (error: { code: string }) => error.code,
        ),
      { name, seq: first.seq },
    )
    expect(outcome).toBe('cas-mismatch')
    expect(await crowd.resolve(publicKey, name)).toEqual(everywhere('second'))

    const content = bytesOf(contentBytes, when.length)
    const address = await writer.call(({ peer }, given) => peer.store(given), content)
    const loaded = await timed(`load of 16 KiB in 12 tabs at once, ${when}`, () => crowd.load(address))
    expect(loaded.map((bytes) => Buffer.compare(bytes ?? Buffer.of(), content))).toEqual(everywhere(0))
  }

  /** Connects two tabs that had no link: the channel was not direct at once, or a connection was made for it. */
  async function connectUnlinked(): Promise<{ caller: Tab; callee: Tab }> {
    const linkCounts = () => crowd.each((tab) => tab.call(({ peer }) => peer.status.links))
    const isSparse = (count: number) => count < tabCount - 1
    const counts = await until('some tab is not linked to every other', 60_000, linkCounts, (seen) => seen.some(isSparse))
    console.log(`   links of each tab: ${counts.join(' ')}`)
    const caller = crowd.tabs[counts.findIndex(isSparse)]!
    for (const callee of crowd.tabs.filter((tab) => tab !== caller)) {
      const pair = new Crowd([caller, callee])
      const before = await pair.connectionsMade()
      const wasDirect = await caller.call(async ({ peer, channels }, id) => {
        const channel = await peer.connect(id)
        const messages: Uint8Array[] = []
        channel.on('message', (data) => messages.push(data))
        channels.push({ channel, messages })
        return channel.direct
      }, callee.id)
      await until(
        'the callee has the channel',
        10_000,
        () => callee.call(({ channels }) => channels.length),
        (count) => count > 0,
      )
      const after = await pair.connectionsMade()
      if (!wasDirect || after.every((count, i) => count > before[i]!)) return { caller, callee }
    }
    throw new Error('The caller was linked to every other.')
  }
})
