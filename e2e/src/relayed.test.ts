import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Listener } from '../page/page.js'
import { bytesOf } from './bytes.js'
import { Crowd } from './crowd.js'
import { Stage } from './stage.js'
import { timed } from './stopwatch.js'
import type { Tab } from './tab.js'
import { until } from './until.js'

/** One message, as long as one may be. */
const mebibyte = 1_048_576
/** From one small message of a steady stream to the next. */
const paceMs = 50
/** A connection is given up after 8 seconds, and the next one is made some seconds later. */
const triedWithinMs = 60_000
const directWithinMs = 120_000

describe('two tabs that cannot link', () => {
  let stage: Stage
  let caller: Tab
  let relay: Tab
  let callee: Tab

  beforeAll(async () => {
    stage = await Stage.set()
    const choices = { network: 'relayed', signaling: stage.server.address }
    ;[caller, relay] = (await stage.joinTabs(2, choices)) as [Tab, Tab]
    await new Crowd([caller, relay]).linked(1, 15_000)
    ;[callee] = (await stage.joinTabs(1, { ...choices, unlinkable: [caller.id] })) as [Tab]
    await until(
      'the third is linked to the second',
      15_000,
      () => linksOf(relay),
      (links) => links === 2,
    )
  })
  afterEach(() => expect(stage.browser.takeFaults()).toEqual({}))
  afterAll(() => stage?.strike())

  test('have a channel over the third, with 1 MiB each way at once', async () => {
    const direct = await caller.call(async ({ peer, channels }, id) => {
      const channel = await peer.connect(id)
      const messages: Uint8Array[] = []
      channel.on('message', (data) => messages.push(data))
      channels.push({ channel, messages })
      return channel.direct
    }, callee.id)
    expect(direct).toBe(false)
    await until(
      'the callee has the channel',
      10_000,
      () => callee.call(({ channels }) => channels.length),
      (count) => count === 1,
    )
    await timed('1 MiB each way at once, relayed', exchange)
    expect([await linksOf(caller), await linksOf(callee), await linksOf(relay)]).toEqual([1, 1, 2])
  })

  test('keep it while a direct link is tried and fails', async () => {
    const pair = new Crowd([caller, callee])
    const before = await pair.connectionsMade()
    const look = async () => ({ made: await pair.connectionsMade(), open: await pair.each((tab) => tab.connectionsOpen()) })
    const isTried = ({ made }: { made: number[] }) => made.some((count, i) => count > before[i]!)
    await until('a connection is being made', triedWithinMs, look, (seen) => isTried(seen) && seen.open.some((count) => count > 1))
    await until('it has failed', triedWithinMs, look, ({ open }) => open.every((count) => count === 1))
    expect(await caller.call(({ channels }) => channels[0]!.channel.direct)).toBe(false)
    await exchange()
  })

  test('move it to a direct link as soon as there is one, and lose and double nothing', async () => {
    await Promise.all([caller, callee].map((tab) => tab.call(forget)))
    await Promise.all([caller, callee].map((tab) => tab.call(startStream, paceMs)))
    await numbersCame(10)
    await callee.call(({ unlinkable }) => unlinkable.clear())
    await timed('a direct link', () => until('both ends are direct', directWithinMs, connectAgain, (direct) => direct.every(Boolean)))
    await numbersCame(10 + Math.max(...(await counts())))
    await endStreams()
    await exchange()
    expect(await caller.call(({ channels }) => channels[0]!.channel.closed)).toBe(false)
  })

  /** A pair that failed is left alone for long, but for an app that connects. Answers with whether the channels of before are direct now. */
  async function connectAgain(): Promise<boolean[]> {
    await caller.call(async ({ peer }, id) => (await peer.connect(id)).close(), callee.id)
    return Promise.all([caller, callee].map((tab) => tab.call(({ channels }) => channels[0]!.channel.direct)))
  }

  function linksOf(tab: Tab): Promise<number> {
    return tab.call(({ peer }) => peer.status.links)
  }

  function counts(): Promise<number[]> {
    return Promise.all([caller, callee].map((tab) => tab.call(({ channels }) => channels[0]!.messages.length)))
  }

  async function numbersCame(count: number): Promise<void> {
    await until(`${count} numbers are there`, 30_000, counts, (seen) => seen.every((came) => came >= count))
  }

  /** 1 MiB each way at once; holds when both are there, whole. */
  async function exchange(): Promise<void> {
    await Promise.all([caller, callee].map((tab) => tab.call(forget)))
    const sends = [
      [caller, callee, 1],
      [callee, caller, 2],
    ] as const
    await Promise.all(
      sends.map(([from, , seed]) => from.call(({ channels }, data) => channels[0]!.channel.send(data), bytesOf(mebibyte, seed))),
    )
    for (const [, to, seed] of sends) {
      await until(
        '1 MiB is there',
        30_000,
        () => to.call(({ channels }) => channels[0]!.messages.length),
        (count) => count === 1,
      )
      expect(Buffer.compare(await to.call(({ channels }) => channels[0]!.messages[0]!), bytesOf(mebibyte, seed))).toBe(0)
    }
  }

  /** Ends the streams; holds when each end has all of the other's numbers, once, in order. */
  async function endStreams(): Promise<void> {
    const [toCallee, toCaller] = (await Promise.all([caller, callee].map((tab) => tab.call(endStream)))) as [number, number]
    console.log(`   numbers sent: ${toCallee} and ${toCaller}`)
    for (const [to, count] of [
      [callee, toCallee],
      [caller, toCaller],
    ] as const) {
      await until(
        'all numbers are there',
        30_000,
        () => to.call(({ channels }) => channels[0]!.messages.length),
        (seen) => seen >= count,
      )
      const numbers = await to.call(({ channels }) => channels[0]!.messages.map((data) => new DataView(data.buffer).getUint32(0)))
      expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i))
    }
  }
})

declare global {
  /** Ends the stream: how many numbers it sent. */
  var endStream: () => Promise<number>
}

/** Runs in the page: sends numbers, of a part's size each, one after the other until it is ended. */
async function startStream({ channels }: Listener, paceMs: number): Promise<void> {
  const { channel } = channels[0]!
  const ending = new AbortController()
  const stream = (async () => {
    let count = 0
    for (; !ending.signal.aborted; count++) {
      const data = new Uint8Array(12 * 1024)
      new DataView(data.buffer).setUint32(0, count)
      await channel.send(data)
      await new Promise((resolve) => setTimeout(resolve, paceMs))
    }
    return count
  })()
  globalThis.endStream = () => {
    ending.abort()
    return stream
  }
}

/** Runs in the page: what came before is no concern of what follows. */
function forget({ channels }: Listener): void {
  channels[0]!.messages.length = 0
}

/** Runs in the page. */
function endStream(): Promise<number> {
  return globalThis.endStream()
}
