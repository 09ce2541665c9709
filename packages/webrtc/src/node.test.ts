import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { connect, TransportEnd, transportSuite } from '@hashtab/conformance'
import { build } from 'vite'
import { afterAll, describe, expect, it, test, vi } from 'vitest'
import { createNodeTransport, nodeWebRtc } from './node.js'
import { WebRtcTransport } from './web-rtc-transport.js'

describe('WebRtcTransport over node-datachannel keeps the promises of Transport', async () => {
  const wrtc = await nodeWebRtc()
  test.each(transportSuite)('$name', ({ run }) => run(() => ({ make: (options) => new WebRtcTransport({ ...options, wrtc }) })))
})

describe('the ICE servers of a connection', () => {
  it('are those of the app, then those that a meeting point handed out last', async () => {
    const wrtc = await nodeWebRtc()
    const used: unknown[] = []
    class RTCPeerConnection extends wrtc.RTCPeerConnection {
      constructor(config?: RTCConfiguration) {
        super(config)
        used.push(config?.iceServers)
      }
    }
    const [own, first, second, third] = [1, 2, 3, 4].map((port) => ({ urls: `stun:127.0.0.1:${port}` }))
    const transport = new WebRtcTransport({ wrtc: { ...wrtc, RTCPeerConnection }, iceServers: [own!] })
    transport.start(() => undefined)
    transport.offer(1)
    transport.useIceServers([])
    transport.offer(2)
    transport.useIceServers([first!])
    transport.offer(3)
    transport.useIceServers([second!, third!])
    transport.offer(4)
    transport.close()
    expect(used).toEqual([[own], [own], [own, first], [own, second]])
  })
})

describe('createNodeTransport', () => {
  it('runs the example of the README', async () => {
    // In a browser: new WebRtcTransport(), of '@hashtab/webrtc'.
    const [here, there] = [await createNodeTransport(), await createNodeTransport()]

    // Descriptions and candidates are carried by whoever can: the overlay, a server, people.
    here.start((event) => {
      if (event.type === 'described') there.answer(1, event.description)
      if (event.type === 'candidates') there.addCandidates(1, event.candidates)
      if (event.type === 'opened') here.send(1, new TextEncoder().encode('hello'))
    })
    const received = new Promise((resolve) => {
      there.start((event) => {
        if (event.type === 'described') here.accept(1, event.description)
        if (event.type === 'candidates') here.addCandidates(1, event.candidates)
        if (event.type === 'received') resolve(new TextDecoder().decode(event.message))
      })
    })
    here.offer(1)
    const text = await received
    here.close()
    there.close()

    expect(text).toBe('hello')
  })

  it('makes fifty links in one process without losing one', async () => {
    const [a, b] = [new TransportEnd(await createNodeTransport()), new TransportEnd(await createNodeTransport())]
    for (let link = 1; link <= 50; link++) await connect(a, link, b, link)
    expect(a.transport.connectionsMade).toBe(50)
    a.transport.close()
    b.transport.close()
  })

  it('says what to install when node-datachannel is not there', async () => {
    vi.doMock('node-datachannel', () => Promise.reject(new Error('not there')))
    await expect(createNodeTransport()).rejects.toThrow('npm install node-datachannel')
    vi.doUnmock('node-datachannel')
  })
})

describe('a process', () => {
  const outDir = fileURLToPath(new URL('../node_modules/.exit-test', import.meta.url))

  afterAll(() => rm(outDir, { recursive: true, force: true }))

  it('ends by itself once its transports are closed', async () => {
    await build({
      configFile: false,
      logLevel: 'warn',
      resolve: { conditions: ['source'] },
      ssr: { resolve: { conditions: ['source'] }, noExternal: [/^@hashtab/] },
      build: { ssr: fileURLToPath(new URL('fixtures/link-and-close.ts', import.meta.url)), outDir, emptyOutDir: true },
    })
    const { stdout } = await promisify(execFile)(process.execPath, [`${outDir}/link-and-close.js`], { timeout: 15_000 })
    expect(stdout.trim()).toBe('closed')
  })
})
