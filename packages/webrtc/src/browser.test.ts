import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page as Tab } from 'playwright-core'
import { build, createServer, type InlineConfig, preview } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TransportEnd, transportSuite } from '@hashtab/conformance'
import { chromiumArguments, findBrowser } from '../../../scripts/find-browser.mjs'
import type { Page } from './browser-page/page.js'
import { createNodeTransport } from './node.js'

/** Nothing here is for simple-peer: a plain Vite app takes the package as it is. 'source' only saves the build of our own packages. */
const vite: InlineConfig = {
  root: fileURLToPath(new URL('browser-page', import.meta.url)),
  configFile: false,
  logLevel: 'warn',
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  server: { host: '127.0.0.1', port: 0 },
  preview: { host: '127.0.0.1', port: 0 },
}

/** Packets that one offer can have a tab send to whomever it names, of about 100 bytes: three times what Chromium was seen to send, 128. */
const packetsPerOfferMax = 400
/** Where packets to others of this machine go: they never leave it. */
const ownAddress = Object.values(networkInterfaces())
  .flatMap((some) => some ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)!.address

let browser: Browser
let scratch: string

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'hashtab-webrtc-'))
  browser = await chromium.launch({ executablePath: await findBrowser(), args: chromiumArguments })
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await rm(scratch, { recursive: true, force: true })
})

describe.each(['build', 'dev server'])('WebRtcTransport in Chromium, from a Vite %s', (kind) => {
  let address: string
  let close: () => Promise<void>
  let tab: Tab

  beforeAll(async () => {
    const served = await (kind === 'build' ? serveBuild() : serveSources())
    address = served.address
    close = served.stop
    tab = await openTab(address)
  }, 60_000)

  afterAll(() => close())

  it.each(transportSuite)('$name', async ({ name }) => {
    expect(await tab.evaluate((name) => page.runCase(name), name)).toBeUndefined()
  })

  if (kind === 'dev server') return

  it('closes a link as abused whatever rule its other end breaks', async () => {
    const names = await tab.evaluate(() => page.abuses)
    expect(names.length).toBeGreaterThan(5)
    for (const name of names) expect([name, await tab.evaluate((name) => page.abuse(name), name)]).toEqual([name, 'abused'])
    expect(await tab.evaluate(() => page.tooManyCandidates())).toBe('abused')
  })

  it.each([
    ['u', 'uuuu\r\na=setup:passive'],
    ['u', 'uu uu'],
    ['p', `${'p'.repeat(22)}\na=setup:passive`],
    ['p', `${'p'.repeat(22)}\u0000`],
    ['s', 'actpass\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111'],
    ['f', `${'f'.repeat(31)}\n`.slice(0, 31)],
    ['x', 'a field that nobody knows'],
  ])('makes no connection for an offer whose field %s is %j', async (field, text) => {
    const bytes = [...Buffer.from(text, 'latin1')]
    expect(await tab.evaluate(({ field, bytes }) => page.inject(field, bytes), { field, bytes })).toEqual(['abused', 0])
  })

  it('sends a third party no more packets than it says, and none after 8 s', async () => {
    const sockets = await Promise.all(Array.from({ length: 8 }, () => silentSocket(ownAddress)))
    const ports = sockets.map(({ port }) => port)
    const address = ownAddress.split('.').map(Number)
    const [reason, afterMs] = await tab.evaluate(({ address, ports }) => page.callOn(address, ports, false), { address, ports })
    const packets = () => sockets.reduce((sum, { packets }) => sum + packets(), 0)
    const [counted, bytes] = [packets(), sockets.reduce((sum, { bytes }) => sum + bytes(), 0)]
    console.log(`An offer of 8 dead candidates: ${counted} packets, ${bytes} bytes, in ${Math.round(afterMs)} ms`)
    expect(reason).toBe('failed')
    expect(afterMs).toBeLessThan(9_000)
    expect(counted).toBeGreaterThan(0)
    expect(counted).toBeLessThan(packetsPerOfferMax)
    // Silence has no event to wait for. A connection that lived on would send some fifty packets meanwhile: 240 in 15 s to one dead candidate (measured).
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    expect(packets()).toBe(counted)
    for (const { close } of sockets) close()
  }, 30_000)

  it.each([
    [false, 'none for a page that comes from elsewhere'],
    [true, 'some for one that comes from this machine'],
  ])(
    'sends packets to the machine itself at the word of another: %s, %s',
    async (loopback) => {
      const socket = await silentSocket('127.0.0.1')
      const given = { address: [127, 0, 0, 1], ports: [socket.port], loopback }
      await tab.evaluate(({ address, ports, loopback }) => page.callOn(address, ports, loopback), given)
      expect(socket.packets() > 0).toBe(loopback)
      socket.close()
    },
    30_000,
  )

  it('opens no link to another certificate than the one in the description', async () => {
    expect(await tab.evaluate(() => page.wrongFingerprint())).toBe('failed')
  })

  it('opens links in well under a second, and hears at once that a connection was closed without a word', async () => {
    const durations = await tab.evaluate(() => page.openingMs(10))
    expect(durations.toSorted((a, b) => a - b)[5]).toBeLessThan(500)
    expect(await tab.evaluate(() => page.droppedAfterMs())).toBeLessThan(2_000)
  })

  it('refuses when the browser has no slot left, and brings the collector so that it soon has some', async () => {
    const crowded = await openTab(address)
    const { reason, recoveredAfterMs } = await crowded.evaluate(() => page.withoutSlots())
    expect(reason).toBe('refused')
    expect(recoveredAfterMs).toBeLessThan(10_000)
    await crowded.close()
  })

  it('tells trouble, then that the link is closed, when the other tab crashes', async () => {
    const other = await openTab(address)
    const offer = await other.evaluate(() => page.offer())
    const answer = await tab.evaluate((offer) => page.answer(offer), offer)
    await other.evaluate((answer) => page.accept(answer), answer)
    const lost = tab.evaluate(() => page.lostAfterMs())
    await other.goto('chrome://crash').catch(() => undefined)
    const told = (await lost).filter(([type]) => type !== 'opened')
    expect(told.map(([type]) => type)).toEqual(['troubled', 'closed'])
    expect(told[1]![1]).toBeLessThan(30_000) // 15 to 18 s, of which trouble comes after 5 to 8 (measured): ICE consent, RFC 7675.
  }, 60_000)
})

