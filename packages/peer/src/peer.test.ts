import { runInNewContext } from 'node:vm'
import { mailsMax } from '@hashtab/core'
import { MemoryNetwork, MemorySquare, type MemoryTransport } from '@hashtab/conformance'
import { afterEach, describe, expect, test } from 'vitest'
import { statusOf } from './fixtures/status-of.js'
import { generateSigner, MemoryStorage, Peer, PeerError, type PeerParts, type Signer, systemRandom } from './index.js'

const peers: Peer[] = []
afterEach(() => Promise.all(peers.splice(0).map((peer) => peer.leave())))

interface Rig {
  readonly network: MemoryNetwork
  readonly square: MemorySquare
}

function rig(): Rig {
  return { network: new MemoryNetwork(), square: new MemorySquare() }
}

async function join({ network, square }: Rig, parts: Partial<PeerParts> = {}): Promise<Peer> {
  const peer = await Peer.start({
    signer: generateSigner(systemRandom),
    transport: network.transport(),
    storage: new MemoryStorage(),
    meetingPoints: [square.meetingPoint()],
    ...parts,
  })
  peers.push(peer)
  return peer
}

function crowd(given: Rig, count: number, parts: Partial<PeerParts> = {}): Promise<Peer[]> {
  return Promise.all(Array.from({ length: count }, () => join(given, parts)))
}

async function meshed(all: readonly Peer[]): Promise<void> {
  await Promise.all(all.map((peer) => statusOf(peer, ({ links }) => links === all.length - 1)))
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof PeerError ? error.code : error),
  )

