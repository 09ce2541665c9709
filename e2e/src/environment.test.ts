import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestBrowser } from './browser.js'
import type { Tab } from './tab.js'
import { until } from './until.js'

// What all other tests take for granted of this machine and its browser. When one of these fails, look at the machine, not at Hashtab.

declare global {
  var connection: RTCPeerConnection
  var heard: string[]
}

let browser: TestBrowser
let pages: Server
let offering: Tab
let answering: Tab

beforeAll(async () => {
  browser = await TestBrowser.launch()
  pages = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<link rel="icon" href="data:,">')).listen(
    0,
    '127.0.0.1',
  )
  await once(pages, 'listening')
  const address = `http://localhost:${(pages.address() as AddressInfo).port}/`
  offering = await browser.openTab(address)
  answering = await browser.openTab(address)
})

afterAll(async () => {
  await browser.close()
  pages.close()
})

test('tabs of two contexts link over WebRTC, and connections are counted', async () => {
  const offer = await offering.page.evaluate(async () => {
    globalThis.connection = new RTCPeerConnection()
    const channel = globalThis.connection.createDataChannel('test')
    channel.onopen = () => channel.send('hello')
    await globalThis.connection.setLocalDescription()
    await new Promise((resolve) => (globalThis.connection.onicecandidate = (event) => event.candidate ?? resolve(undefined)))
    return globalThis.connection.localDescription!.toJSON()
  })
  const answer = await answering.page.evaluate(async (remote) => {
    globalThis.heard = []
    globalThis.connection = new RTCPeerConnection()
    globalThis.connection.ondatachannel = ({ channel }) => (channel.onmessage = ({ data }) => globalThis.heard.push(String(data)))
    await globalThis.connection.setRemoteDescription(remote)
    await globalThis.connection.setLocalDescription()
    await new Promise((resolve) => (globalThis.connection.onicecandidate = (event) => event.candidate ?? resolve(undefined)))
    return globalThis.connection.localDescription!.toJSON()
  }, offer)
  await offering.page.evaluate((remote) => globalThis.connection.setRemoteDescription(remote), answer)
  await until(
    'the message is there',
    10_000,
    () => answering.page.evaluate(() => globalThis.heard),
    (heard) => heard[0] === 'hello',
  )
  expect([await offering.connectionsMade(), await answering.connectionsMade()]).toEqual([1, 1])
})

test('a crashed tab says nothing to the other end of its connection', async () => {
  await offering.crash()
  const state = await answering.page.evaluate(() => globalThis.connection.connectionState)
  expect(state).toBe('connected')
  expect(browser.takeFaults()).toEqual({})
})
