import { randomBytes } from 'node:crypto'
import { encodeUtf8, Key } from '@hashtab/core'
import { generateSigner } from '@hashtab/peer'
import { WebSocketMeetingPoint } from '@hashtab/signaling'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { Balancer } from './fixtures/balancer.js'
import { buildCommand, Running } from './fixtures/command.js'
import { RawClient } from './fixtures/raw-client.js'
import { findRedis, RedisProcess } from './fixtures/redis-process.js'
import { Witness } from './fixtures/witness.js'

const program = findRedis()
const letter = encodeUtf8('a sealed letter')
const newSigner = () => generateSigner((length) => new Uint8Array(randomBytes(length)))
const idOf = (signer: { publicKey: Uint8Array }) => Key.hash(signer.publicKey)
/** Short, so that a test need not wait half a minute for the end of what a dead server said. */
const leaseMs = 1_500
const patience = { timeout: 10_000, interval: 20 }

let command: Awaited<ReturnType<typeof buildCommand>>
let redis: RedisProcess
const running: Running[] = []

async function serve(...args: string[]): Promise<{ server: Running; address: string }> {
  const limits = ['--limit', `sharingLeaseMs=${leaseMs}`, '--limit', 'messagesBurst=1000', '--limit', 'looksApartMs=200']
  const server = new Running(command.file, ['--port', '0', ...limits, ...args], { HASHTAB_REDIS: redis.url })
  running.push(server)
  return { server, address: await server.listening() }
}

async function pageOf(address: string, path: string): Promise<string> {
  return (await fetch(address.replace('ws:', 'http:').replace('/signal', path))).text()
}

async function healthOf(address: string): Promise<{ sharing: string; servers: number; sockets: number; networks: number }> {
  return JSON.parse(await pageOf(address, '/health')) as Awaited<ReturnType<typeof healthOf>>
}

async function shares(address: string, servers: number): Promise<void> {
  await expect.poll(() => healthOf(address), patience).toMatchObject({ sharing: 'shared', servers })
}

async function isAlone(address: string): Promise<void> {
  await expect.poll(() => healthOf(address), patience).toMatchObject({ sharing: 'alone', servers: 1 })
}

/** Waits until Redis has heard that the connection of a peer's server is gone: a killed process's socket closes a moment after it. */
async function hasNoChannel(signer: { publicKey: Uint8Array }): Promise<void> {
  const looking = new Redis(redis.url)
  const channels = () => looking.pubsub('CHANNELS', `*:${idOf(signer).hex}`)
  await expect.poll(channels, patience).toEqual([])
  looking.disconnect()
}

/** Waits until Redis lists these peers of the network 'app', and no others. */
async function lists(...signers: { publicKey: Uint8Array }[]): Promise<void> {
  const looking = new Redis(redis.url)
  const members = () => looking.zrangeBuffer(`hashtab:1:present:${Key.hash(encodeUtf8('app')).hex}`, '0', '-1')
  await expect.poll(async () => (await members()).map((member) => member.toString('hex', 0, 32)), patience).toEqual(signers.map(nameOf))
  looking.disconnect()
}

async function serveTwo(...args: string[]): Promise<[string, string]> {
  const [one, two] = await Promise.all([serve(...args), serve(...args)])
  await Promise.all([shares(one.address, 2), shares(two.address, 2)])
  return [one.address, two.address]
}

/** All named to this client from now on, as hex digits, until it has been named `count`. */
async function named(client: RawClient, count: number): Promise<Set<string>> {
  const names = new Set<string>()
  while (names.size < count) for (const key of (await client.next('peers')).peers) names.add(Buffer.from(key).toString('hex'))
  return names
}

const nameOf = (signer: { publicKey: Uint8Array }) => Buffer.from(signer.publicKey).toString('hex')