describe('records', () => {
  test('the example of the README', async () => {
    const network = new MemoryNetwork()
    const square = new MemorySquare()
    const newPeer = () =>
      Peer.start({
        signer: generateSigner(systemRandom),
        transport: network.transport(),
        storage: new MemoryStorage(),
        meetingPoints: [square.meetingPoint()],
      })
    const [alice, bob] = await Promise.all([newPeer(), newPeer()])

    await alice.put('hello', 'world')
    const [entry] = await bob.get('hello')
    expect(entry?.text).toBe('world')
    expect(entry?.publisher).toBe(alice.publicKey)
    await Promise.all([alice.leave(), bob.leave()])
  })

  test('what one puts all get; the newer replaces the older, everywhere', async () => {
    const all = await crowd(rig(), 5)
    await meshed(all)
    const [writer] = all
    const first = await writer!.publish('profile', 'first')
    expect(first.pending).toBe(false)
    expect(first.stored).toBeGreaterThan(first.wanted / 2)
    const second = await writer!.publish('profile', 'second', { confirmedBy: 'all' })
    expect(second).toMatchObject({ pending: false, stored: second.wanted })
    expect(second.seq).toBeGreaterThan(first.seq)
    const texts = await Promise.all(all.map(async (peer) => (await peer.resolve(writer!.publicKey, 'profile'))?.text))
    expect(texts).toEqual(['second', 'second', 'second', 'second', 'second'])
  })

  test('what is neither text nor bytes is no data: nothing is signed, stored or sent', async () => {
    const [peer, other] = await crowd(rig(), 2)
    const channel = await peer!.connect(other!.id)
    const { publicKey } = generateSigner(systemRandom)
    let signed = 0
    const signer: Signer = { publicKey, sign: () => Promise.reject(new Error(`signature ${++signed}`)) }
    for (const value of [
      5,
      [1, 2, 300],
      Array.from({ length: 20 }, () => 1),
      null,
      undefined,
      {},
      Uint16Array.of(1, 2),
      new ArrayBuffer(2),
    ]) {
      const data = value as never
      for (const call of [
        peer!.put('key', data, { signer }),
        peer!.put(data, 'value', { signer }),
        peer!.publish('name', data, { signer }),
        peer!.publish(data, 'value', { signer }),
        peer!.get(data),
        peer!.store(data),
        peer!.send(other!.id, data),
        channel.send(data),
      ]) {
        const error: unknown = await call.catch((reason: unknown) => reason)
        expect(error).toMatchObject({ name: 'PeerError', code: 'invalid', message: expect.stringContaining('a string or a Uint8Array') })
      }
    }
    expect(signed).toBe(0)
  })

  test('bytes of another realm, as of an iframe, are bytes', async () => {
    const [writer, reader] = await crowd(rig(), 2)
    const foreign = runInNewContext('Uint8Array.of(1, 2, 255)') as Uint8Array
    expect(foreign).not.toBeInstanceOf(Uint8Array)
    await writer!.put('hello', foreign)
    expect([...(await reader!.get('hello'))[0]!.value]).toEqual([1, 2, 255])
  })

  test('deleting is writing nothing', async () => {
    const [writer, reader] = await crowd(rig(), 2)
    await writer!.put('hello', 'world')
    await writer!.put('hello', '')
    expect(await reader!.get('hello')).toEqual([])
  })

  test('content of 16 KiB comes back as it was; more is refused', async () => {
    const [writer, reader] = await crowd(rig(), 2)
    const bytes = Uint8Array.from({ length: 16 * 1024 }, (_, i) => i * 7)
    const address = await writer!.store(bytes)
    expect(address).toMatch(/^[0-9a-f]{64}$/)
    expect(await reader!.load(address)).toEqual(bytes)
    expect(await codeOf(writer!.store(new Uint8Array(16 * 1024 + 1)))).toBe('too-large')
  })

  test('a write on a condition that is not met changes nothing', async () => {
    const [writer, reader] = await crowd(rig(), 2)
    const { seq } = await writer!.publish('profile', 'first', { ifSeq: 0n })
    await writer!.publish('profile', 'second', { ifSeq: seq })
    expect(await codeOf(writer!.publish('profile', 'third', { ifSeq: seq }))).toBe('cas-mismatch')
    expect((await reader!.resolve(writer!.publicKey, 'profile'))?.text).toBe('second')
  })

  test('two tabs of one owner write at once: all readers agree', async () => {
    const given = rig()
    const owner: Signer = generateSigner(systemRandom)
    const all = await crowd(given, 4)
    await meshed(all)
    const [one, two, ...readers] = all
    await Promise.all([one!.publish('profile', 'one', { signer: owner }), two!.publish('profile', 'two', { signer: owner })])
    const key = Buffer.from(owner.publicKey).toString('hex')
    const texts = await Promise.all([...all, ...readers].map(async (peer) => (await peer.resolve(key, 'profile'))?.text))
    expect(new Set(texts).size).toBe(1)
  })

  test('alone, a record is kept, said to be pending, and stored when somebody comes', async () => {
    const given = rig()
    const writer = await join(given)
    expect(await writer.put('hello', 'world')).toMatchObject({ stored: 0, pending: true })
    expect(writer.status).toMatchObject({ phase: 'alone', pendingWrites: 1, safeToClose: false })
    expect((await writer.get('hello'))[0]?.text).toBe('world')
    expect(await codeOf(writer.get('other'))).toBe('no-peers')
    const reader = await join(given)
    await statusOf(writer, ({ safeToClose }) => safeToClose)
    expect((await reader.get('hello'))[0]?.text).toBe('world')
  })

  test('records outlive the peer in its storage', async () => {
    const given = rig()
    const shelf = new Map<string, Uint8Array>()
    const signer = generateSigner(systemRandom)
    const first = await join(given, { signer, storage: new MemoryStorage(shelf) })
    await first.put('hello', 'world')
    await first.leave()
    const second = await join(given, { signer, storage: new MemoryStorage(shelf) })
    expect(second.id).toBe(first.id)
    expect((await second.get('hello'))[0]?.text).toBe('world')
  })

  test('a storage that is full or gone is said to be, and the peer goes on', async () => {
    const given = rig()
    const storage = new MemoryStorage()
    const peer = await join(given, { storage })
    await storage.close()
    await peer.put('hello', 'world')
    expect(peer.status).toMatchObject({ storage: 'memory', storageFault: 'closed' })
    expect((await peer.get('hello'))[0]?.text).toBe('world')
  })
})

test('a signer that signs no more harms nobody: what it does not sign is counted, and the peer goes on', async () => {
  const given = rig()
  const { publicKey } = generateSigner(systemRandom)
  const locked = await join(given, { signer: { publicKey, sign: () => Promise.reject(new Error('The key is locked.')) } })
  await join(given)
  await expect.poll(() => locked.status.messagesDropped).toBeGreaterThan(0)
  expect(locked.status.phase).not.toBe('left')
})

