import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { encodeUtf8, Key, publicKey, signature } from '@hashtab/core'
import { generateSigner, type Signer } from '@hashtab/peer'
import { bytesToProve } from '@hashtab/signaling/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { RawClient } from './fixtures/raw-client.js'
import type { SignalingServerOptions } from './server-options.js'
import { createSignalingServer, type SignalingServer } from './signaling-server.js'

const servers: SignalingServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function serve(options: SignalingServerOptions = {}): Promise<SignalingServer> {
  const server = createSignalingServer(options)
  servers.push(server)
  await server.listen()
  return server
}

const newSigner = (): Signer => generateSigner((length) => new Uint8Array(randomBytes(length)))
const idOf = (signer: Signer) => Key.hash(signer.publicKey)
const letter = encodeUtf8('a sealed letter')

describe('introductions', () => {
  it('makes a newcomer and those present known to each other', async () => {
    const iceServers = [{ urls: ['stun:stun.example.org:3478'] }]
    const { address } = await serve({ iceServers })
    const [a, b] = [newSigner(), newSigner()]
    const first = await RawClient.connect(address)
    await first.prove('app', a)
    expect(await first.next('welcome')).toEqual({ type: 'welcome', peers: [], iceServers })
    const second = await RawClient.connect(address)
    await second.prove('app', b)
    expect((await second.next('welcome')).peers).toEqual([a.publicKey])
    expect((await first.next('peers')).peers).toEqual([b.publicKey])
  })

  it('names 8 at most, and never the newcomer itself', async () => {
    const { address } = await serve()
    const others = await Promise.all(Array.from({ length: 12 }, () => RawClient.present(address, 'app', newSigner())))
    const self = newSigner()
    const newcomer = await RawClient.connect(address)
    await newcomer.prove('app', self)
    const { peers } = await newcomer.next('welcome')
    expect(new Set(peers.map(String)).size).toBe(8)
    expect(peers).not.toContainEqual(self.publicKey)
    newcomer.say({ type: 'ping' })
    await newcomer.next('pong')
    await Promise.all(others.map(async (other) => (other.say({ type: 'ping' }), other.next('pong'))))
    const told = others.filter(({ heard }) =>
      heard.some((message) => message.type === 'peers' && String(message.peers[0]) === String(self.publicKey)),
    )
    expect(told).toHaveLength(8)
  })

  it('carries letters within a network, and between networks nothing', async () => {
    const { address } = await serve()
    const [a, b] = [newSigner(), newSigner()]
    const inOne = await RawClient.present(address, 'one', a)
    const alsoInOne = await RawClient.present(address, 'one', b)
    const inTwo = await RawClient.present(address, 'two', a)
    alsoInOne.say({ type: 'carry', to: idOf(a), letter })
    expect((await inOne.next('letter')).letter).toEqual(letter)
    inTwo.say({ type: 'carry', to: idOf(b), letter })
    inTwo.say({ type: 'ping' })
    await inTwo.next('pong')
    alsoInOne.say({ type: 'ping' })
    await alsoInOne.next('pong')
    expect([...inTwo.heard, ...alsoInOne.heard].filter(({ type }) => type === 'letter')).toEqual([])
  })

  it('lets a key in on one socket only: the newer', async () => {
    const { address } = await serve()
    const [a, b] = [newSigner(), newSigner()]
    const older = await RawClient.present(address, 'app', a)
    const newer = await RawClient.present(address, 'app', a)
    expect((await older.next('refuse')).code).toBe('replaced')
    expect(await older.closed).toBe(1008)
    const other = await RawClient.connect(address)
    await other.prove('app', b)
    expect((await other.next('welcome')).peers).toEqual([a.publicKey])
    other.say({ type: 'carry', to: idOf(a), letter })
    expect((await newer.next('letter')).letter).toEqual(letter)
  })
})

