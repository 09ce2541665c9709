import { contentBytesMax, defaultStoreQuotas } from '@hashtab/core'
import { MemoryNetwork, MemorySquare } from '@hashtab/conformance'
import { afterEach, describe, expect, test } from 'vitest'
import { generateSigner, MemoryStorage, Peer, PeerError, type Signer, systemRandom } from './index.js'

const peers: Peer[] = []
afterEach(() => Promise.all(peers.splice(0).map((peer) => peer.leave())))

/** As many peers, all linked to one another. */
async function linked(count: number) {
  const network = new MemoryNetwork()
  const square = new MemorySquare()
  const transports = Array.from({ length: count }, () => network.transport())
  const started = transports.map((transport) =>
    Peer.start({ signer: generateSigner(systemRandom), transport, storage: new MemoryStorage(), meetingPoints: [square.meetingPoint()] }),
  )
  const all = await Promise.all(started)
  peers.push(...all)
  for (const peer of all) await hasLinks(peer, count - 1)
  return { network, transports, all }
}

function hasLinks(peer: Peer, count: number): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (peer.status.links < count) return
      stop()
      resolve()
    }
    const stop = peer.on('status', look)
    look()
  })
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof PeerError ? error.code : error),
  )

describe('writing', () => {
  test('is for 1 second to 7 days', async () => {
    const { all } = await linked(2)
    for (const expiresInS of [0, 0.5, -1, 604_801, Infinity, NaN])
      expect(await codeOf(all[0]!.put('hello', 'world', { expiresInS }))).toBe('invalid')
    expect(all[0]!.status.recordsKept).toBe(0)
    for (const expiresInS of [604_800, 1])
      expect(await all[0]!.put('hello', 'world', { expiresInS })).toMatchObject({ stored: 2, pending: false })
  })

  test('more than this peer keeps of its own is not said to be kept', async () => {
    const { all } = await linked(1)
    const content = (i: number) => new Uint8Array(contentBytesMax).fill(i)
    const fitting = Math.floor(defaultStoreQuotas.own.bytes / (contentBytesMax + 100))
    for (let i = 0; i < fitting; i++) await all[0]!.store(content(i))
    expect(await codeOf(all[0]!.store(content(fitting)))).toBe('quota')
    expect(all[0]!.status.recordsKept).toBe(fitting)
  })

  test('what no other peer confirms is not stored, and not safe', async () => {
    const { all } = await linked(2)
    const signer = generateSigner(systemRandom)
    const forger: Signer = { publicKey: signer.publicKey, sign: () => signer.sign(new Uint8Array(1)) }
    expect(await codeOf(all[0]!.put('hello', 'world', { signer: forger }))).toBe('not-stored')
    expect(all[0]!.status).toMatchObject({ pendingWrites: 1, safeToClose: false })
    expect(await codeOf(all[0]!.put('hello', 'world', { signer: forger, ifSeq: 0n }))).toBe('cas-mismatch')
  })
})

test('a write on a condition is none while nobody is there who knows whether it holds, and is not made later without it', async () => {
  const { all } = await linked(1)
  expect(await codeOf(all[0]!.publish('profile', 'first', { ifSeq: 0n }))).toBe('no-peers')
  expect(all[0]!.status).toMatchObject({ recordsKept: 0, pendingWrites: 0, safeToClose: true })
  expect(await all[0]!.publish('profile', 'second')).toMatchObject({ pending: true })
})

describe('reading', () => {
  test('of what may be there, but nobody answered for, times out', async () => {
    const { network, transports, all } = await linked(2)
    expect(await all[0]!.get('hello')).toEqual([])
    network.cut(transports[0]!, transports[1]!)
    expect(await codeOf(all[0]!.get('hello'))).toBe('timed-out')
  })
})
