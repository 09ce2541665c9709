import { networkInterfaces } from 'node:os'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Crowd } from './crowd.js'
import { Stage } from './stage.js'
import type { Tab } from './tab.js'

/** What in bencode says of which type a letter is. */
const types = ['5:knock', '5:offer', '6:answer']

let stage: Stage

beforeAll(async () => {
  stage = await Stage.set()
})
afterEach(() => expect(stage.browser.takeFaults()).toEqual({}))
afterAll(() => stage?.strike())

test('the server carries letters of which it can read no address', async () => {
  const tabs = await Promise.all([1, 2].map(() => stage.browser.openTab(stage.pages.address)))
  const carried = tabs.map(({ page }) => framesOf(page))
  const choices = { network: 'sealed', signaling: stage.server.address, tabs: false }
  await linked(tabs, (tab) => tab.join(choices))
  tellNoAddress(carried.flat())
})

test('neither can another page of the same origin, on the channel over which tabs meet', async () => {
  const context = await stage.browser.newContext()
  const [listener, ...tabs] = await Promise.all([1, 2, 3].map(() => stage.browser.openTab(stage.pages.address, context)))
  const heard = await listener!.page.evaluateHandle((name) => {
    const heard: number[][] = []
    new BroadcastChannel(name).onmessage = ({ data }) => heard.push([...(data as Uint8Array)])
    return heard
  }, 'hashtab sealed')
  await linked(tabs, (tab) => tab.join({ network: 'sealed' }))
  tellNoAddress((await heard.jsonValue()).map((bytes) => Buffer.from(bytes)))
})

async function linked(tabs: readonly Tab[], join: (tab: Tab) => Promise<unknown>): Promise<void> {
  await Promise.all(tabs.map(join))
  await new Crowd(tabs).linked(1, 15_000)
}

/** Everything that goes over the page's sockets, both ways, as it is on the wire. */
function framesOf(page: Page): Buffer[] {
  const frames: Buffer[] = []
  page.on('websocket', (socket) => {
    const note = ({ payload }: { readonly payload: string | Buffer }) => void frames.push(Buffer.from(payload))
    socket.on('framesent', note)
    socket.on('framereceived', note)
  })
  return frames
}

function tellNoAddress(messages: readonly Buffer[]): void {
  const all = messages.map((bytes) => bytes.toString('latin1'))
  for (const type of types) expect(all.some((text) => text.includes(type))).toBe(true)
  for (const text of all) for (const trace of tracesOfAddresses()) expect(text).not.toContain(trace)
}

/** What gives away where a tab is to be reached: an mDNS name, the type of a candidate beside it, or an address of this machine, in text or in bytes. */
function tracesOfAddresses(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((some) => some ?? [])
  const own = addresses.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address)
  return ['.local', '4:host', ...own, ...own.map((address) => String.fromCharCode(...address.split('.').map(Number)))]
}