describe('what it refuses', () => {
  it.each<[string, (signer: Signer, nonce: Uint8Array) => Uint8Array]>([
    ['over another nonce', () => bytesToProve('app', randomBytes(32))],
    ['for another network', (_, nonce) => bytesToProve('other', nonce)],
    ['over the bare nonce', (_, nonce) => nonce],
  ])('a signature %s', async (_, signed) => {
    const { address } = await serve()
    const client = await RawClient.connect(address)
    const { nonce } = await client.next('challenge')
    client.heard.push({ type: 'challenge', nonce })
    const signer = newSigner()
    await client.prove('app', signer, signed(signer, nonce))
    expect((await client.next('refuse')).code).toBe('proof')
    expect(await client.closed).toBe(1008)
  })

  it("another key's signature", async () => {
    const { address } = await serve()
    const client = await RawClient.connect(address)
    const [own, stolen] = [newSigner(), newSigner()]
    await client.prove('app', { publicKey: stolen.publicKey, sign: (message) => own.sign(message) })
    expect((await client.next('refuse')).code).toBe('proof')
  })

  it('the key of small order, for which anything is signed', async () => {
    const { address } = await serve()
    const client = await RawClient.connect(address)
    const identityPoint = new Uint8Array(32).with(0, 1)
    await client.prove('app', { publicKey: publicKey(identityPoint), sign: async () => signature(new Uint8Array(64).with(0, 1)) })
    expect((await client.next('refuse')).code).toBe('proof')
  })

  it.each<[string, (client: RawClient) => void]>([
    ['a text', (client) => client.socket.send('hello')],
    ['no bencode', (client) => client.socket.send(encodeUtf8('hello'))],
    ['a letter before the proof', (client) => client.say({ type: 'carry', to: idOf(newSigner()), letter })],
    ['a ping before the proof', (client) => client.say({ type: 'ping' })],
  ])('%s', async (_, misbehave) => {
    const server = await serve()
    const client = await RawClient.connect(server.address)
    misbehave(client)
    expect((await client.next('refuse')).code).toBe('malformed')
    expect(await client.closed).toBe(1008)
  })

  it('a second proof', async () => {
    const { address } = await serve()
    const signer = newSigner()
    const client = await RawClient.present(address, 'app', signer)
    client.say({ type: 'prove', network: 'app', publicKey: signer.publicKey, signature: await signer.sign(letter) })
    expect((await client.next('refuse')).code).toBe('malformed')
  })

  it('a message over 16 KiB, unread', async () => {
    const { address } = await serve()
    const client = await RawClient.connect(address)
    client.socket.send(new Uint8Array(16 * 1024 + 1))
    expect(await client.closed).toBe(1009)
  })

  it('a message in more than 16 fragments', async () => {
    const { address } = await serve()
    const client = await RawClient.connect(address)
    for (let i = 0; i < 17; i++) client.socket.send(new Uint8Array(1), { fin: false })
    expect(await client.closed).toBe(1008)
  })

  it('who does not prove a key in time', async () => {
    const { address } = await serve({ limits: { proveDeadlineMs: 50 } })
    const client = await RawClient.connect(address)
    expect((await client.next('refuse')).code).toBe('late')
    expect(await client.closed).toBe(1008)
  })

  it('messages far beyond the budget, and drops those beyond it', async () => {
    const { address } = await serve({ limits: { messagesBurst: 10, messagesPerS: 1 } })
    const client = await RawClient.present(address, 'app', newSigner())
    for (let i = 0; i < 12; i++) client.say({ type: 'ping' })
    for (let i = 0; i < 30; i++) client.say({ type: 'ping' })
    expect((await client.next('refuse')).code).toBe('too-fast')
    // One token of the ten went into the proof.
    expect(client.heard.filter(({ type }) => type === 'pong')).toHaveLength(9)
  })

  it('proofs beyond the budget of them', async () => {
    const { address } = await serve({ limits: { provesPerS: 1 } })
    await RawClient.present(address, 'app', newSigner())
    const client = await RawClient.connect(address)
    await client.prove('app', newSigner())
    expect((await client.next('refuse')).code).toBe('full')
    expect(await client.closed).toBe(1013)
  })

  it('more sockets than a network may have', async () => {
    const { address } = await serve({ limits: { networkSocketsMax: 1 } })
    await RawClient.present(address, 'app', newSigner())
    await RawClient.present(address, 'other', newSigner())
    const client = await RawClient.connect(address)
    await client.prove('app', newSigner())
    expect((await client.next('refuse')).code).toBe('full')
  })

  it('more sockets than it may have in all', async () => {
    const { address } = await serve({ limits: { socketsMax: 1 } })
    const first = await RawClient.connect(address)
    await expect(RawClient.connect(address)).rejects.toThrow('503')
    first.socket.close()
    await first.closed
  })

  it('pages of other origins, when it has a list', async () => {
    const { address } = await serve({ origins: ['https://chat.example.org'] })
    await expect(RawClient.connect(address, 'https://evil.example.org')).rejects.toThrow('403')
    await RawClient.connect(address, 'https://chat.example.org')
    await RawClient.connect(address)
  })

  it('another path, and clients of another protocol', async () => {
    const { address } = await serve()
    await expect(RawClient.connect(address.replace('/signal', '/chat'))).rejects.toThrow('404')
    const [fault] = (await once(new WebSocket(address), 'error')) as [Error]
    expect(fault.message).toContain('400')
  })
})

