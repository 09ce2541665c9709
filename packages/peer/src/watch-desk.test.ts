import { MemoryNetwork, MemorySquare } from '@hashtab/conformance'
import { watchesMax } from '@hashtab/core'
import { afterEach, describe, expect, test } from 'vitest'
import { statusOf } from './fixtures/status-of.js'
import { type Entry, generateSigner, MemoryStorage, Peer, PeerError, systemRandom } from './index.js'

const peers: Peer[] = []
afterEach(() => Promise.all(peers.splice(0).map((peer) => peer.leave())))

/** Peers that meet each other as they come. */
function rig() {
  const network = new MemoryNetwork()
  const square = new MemorySquare()
  return async () => {
    const parts = { transport: network.transport(), storage: new MemoryStorage(), meetingPoints: [square.meetingPoint()] }
    const peer = await Peer.start({ signer: generateSigner(systemRandom), ...parts })
    peers.push(peer)
    return peer
  }
}

async function linked(count: number): Promise<Peer[]> {
  const join = rig()
  const all = await Promise.all(Array.from({ length: count }, join))
  await Promise.all(all.map((peer) => statusOf(peer, ({ links }) => links === count - 1)))
  return all
}

/** What a listener was told, and a promise of its so many-th word. */
function ear() {
  const texts: string[] = []
  let heard = () => {}
  const listener = ({ text }: Entry) => {
    texts.push(text)
    heard()
  }
  const told = (count: number) =>
    new Promise<readonly string[]>((resolve) => {
      heard = () => texts.length >= count && resolve(texts)
      heard()
    })
  return { texts, listener, told }
}

const codeOf = (work: () => unknown) => {
  try {
    work()
    return 'done'
  } catch (error) {
    return error instanceof PeerError ? error.code : error
  }
}

describe('watching', () => {
  test('tells what is there, then what comes: of every publisher, and when it is deleted', async () => {
    const [alice, bob, carol] = await linked(3)
    await alice!.put('hello', 'from alice')
    const { listener, told } = ear()
    carol!.watch('hello', listener)
    expect(await told(1)).toEqual(['from alice'])
    await bob!.put('hello', 'from bob')
    await alice!.put('hello', 'from alice again')
    await alice!.put('hello', '')
    expect(await told(4)).toEqual(['from alice', 'from bob', 'from alice again', ''])
  })

  test('an owned record is following', async () => {
    const [alice, bob] = await linked(2)
    const { listener, told } = ear()
    bob!.follow(alice!.publicKey, 'profile', listener)
    await alice!.publish('profile', 'first')
    await alice!.publish('profile', 'second')
    await alice!.publish('another', 'third')
    expect(await told(2)).toEqual(['first', 'second'])
    expect(codeOf(() => bob!.follow('not a key', 'profile', listener))).toBe('invalid')
    expect(codeOf(() => bob!.follow(alice!.publicKey, 'x'.repeat(65), listener))).toBe('invalid')
  })

  test('tells a peer of what it writes itself', async () => {
    const [alice] = await linked(2)
    const { listener, told } = ear()
    alice!.watch('hello', listener)
    await alice!.put('hello', 'world')
    expect(await told(1)).toEqual(['world'])
  })

  test('stops when it is told to, from inside its listener too, or when its signal is aborted', async () => {
    const [alice, bob] = await linked(2)
    const [once, aborted, always] = [ear(), ear(), ear()]
    await alice!.put('hello', 'first')
    const controller = new AbortController()
    const stop = bob!.watch('hello', (entry) => {
      once.listener(entry)
      stop()
    })
    bob!.watch('hello', aborted.listener, { signal: controller.signal })
    bob!.watch('hello', always.listener)
    await Promise.all([once.told(1), aborted.told(1)])
    controller.abort()
    expect(bob!.status.watches).toBe(1)
    await alice!.put('hello', 'second')
    expect(await always.told(2)).toEqual(['first', 'second'])
    expect([once.texts, aborted.texts]).toEqual([['first'], ['first']])
    expect(() => bob!.watch('hello', always.listener, { signal: controller.signal })).toThrow(/abort/)
  })

  test('begun while nobody is there goes on trying, as the status tells, and is told when they come', async () => {
    const join = rig()
    const alice = await join()
    const { listener, told } = ear()
    alice.watch('hello', listener)
    await statusOf(alice, ({ watches }) => watches === 1)
    expect(alice.status.watchesLive).toBe(0)
    const bob = await join()
    await statusOf(alice, ({ watchesLive }) => watchesLive === 1)
    await bob.put('hello', 'world')
    expect(await told(1)).toEqual(['world'])
  })

  test('a listener that throws keeps no other from hearing', async () => {
    const [alice, bob] = await linked(2)
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve))
    const { listener, told } = ear()
    bob!.watch('hello', () => {
      throw new Error('the app’s own')
    })
    bob!.watch('hello', listener)
    await alice!.put('hello', 'world')
    expect(await told(1)).toEqual(['world'])
    expect(await thrown).toMatchObject({ message: 'the app’s own' })
  })

  test(`is for ${watchesMax} at a time, and ends with the peer`, async () => {
    const [alice] = await linked(2)
    const stops = Array.from({ length: watchesMax }, (_, i) => alice!.watch(`${i}`, () => {}))
    expect(codeOf(() => alice!.watch('one more', () => {}))).toBe('quota')
    stops[0]!()
    stops[0]!()
    expect(codeOf(() => alice!.watch('one more', () => {}))).toBe('done')
    expect(codeOf(() => alice!.watch('two more', () => {}))).toBe('quota')
    await alice!.leave()
    expect(codeOf(() => alice!.watch('hello', () => {}))).toBe('left')
  })
})