// Redis is no part of Node: who works without one is told so (`findRedis`), and CI, which installs it, fails without.
describe.skipIf(program === undefined)('servers that share over Redis', () => {
  beforeAll(async () => {
    command = await buildCommand()
  }, 60_000)
  afterAll(() => command.remove())
  beforeEach(async () => {
    redis = await RedisProcess.start(program!)
  })
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.end('SIGKILL')))
    await redis.end()
  })

  it('make a peer at one and a peer at another known to each other, and carry their letters', async () => {
    const [one, two] = await serveTwo()
    const [a, b] = [newSigner(), newSigner()]
    const first = await RawClient.present(one, 'app', a)
    const second = await RawClient.present(two, 'app', b)
    expect(await named(second, 1)).toEqual(new Set([nameOf(a)]))
    expect(await named(first, 1)).toEqual(new Set([nameOf(b)]))
    first.say({ type: 'carry', to: idOf(b), letter })
    expect((await second.next('letter')).letter).toEqual(letter)
    second.say({ type: 'carry', to: idOf(a), letter })
    expect((await first.next('letter')).letter).toEqual(letter)
    expect(await pageOf(one, '/metrics')).toContain('hashtab_signaling_commons_shared 1')
  })

  it('are one meeting point for peers behind a balancer: all of a few meet, and write to each other', async () => {
    const [one, two] = await serveTwo()
    const balancer = await Balancer.start([one, two])
    const crowd = Array.from({ length: 8 }, () => {
      const signer = newSigner()
      const point = new WebSocketMeetingPoint({ url: balancer.address, network: 'app', webSocket: WebSocket })
      return { signer, point, witness: new Witness(point, signer) }
    })
    await Promise.all(
      crowd.map(async ({ witness }) => {
        const met = () => new Set(witness.events.flatMap((event) => (event.type === 'peers' ? event.peers.map(String) : [])))
        await witness.until(() => met().size === 7)
      }),
    )
    expect([await healthOf(one), await healthOf(two)]).toMatchObject([{ sockets: 4 }, { sockets: 4 }])
    for (const { point, signer } of crowd) for (const other of crowd) if (other.signer !== signer) point.carry(idOf(other.signer), letter)
    const lettersOf = (witness: Witness) => witness.events.filter(({ type }) => type === 'letter').length
    await Promise.all(crowd.map(({ witness }) => witness.until(() => lettersOf(witness) === 7)))
    for (const { point } of crowd) point.close()
    await balancer.close()
  })

  it('name 8 in all, of both servers, and nobody of another network', async () => {
    const [one, two] = await serveTwo()
    const crowd = async (address: string, network: string) => {
      for (let i = 0; i < 8; i++) await RawClient.present(address, network, newSigner())
    }
    await Promise.all([crowd(one, 'app'), crowd(two, 'app'), crowd(one, 'other')])
    const namedHere: number[] = []
    for (let i = 0; i < 8; i++) {
      const newcomer = await RawClient.connect(one)
      await newcomer.prove('app', newSigner())
      const { peers } = await newcomer.next('welcome')
      namedHere.push(peers.length)
      expect((await named(newcomer, 8 - peers.length)).size).toBe(8 - peers.length)
    }
    // Of 16 to 23 present, 8 are elsewhere: eight samples without one of them have a chance below one in a million.
    expect(Math.min(...namedHere)).toBeLessThan(8)
  })

  it('let a key in at one of them only: where it came last', async () => {
    const [one, two] = await serveTwo()
    const [a, b] = [newSigner(), newSigner()]
    const older = await RawClient.present(one, 'app', a)
    const newer = await RawClient.present(two, 'app', a)
    expect((await older.next('refuse')).code).toBe('replaced')
    const other = await RawClient.present(one, 'app', b)
    await named(other, 1)
    other.say({ type: 'carry', to: idOf(a), letter })
    expect((await newer.next('letter')).letter).toEqual(letter)
  })

  it('have one reservoir between them', async () => {
    const [one, two] = await serveTwo('--reservoir', '8', '--limit', 'graceMs=500')
    const clients = await Promise.all(Array.from({ length: 24 }, (_, i) => RawClient.present(i % 2 === 0 ? one : two, 'app', newSigner())))
    await expect.poll(() => healthOf(one), patience).toMatchObject({ sockets: 4 })
    await expect.poll(() => healthOf(two), patience).toMatchObject({ sockets: 4 })
    await Promise.all(clients.filter(({ socket }) => socket.readyState !== 1).map((client) => client.next('rest')))
  })

  it('forget what a killed one said within a lease, and have its part of the reservoir', async () => {
    const [{ server: killed, address: one }, { address: two }] = await Promise.all([serve(), serve()])
    await Promise.all([shares(one, 2), shares(two, 2)])
    const killedPeer = newSigner()
    await RawClient.present(one, 'app', killedPeer)
    await lists(killedPeer)
    await killed.end('SIGKILL')
    await shares(two, 1)
    await lists()
    expect(await healthOf(two)).toMatchObject({ sharing: 'shared', servers: 1 })
  })

  it('do not name a peer of a killed one, not even before the lease has ended', async () => {
    const [{ server: killed, address: one }, { address: two }] = await Promise.all([
      serve('--limit', 'sharingLeaseMs=600000'),
      serve('--limit', 'sharingLeaseMs=600000'),
    ])
    await expect.poll(async () => (await healthOf(two)).sharing, patience).toBe('shared')
    const killedPeer = newSigner()
    await RawClient.present(one, 'app', killedPeer)
    await lists(killedPeer)
    await killed.end('SIGKILL')
    await hasNoChannel(killedPeer)
    const signer = newSigner()
    const newcomer = await RawClient.present(two, 'app', signer)
    // Found to be gone, and removed.
    await lists(signer)
    expect(newcomer.heard.filter(({ type }) => type === 'peers')).toEqual([])
  })

  it('serve their own when Redis is gone, say so, and share again when it is back', async () => {
    const [{ server, address: one }, { address: two }] = await Promise.all([serve(), serve()])
    await Promise.all([shares(one, 2), shares(two, 2)])
    const [a, b, c] = [newSigner(), newSigner(), newSigner()]
    const first = await RawClient.present(one, 'app', a)
    const second = await RawClient.present(two, 'app', b)
    await named(second, 1)
    await named(first, 1)
    await redis.signal('SIGKILL')
    await Promise.all([isAlone(one), isAlone(two)])
    expect(await server.logged((entry) => entry.event === 'sharing' && entry.state === 'alone')).toMatchObject({ level: 'warning' })
    expect(await pageOf(one, '/metrics')).toContain('hashtab_signaling_commons_shared 0')
    // Each its own, and at once.
    const third = await RawClient.connect(one)
    await third.prove('app', c)
    expect((await third.next('welcome')).peers).toEqual([a.publicKey])
    third.say({ type: 'carry', to: idOf(a), letter })
    expect((await first.next('letter')).letter).toEqual(letter)
    third.say({ type: 'carry', to: idOf(b), letter })
    third.say({ type: 'ping' })
    await third.next('pong')

    await redis.restart()
    await Promise.all([shares(one, 2), shares(two, 2)])
    // Those who stayed, and those who came in the meantime.
    second.say({ type: 'carry', to: idOf(c), letter })
    expect((await third.next('letter')).letter).toEqual(letter)
    third.say({ type: 'carry', to: idOf(b), letter })
    expect((await second.next('letter')).letter).toEqual(letter)
    const fourth = await RawClient.present(two, 'app', newSigner())
    expect(await named(fourth, 2)).toEqual(new Set([nameOf(a), nameOf(c)]))
    // Two who came while each served its own, and whose sockets stayed open: one looks.
    const looks = () => {
      third.say({ type: 'look' })
      return third.heard.some(
        (message) => message.type === 'peers' && message.peers.some((key) => nameOf({ publicKey: key }) === nameOf(b)),
      )
    }
    await expect.poll(looks, patience).toBe(true)
    expect(server.errors).toBe('')
  })

  it('of one key that came to both meanwhile, keep the later when Redis is back', async () => {
    const [one, two] = await serveTwo()
    await redis.signal('SIGKILL')
    await Promise.all([isAlone(one), isAlone(two)])
    const a = newSigner()
    const older = await RawClient.present(one, 'app', a)
    const newer = await RawClient.present(two, 'app', a)
    await redis.restart()
    expect((await older.next('refuse')).code).toBe('replaced')
    newer.say({ type: 'ping' })
    await newer.next('pong')
  })

  it('keep nobody waiting when Redis hangs, and are alone until it goes on', async () => {
    const [one, two] = await serveTwo()
    const first = await RawClient.present(one, 'app', newSigner())
    await redis.signal('SIGSTOP')
    const second = newSigner()
    await RawClient.present(one, 'app', second)
    expect((await first.next('peers')).peers).toEqual([second.publicKey])
    await Promise.all([isAlone(one), isAlone(two)])
    await redis.signal('SIGCONT')
    await Promise.all([shares(one, 2), shares(two, 2)])
  })

  it('begin without Redis, and share when it comes', async () => {
    await redis.signal('SIGKILL')
    const { server, address } = await serve()
    await server.logged((entry) => entry.event === 'sharing' && entry.state === 'alone')
    const a = newSigner()
    const first = await RawClient.present(address, 'app', a)
    await redis.restart()
    await shares(address, 1)
    const { address: other } = await serve()
    await shares(other, 2)
    const second = await RawClient.present(other, 'app', newSigner())
    expect(await named(second, 1)).toEqual(new Set([nameOf(a)]))
    await named(first, 1)
  })

  it('believe nothing that others put into Redis', async () => {
    const [one, two] = await serveTwo()
    const a = newSigner()
    const first = await RawClient.present(one, 'app', a)
    const stranger = new Redis(redis.url)
    const network = Key.hash(encodeUtf8('app')).hex
    const present = `hashtab:1:present:${network}`
    const channel = `hashtab:1:peer:${network}:${idOf(a).hex}`
    await expect.poll(() => stranger.zcard(present), patience).toBe(1)
    await stranger.publish(channel, 'hello')
    await stranger.publish(channel, Buffer.alloc(1_000_000, 0x6c))
    await stranger.publish('hashtab:1:peer:none', 'hello')
    await stranger.zadd(present, 9e15, 'no member', 9e15, randomBytes(40))
    await expect.poll(() => pageOf(one, '/metrics'), patience).toContain('hashtab_signaling_commons_malformed_total 2')
    const second = await RawClient.present(two, 'app', newSigner())
    expect(await named(second, 1)).toEqual(new Set([nameOf(a)]))
    await expect.poll(() => pageOf(two, '/metrics'), patience).toContain('hashtab_signaling_commons_malformed_total 1')
    // Of another type: no server can share this network, and all else goes on.
    await stranger.del(present)
    await stranger.set(present, 'a text')
    const third = newSigner()
    await RawClient.present(one, 'app', third)
    expect([...(await named(first, 2))]).toContain(nameOf(third))
    await stranger.del(present)
    await Promise.all([shares(one, 2), shares(two, 2)])
    stranger.disconnect()
  })
})