describe('one block of addresses', () => {
  const limits = { blockSocketsMax: 2, blockOpensBurst: 3, blockOpensPerS: 1 }
  const from = (address: string, forwarded: string) => RawClient.connect(address, undefined, { 'X-Forwarded-For': forwarded })

  it('has its share of the sockets, by what the proxy itself has added to the header', async () => {
    const { address } = await serve({ clientAddressHeader: 'X-Forwarded-For', limits })
    const first = await from(address, '192.0.2.1')
    await from(address, '203.0.113.9, 192.0.2.2')
    await expect(from(address, '203.0.113.9, 192.0.2.3')).rejects.toThrow('429')
    await from(address, '192.0.2.3, 203.0.113.9')
    first.socket.close()
    await first.closed
    await from(address, '192.0.2.4')
  })

  it('opens no more than its burst, however soon it closes them', async () => {
    const { address } = await serve({ clientAddressHeader: 'X-Forwarded-For', limits: { ...limits, blockOpensPerS: 1 } })
    for (let i = 0; i < limits.blockOpensBurst; i++) {
      const client = await from(address, '2001:db8::1')
      client.socket.terminate()
      await client.closed
    }
    await expect(from(address, '2001:db8::2')).rejects.toThrow('429')
  })

  it('is not believed to be another by a header that nobody trusts', async () => {
    const server = await serve({ limits })
    for (let i = 0; i < 5; i++) await from(server.address, '192.0.2.1')
    expect(server.health().sockets).toBe(5)
  })
})