describe('messages and channels', () => {
  /** Three in a row: the outer two cannot link. */
  async function row(): Promise<[Peer, Peer, Peer]> {
    const given = rig()
    const transports: MemoryTransport[] = [given.network.transport(), given.network.transport(), given.network.transport()]
    given.network.cut(transports[0]!, transports[2]!)
    const [left, middle, right] = await Promise.all(transports.map((transport) => join(given, { transport })))
    await statusOf(middle!, ({ links }) => links === 2)
    return [left!, middle!, right!]
  }

  test('a message reaches a peer that is linked, and one that is not', async () => {
    const [left, middle, right] = await row()
    for (const to of [middle, right]) {
      const heard = new Promise<string>((resolve) =>
        to.on('message', ({ from, data }) => resolve(`${from} ${Buffer.from(data).toString()}`)),
      )
      await left.send(to.id, 'hello')
      expect(await heard).toBe(`${left.id} hello`)
    }
    expect(await codeOf(left.send('00'.repeat(20), 'hello'))).toBe('unreachable')
  })

  test('one message more than may be on their way is told so, and no other is', async () => {
    const [one] = await crowd(rig(), 2)
    const codes = await Promise.all(Array.from({ length: mailsMax + 1 }, () => codeOf(one!.send('00'.repeat(20), 'hello'))))
    expect(codes.map((code) => code === 'queue-full')).toEqual([...Array<boolean>(mailsMax).fill(false), true])
  })

  test('a channel carries 1 MiB both ways, whole', async () => {
    const [one, two] = await crowd(rig(), 2)
    const accepted = new Promise<Uint8Array>((resolve) =>
      two!.on('channel', (channel) => channel.on('message', (data) => void channel.send(data).then(() => resolve(data)))),
    )
    const channel = await one!.connect(two!.id)
    expect(channel.direct).toBe(true)
    const back = new Promise<Uint8Array>((resolve) => channel.on('message', resolve))
    const data = Uint8Array.from({ length: 1024 * 1024 }, (_, i) => i % 251)
    await channel.send(data)
    expect(Buffer.compare(await accepted, data)).toBe(0)
    expect(Buffer.compare(await back, data)).toBe(0)
    expect(await codeOf(channel.send(new Uint8Array(1024 * 1024 + 1)))).toBe('too-large')
  })

  test('where no link can be made a channel is relayed', { timeout: 30_000 }, async () => {
    const [left, , right] = await row()
    const heard = new Promise<string>((resolve) =>
      right.on('channel', (channel) => channel.on('message', (data) => resolve(Buffer.from(data).toString()))),
    )
    const channel = await left.connect(right.id)
    expect(channel.direct).toBe(false)
    await channel.send('over the middle')
    expect(await heard).toBe('over the middle')
  })

  test('a channel closes at both ends, after what was sent before', async () => {
    const [one, two] = await crowd(rig(), 2)
    const told: string[] = []
    const closed = new Promise<void>((resolve) =>
      two!.on('channel', (channel) => {
        channel.on('message', (data) => told.push(Buffer.from(data).toString()))
        channel.on('close', () => resolve())
      }),
    )
    const channel = await one!.connect(two!.id)
    await channel.send('last words')
    channel.close()
    await closed
    expect(told).toEqual(['last words'])
    expect(await codeOf(channel.send('more'))).toBe('closed')
  })
})

describe('coming and going', () => {
  test('nobody becomes what is no role', async () => {
    const peer = await join(rig())
    expect(() => peer.become('bogus' as never)).toThrow(expect.objectContaining({ name: 'PeerError', code: 'invalid' }))
  })

  test('the meeting point is shut: the overlay goes on', async () => {
    const given = rig()
    const all = await crowd(given, 4)
    await meshed(all)
    given.square.shut()
    const carried = given.square.lettersCarried
    await all[0]!.put('hello', 'world')
    expect((await all[3]!.get('hello'))[0]?.text).toBe('world')
    expect(given.square.lettersCarried).toBe(carried)
  })

  test('what a leaving peer alone had is handed over', async () => {
    const given = rig()
    const [leaver, ...others] = await crowd(given, 3)
    await meshed([leaver!, ...others])
    await leaver!.put('hello', 'world')
    await leaver!.leave()
    expect(leaver!.status.phase).toBe('left')
    for (const peer of others) expect((await peer.get('hello'))[0]?.text).toBe('world')
    expect(await codeOf(leaver!.get('hello'))).toBe('left')
  })

  test('an aborted call rejects with the reason of its signal', async () => {
    const peer = await join(rig())
    const controller = new AbortController()
    const call = peer.get('hello', { signal: controller.signal })
    controller.abort('enough')
    expect(await codeOf(call)).toBe('enough')
    expect(await codeOf(peer.get('hello', { signal: AbortSignal.abort('before') }))).toBe('before')
  })

  test('nobody there and no meeting point: it says so within ten seconds', { timeout: 12_000 }, async () => {
    const peer = await join(rig(), { meetingPoints: [] })
    await statusOf(peer, ({ phase }) => phase === 'alone')
    expect(peer.status).toMatchObject({ phase: 'alone', links: 0, estimatedPeers: 1 })
  })
})
