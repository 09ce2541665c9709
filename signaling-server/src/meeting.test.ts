import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { encodeUtf8, Key } from '@hashtab/core'
import { generateSigner } from '@hashtab/peer'
import { WebSocketMeetingPoint } from '@hashtab/signaling'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { RawClient } from './fixtures/raw-client.js'
import { Witness } from './fixtures/witness.js'
import type { SignalingServerOptions } from './server-options.js'
import { createSignalingServer, type SignalingServer } from './signaling-server.js'

const open: { close(): unknown }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((thing) => thing.close()))
})

async function serve(options: SignalingServerOptions = {}): Promise<SignalingServer> {
  const server = createSignalingServer(options)
  open.push(server)
  await server.listen()
  return server
}

const newSigner = () => generateSigner((length) => new Uint8Array(randomBytes(length)))

/** A peer at the door: its meeting point, and what that tells. */
function arrive(url: string, network = 'app') {
  const signer = newSigner()
  const point = new WebSocketMeetingPoint({ url, network, webSocket: WebSocket })
  open.unshift(point)
  return { id: Key.hash(signer.publicKey), signer, point, witness: new Witness(point, signer) }
}

const letter = encodeUtf8('a sealed letter')

describe('two peers at a signalling server', () => {
  it('meet, and write to each other', async () => {
    const iceServers = [{ urls: ['stun:stun.example.org:3478'] }]
    const { address } = await serve({ iceServers })
    const a = arrive(address)
    expect((await a.witness.event('iceServers')).servers).toEqual(iceServers)
    await a.witness.until(() => a.witness.events.some((event) => event.type === 'peers'))
    a.witness.forget()
    const b = arrive(address)
    expect((await b.witness.event('peers')).peers).toEqual([a.signer.publicKey])
    expect((await a.witness.event('peers')).peers).toEqual([b.signer.publicKey])
    a.point.carry(b.id, letter)
    expect((await b.witness.event('letter')).letter).toEqual(letter)
    b.point.carry(a.id, letter)
    expect((await a.witness.event('letter')).letter).toEqual(letter)
    expect(b.witness.states).toEqual(['connecting', 'open'])
  })

  it('write as soon as they are there: letters wait for the welcome', async () => {
    const { address } = await serve()
    const a = arrive(address)
    await a.witness.until(() => a.witness.state === 'open')
    const b = arrive(address)
    b.point.carry(a.id, letter)
    expect((await a.witness.event('letter')).letter).toEqual(letter)
  })

  it('are introduced once more when one of them looks, but not sooner than a while after the last time', async () => {
    const { address } = await serve({ limits: { looksApartMs: 1_000 } })
    const [signer, other] = [newSigner(), newSigner()]
    const a = await RawClient.present(address, 'app', signer)
    const b = await RawClient.present(address, 'app', other)
    expect((await a.next('peers')).peers).toEqual([other.publicKey])
    for (let i = 0; i < 50; i++) b.say({ type: 'look' })
    b.say({ type: 'ping' })
    await b.next('pong')
    expect([...a.heard, ...b.heard]).toEqual([])

    const looks = () => {
      b.say({ type: 'look' })
      return b.heard.length
    }
    await expect.poll(looks, { timeout: 5_000, interval: 50 }).toBe(1)
    expect((await b.next('peers')).peers).toEqual([signer.publicKey])
    expect((await a.next('peers')).peers).toEqual([other.publicKey])
  })

  it('are told that they are closed, last', async () => {
    const server = await serve()
    const a = arrive(server.address)
    await a.witness.until(() => a.witness.state === 'open')
    a.point.close()
    a.point.wake()
    a.point.carry(a.id, letter)
    await a.witness.until(() => a.witness.state === 'closed')
    await expect.poll(() => server.health().sockets).toBe(0)
    expect(a.witness.states).toEqual(['connecting', 'open', 'closed'])
  })

  it('of the same key: the newer stays, the older rests', async () => {
    const { address } = await serve()
    const a = arrive(address)
    await a.witness.until(() => a.witness.state === 'open')
    const again = new WebSocketMeetingPoint({ url: address, network: 'app', webSocket: WebSocket })
    open.unshift(again)
    const second = new Witness(again, a.signer)
    await a.witness.until(() => a.witness.state === 'resting')
    await second.until(() => second.state === 'open')
    expect(a.witness.events).toContainEqual({ type: 'state', state: 'resting', detail: 'The same key came in on another socket.' })
  })
})