describe('WebRtcTransport in Chromium and in Node', () => {
  let close: () => Promise<void>
  let tab: Tab
  let node: TransportEnd

  beforeAll(async () => {
    const { address, stop } = await serveBuild()
    close = stop
    tab = await openTab(address)
    node = new TransportEnd(await createNodeTransport())
  }, 60_000)

  afterAll(async () => {
    node.transport.close()
    await close()
  })

  it.each([1, 2, 3, 4, 5])('link when Chromium offers, turn %i', async (link) => {
    const offer = await tab.evaluate(() => page.offer())
    node.order((transport) => transport.answer(link, Uint8Array.from(offer)))
    const { description } = await node.next('described', link)
    await tab.evaluate((answer) => page.accept(answer), [...description])
    await node.next('opened', link)
    expect(await echoedBy(link)).toEqual(Uint8Array.of(1, 2, 3))
  })

  it.each([11, 12, 13, 14, 15])('link when Node offers, turn %i', async (link) => {
    node.order((transport) => transport.offer(link))
    const { description } = await node.next('described', link)
    const answer = await tab.evaluate((offer) => page.answer(offer), [...description])
    node.order((transport) => transport.accept(link, Uint8Array.from(answer)))
    const { candidates } = await node.next('candidates', link)
    await tab.evaluate((candidates) => page.addCandidates(candidates), [...candidates])
    await node.next('opened', link)
    expect(await echoedBy(link)).toEqual(Uint8Array.of(1, 2, 3))
  })

  /** What comes back when this is sent to the page. */
  async function echoedBy(link: number): Promise<Uint8Array> {
    const echoed = tab.evaluate(() => page.echo())
    node.order((transport) => transport.send(link, Uint8Array.of(1, 2, 3)))
    await echoed
    const { message } = await node.next('received', link)
    node.order((transport) => transport.end(link))
    return message
  }
})

/** A UDP socket that counts, and answers nothing. */
async function silentSocket(address: string) {
  const socket = createSocket('udp4')
  let [packets, bytes] = [0, 0]
  socket.on('message', ({ length }) => {
    packets += 1
    bytes += length
  })
  socket.bind(0, address)
  await once(socket, 'listening')
  return { port: socket.address().port, packets: () => packets, bytes: () => bytes, close: () => socket.close() }
}

/** The page as an app would publish it. */
async function serveBuild(): Promise<{ address: string; stop: () => Promise<void> }> {
  const outDir = join(scratch, 'build')
  await build({ ...vite, build: { outDir, emptyOutDir: true } })
  const server = await preview({ ...vite, build: { outDir } })
  return { address: server.resolvedUrls!.local[0]!, stop: () => server.close() }
}

/** The page as a developer sees it. */
async function serveSources(): Promise<{ address: string; stop: () => Promise<void> }> {
  const server = await createServer({ ...vite, cacheDir: join(scratch, 'cache') })
  await server.listen()
  return { address: server.resolvedUrls!.local[0]!, stop: () => server.close() }
}

async function openTab(address: string): Promise<Tab> {
  const tab = await browser.newPage()
  tab.on('pageerror', (fault) => console.error(fault))
  await tab.goto(address)
  await tab.waitForFunction(() => 'page' in globalThis)
  return tab
}

/** Runs in the page. */
declare const page: Page
