import { MemoryNetwork, MemorySquare } from '@hashtab/conformance'
import { contactOf, encode, encodeLetter } from '@hashtab/core'
import { afterEach, describe, expect, test } from 'vitest'
import { HostileCarrier, ManBetween, type Tampering } from './fixtures/hostile-carrier.js'
import { statusOf } from './fixtures/status-of.js'
import { generateSigner, MemoryStorage, Peer, type PeerParts, type Signer, systemRandom } from './index.js'

const peers: Peer[] = []
afterEach(() => Promise.all(peers.splice(0).map((peer) => peer.leave())))

/** Where an end of a link in memory is reached: what takes the place of fingerprint and addresses there. */
const addressOf = (transport: number, link: number) => encode([transport, link])

const idOf = ({ publicKey }: Signer) => contactOf(publicKey).id

/** Peers that meet through a hostile carrier alone. */
function meetThrough(tamper?: Tampering, parts: Partial<PeerParts> = {}, network = new MemoryNetwork()) {
  const carrier = new HostileCarrier(new MemorySquare(), tamper)
  const join = async (signer: Signer = generateSigner(systemRandom)) => {
    const transport = network.transport()
    const peer = await Peer.start({ signer, transport, storage: new MemoryStorage(), meetingPoints: [carrier.meetingPoint()], ...parts })
    peers.push(peer)
    return { peer, transport }
  }
  return { carrier, join }
}

/** All letters of one introduction were handed on, and no link came of it. */
async function seen(carrier: HostileCarrier, type: string, count = 1): Promise<void> {
  while (carrier.letters.filter(({ letter }) => letter.body.type === type).length < count)
    await new Promise((resolve) => setImmediate(resolve))
  // What was handed on has arrived by then: everything in memory takes microtasks, and a signature some milliseconds.
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('whoever carries the letters of an introduction', () => {
  test('reads no address: what the transports say of themselves is in none of them', async () => {
    const { carrier, join } = meetThrough()
    const [alice] = await Promise.all([join(), join()])
    await statusOf(alice.peer, ({ links }) => links === 1)
    const types = carrier.letters.map(({ letter }) => letter.body.type)
    expect(types).toEqual(expect.arrayContaining(['knock', 'offer', 'answer']))
    for (const { bytes } of carrier.letters) {
      for (let transport = 0; transport < 3; transport++) {
        for (let link = 1; link < 4; link++) expect(Buffer.from(bytes).indexOf(addressOf(transport, link))).toBe(-1)
      }
    }
  })

  describe('puts itself between, and tells each end keys and an address of its own', () => {
    /** How many links came about to the carrier's own transport, in the name of another. */
    async function between(verify?: PeerParts['verify']) {
      const network = new MemoryNetwork()
      const mallory = network.transport()
      let stolen = 0
      mallory.start(({ type }) => (stolen += type === 'opened' ? 1 : 0))
      mallory.offer(1)
      const man = new ManBetween((type, description) => {
        if (type === 'answer') mallory.accept(1, description)
        return addressOf(mallory.number, 1)
      })
      const { carrier, join } = meetThrough(man.tamper, { ...(verify && { verify }) }, network)
      const both = await Promise.all([join(), join()])
      return { carrier, both, stolen: () => stolen }
    }

    test('has its way with peers that check no signature', async () => {
      const { both, stolen } = await between(() => true)
      await Promise.race(both.map(({ peer }) => statusOf(peer, ({ links }) => links === 1)))
      expect(stolen()).toBe(1)
    })

    test('in vain: its keys are not signed, and nobody makes a connection for what it says', async () => {
      const { carrier, both, stolen } = await between()
      await seen(carrier, 'knock')
      expect(stolen()).toBe(0)
      for (const { peer, transport } of both) expect([peer.status.links, transport.connectionsMade]).toEqual([0, 0])
    })
  })

  test('signs in its own name in vain', async () => {
    const own = generateSigner(systemRandom)
    const { carrier, join } = meetThrough((letter) => [encodeLetter({ ...letter, from: own.publicKey })])
    const [alice, bob] = await Promise.all([join(), join()])
    await seen(carrier, 'knock')
    for (const { peer, transport } of [alice, bob]) expect([peer.status.links, transport.connectionsMade]).toEqual([0, 0])
  })

  test('changes a byte of an offer, wherever: no connection is made for it', async () => {
    let place = 0
    const { carrier, join } = meetThrough((letter, bytes) => {
      if (letter.body.type !== 'offer') return [bytes]
      return Array.from({ length: 40 }, (_, i) => {
        const spoilt = bytes.slice()
        spoilt[(place = (i * 11) % spoilt.length)]! ^= 1
        return spoilt
      })
    })
    const [alice, bob] = await Promise.all([join(), join()])
    await seen(carrier, 'offer')
    expect(place).toBeGreaterThan(0)
    expect([alice, bob].map(({ peer }) => peer.status.links)).toEqual([0, 0])
    // The end that offers has made one, to have something to offer.
    expect(alice.transport.connectionsMade + bob.transport.connectionsMade).toBe(1)
  })

  test('replays an old offer in vain', async () => {
    const old: Uint8Array[] = []
    // Of crossing knocks that of the smaller id stands, and the other's is dropped: so it is always the same that offers.
    const signers = [generateSigner(systemRandom), generateSigner(systemRandom)]
    const [signer, offering] = signers.toSorted((a, b) => (idOf(a).isBefore(idOf(b)) ? -1 : 1)) as [Signer, Signer]
    const { carrier, join } = meetThrough((letter, bytes) => {
      if (letter.body.type === 'knock' && Buffer.compare(letter.from, offering.publicKey) === 0) return []
      return old.length > 0 && letter.body.type === 'offer' ? old : [bytes]
    })
    const bob = await join(offering)
    const before = await join(signer)
    await statusOf(before.peer, ({ links }) => links === 1)
    old.push(...carrier.letters.flatMap(({ letter, bytes }) => (letter.body.type === 'offer' ? [bytes] : [])))
    const offers = old.length
    const answers = () => carrier.letters.filter(({ letter }) => letter.body.type === 'answer').length
    const answersBefore = answers()
    await before.peer.leave()
    await statusOf(bob.peer, ({ links }) => links === 0)
    const after = await join(signer)
    await seen(carrier, 'offer', offers + 1)
    expect([bob.peer.status.links, after.peer.status.links]).toEqual([0, 0])
    expect([answersBefore, answers()]).toEqual([1, 1])
  })
})