describe('the reservoir', () => {
  it('of 8 keeps 8 of 30 peers, introduces all, and has the others rest; drawn, they come back', async () => {
    const server = await serve({ limits: { reservoirSize: 8, lowWater: 4, graceMs: 300, messagesBurst: 1_000 } })
    const crowd = Array.from({ length: 30 }, () => arrive(server.address))
    const inState = (state: string) => crowd.filter(({ witness }) => witness.state === state)
    await Promise.all(crowd.map(({ witness }) => witness.event('peers')))
    await expect.poll(() => inState('resting').length, { timeout: 10_000 }).toBe(22)
    await expect.poll(() => server.health().sockets).toBe(8)
    const stayed = inState('open')
    expect(stayed).toHaveLength(8)

    // Each but the very first was named others, or was named to others, when it came.
    const met = (peer: (typeof crowd)[number]) =>
      crowd.some(({ witness }) =>
        witness.events.some((event) => event.type === 'peers' && event.peers.some((key) => Key.hash(key).equals(peer.id))),
      )
    expect(crowd.filter((peer) => !met(peer))).toEqual([])

    // Most of those who stayed leave: the rest are asked to bring the overlay's peers.
    const [last, ...leaving] = stayed
    for (const { point } of leaving) point.close()
    const { count } = await last!.witness.event('draw')
    expect(count).toBe(7)
    for (const { point } of inState('resting').slice(0, count)) point.wake()
    await expect.poll(() => inState('open').length).toBe(8)
    expect(server.health().sockets).toBe(8)
  })
})

describe('what is no signalling server', () => {
  it('is unreachable where nothing listens', async () => {
    const server = await serve()
    const { address } = server
    await server.close()
    const { witness } = arrive(address)
    await witness.until(() => witness.state === 'unreachable')
    expect(witness.events.at(-1)).toEqual({ type: 'state', state: 'unreachable', detail: 'no answer, or the line was cut' })
  })

  it.each<[string, (socket: WebSocket) => void, string]>([
    ['says a text', (socket) => socket.send('hello'), 'not the protocol of a signalling server (a text)'],
    ['says no bencode', (socket) => socket.send(encodeUtf8('hello')), 'not the protocol of a signalling server (no known type)'],
    ['closes', (socket) => socket.close(4_000, 'no'), 'closed by the server (4000, no)'],
  ])('is unreachable when it %s', async (_, misbehave, detail) => {
    const other = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    open.push({ close: () => new Promise((resolve) => other.close(resolve)) })
    await once(other, 'listening')
    other.on('connection', misbehave)
    const address = other.address() as { port: number }
    const { witness } = arrive(`ws://127.0.0.1:${address.port}/signal`)
    await witness.until(() => witness.state === 'unreachable')
    expect(witness.events.at(-1)).toEqual({ type: 'state', state: 'unreachable', detail })
  })

  it('is unreachable when the key cannot sign', async () => {
    const { address } = await serve()
    const point = new WebSocketMeetingPoint({ url: address, network: 'app', webSocket: WebSocket })
    open.unshift(point)
    const { publicKey } = generateSigner((length) => new Uint8Array(randomBytes(length)))
    const witness = new Witness(point, { publicKey, sign: () => Promise.reject(new Error('the key is gone')) })
    await witness.until(() => witness.state === 'unreachable')
    expect(witness.events.at(-1)).toMatchObject({ detail: 'the key could not sign: Error: the key is gone' })
  })
})