describe('requests that never end', () => {
  it('are cut off', async () => {
    const server = await serve({ limits: { requestDeadlineMs: 100 } })
    const socket = connect(Number(new URL(server.address).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write('GET /signal HTTP/1.1\r\nHost: localhost\r\n')
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    await once(socket, 'close')
    expect(answer).toContain('408')
  })
})

describe('sockets that do not read', () => {
  it('end with the second heartbeat', async () => {
    const server = await serve({ limits: { heartbeatMs: 50 } })
    const live = await RawClient.present(server.address, 'app', newSigner())
    const dead = await RawClient.present(server.address, 'app', newSigner())
    dead.socket.pause()
    await expect.poll(() => server.health().sockets).toBe(1)
    live.say({ type: 'ping' })
    await live.next('pong')
  })

  it('end even when they claim to be alive', async () => {
    const server = await serve({ limits: { heartbeatMs: 50 } })
    const stalled = await RawClient.present(server.address, 'app', newSigner())
    stalled.socket.pause()
    const claims = setInterval(() => stalled.socket.pong(), 10)
    await expect.poll(() => server.health().sockets).toBe(0)
    clearInterval(claims)
  })

  it('are not written to without end', async () => {
    const { address } = await serve({ limits: { messagesBurst: 20_000 } })
    const slowSigner = newSigner()
    const slow = await RawClient.present(address, 'app', slowSigner)
    const flooder = await RawClient.present(address, 'app', newSigner())
    slow.socket.pause()
    const letters = 8_000
    for (let i = 0; i < letters; i++) flooder.say({ type: 'carry', to: idOf(slowSigner), letter: new Uint8Array(4_096) })
    flooder.say({ type: 'ping' })
    await flooder.next('pong')
    slow.socket.resume()
    // What the operating system holds for the two ends of a loopback socket is a few MB of these 32.
    const asking = setInterval(() => slow.say({ type: 'ping' }), 10)
    await slow.next('pong')
    clearInterval(asking)
    expect(slow.heard.filter(({ type }) => type === 'letter').length).toBeLessThan(letters / 2)
  })

  it('end when they break off the handshake', async () => {
    const server = await serve()
    const { port } = new URL(server.address)
    const socket = connect(Number(port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write('GET /signal HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toContain('400 Bad Request')
    await once(socket, 'close')
  })
})

describe('its life', () => {
  it('says how it is at /health, and nothing else', async () => {
    const server = await serve()
    await RawClient.present(server.address, 'app', newSigner())
    const url = server.address.replace('ws:', 'http:').replace('/signal', '')
    const health = await fetch(`${url}/health`)
    expect(health.status).toBe(200)
    expect(await health.json()).toEqual({ status: 'ok', sockets: 1, networks: 1, uptimeS: 0 })
    expect((await fetch(url)).status).toBe(404)
    expect((await fetch(`${url}/health`, { method: 'POST' })).status).toBe(404)
  })

  it('forgets a network when the last has left', async () => {
    const server = await serve()
    const client = await RawClient.present(server.address, 'app', newSigner())
    client.socket.close()
    await client.closed
    await expect.poll(() => server.health()).toMatchObject({ sockets: 0, networks: 0 })
  })

  it('takes leave of everybody, and waits for nobody for long', async () => {
    const server = await serve({ limits: { closeDeadlineMs: 100 } })
    const client = await RawClient.present(server.address, 'app', newSigner())
    const silent = await RawClient.present(server.address, 'app', newSigner())
    silent.socket.pause()
    const { address } = server
    await server.close()
    expect(await client.closed).toBe(1001)
    await expect(RawClient.connect(address)).rejects.toThrow('ECONNREFUSED')
  })

  it('says plainly that a port is taken', async () => {
    const { address } = await serve()
    const port = Number(new URL(address).port)
    const second = createSignalingServer({ port })
    await expect(second.listen()).rejects.toMatchObject({
      code: 'port-taken',
      message: `Port ${port} is taken at 127.0.0.1. Choose another, or stop what listens there.`,
    })
    await second.close()
  })

  it('shares the HTTP server of an app', async () => {
    const http = createServer((_, response) => response.end('the chat'))
    const shared = createSignalingServer({ server: http })
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    await shared.listen()
    const { port } = http.address() as AddressInfo
    expect(shared.address).toBe(`ws://127.0.0.1:${port}/signal`)
    const client = await RawClient.present(shared.address, 'app', newSigner())
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('the chat')
    await shared.close()
    expect(await client.closed).toBe(1001)
    expect(http.listening).toBe(true)
    http.close()
    http.closeAllConnections()
  })

  it.each([
    { limits: { reservoirSize: 0 } },
    { limits: { reservoirSize: 4, lowWater: 5 } },
    { iceServers: [{ urls: 'https://example.org' }] },
  ])('does not begin with %j', (options) => {
    expect(() => createSignalingServer(options)).toThrow()
  })
})
