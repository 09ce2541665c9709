import { describe, expect, it } from 'vitest'
import { encodeUtf8 } from '../bencode/utf8.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { WiredOverlays, type WiredPeer } from '../fixtures/wired-overlays.js'
import type { Message, Secret } from '../wire/message.js'
import { encodeMessage } from '../wire/message-codec.js'

const phrase = encodeUtf8('attack at dawn')

/** Three overlays, the outer two without a link: they have a channel over the one between. */
function row() {
  const wire = new WiredOverlays(3)
  const [one, relay, other] = wire.peers as [WiredPeer, WiredPeer, WiredPeer]
  wire.cut(one, other)
  wire.meet(20_000)
  const { channel } = wire.call<'connected'>(one, { type: 'connect', to: other.contact.id }, 30_000)
  expect([one, other].map((peer) => peer.overlay.status.links)).toEqual([1, 1])
  return { wire, one, relay, other, channel }
}

/** Messages of each other's length, every one of them with the phrase in it. */
const messages = (count: number) =>
  Array.from({ length: count }, (_, i) => {
    const data = new Uint8Array(phrase.length + (i % 5) * 9_000).fill(i)
    data.set(phrase)
    return data
  })

let operation = 1_000

function send({ wire, one, other, channel }: ReturnType<typeof row>, all: readonly Uint8Array[]): void {
  for (const peer of [one, other]) for (const data of all) wire.tell(peer, { type: 'channelSend', operation: operation++, channel, data })
}

/** How many messages came to each of the two; throws where one is not what was sent. */
function came({ one, other }: ReturnType<typeof row>, all: readonly Uint8Array[]): number[] {
  return [one, other].map((peer) => {
    const data = peer.notices.flatMap((notice) => (notice.type === 'channelMessage' ? [notice.data] : []))
    data.forEach((bytes, i) => expect(Buffer.compare(bytes, all[i]!)).toBe(0))
    return data.length
  })
}

const isClosed = ({ one, other }: ReturnType<typeof row>) =>
  [one, other].some(({ notices }) => notices.some(({ type }) => type === 'channelClosed'))

function secretIn(message: Message): Secret | undefined {
  return message.type === 'envelope' && message.payload.type === 'secret' ? message.payload : undefined
}

describe('a relayed channel', () => {
  it('shows the relay nothing of what is said, or of what it is said in', () => {
    const scene = row()
    const seen: Uint8Array[] = []
    scene.wire.carry = (message) => (seen.push(encodeMessage(message)), [message])
    const all = messages(10)
    send(scene, all)
    scene.wire.run(10_000)
    expect(came(scene, all)).toEqual([10, 10])
    const bytes = Buffer.concat(seen)
    expect(bytes.length).toBeGreaterThan(100_000)
    expect([bytes.includes(Buffer.from(phrase)), bytes.includes(Buffer.from(scene.channel, 'hex'))]).toEqual([false, false])
  })

  it('over a relay that loses, doubles, bends and holds back what it carries brings everything whole, once, in order', () => {
    const scene = row()
    const random = seededRandom(5)
    const held: Message[] = []
    scene.wire.carry = (message, from) => {
      const secret = secretIn(message)
      if (from !== scene.relay || message.type !== 'envelope' || !secret) return [message]
      const [die, place] = random(2) as unknown as [number, number]
      if (die < 26) return []
      if (die < 52) return [message, message]
      if (die < 78) {
        const sealed = secret.sealed.slice()
        sealed[place % sealed.length]! ^= 1
        return [{ ...message, payload: { ...secret, sealed } }]
      }
      if (die < 104) return (held.push(message), [])
      return [message, ...held.splice(0, 1).filter((late) => late.type === 'envelope' && late.destination.equals(message.destination))]
    }
    const all = messages(40)
    send(scene, all)
    scene.wire.run(180_000)
    expect(came(scene, all)).toEqual([40, 40])
    expect(isClosed(scene)).toBe(false)
    expect(scene.other.overlay.status.messagesDropped).toBeGreaterThan(10)
  })

  it('goes over to a link that comes, and back when it goes, in the midst of a message, and loses and doubles nothing', () => {
    const scene = row()
    const { wire, one, other } = scene
    const all = messages(60)
    send(scene, all.slice(0, 20))
    wire.run(15)
    expect(came(scene, all)[0]).toBeLessThan(20)
    wire.heal(one, other)
    wire.call(one, { type: 'connect', to: other.contact.id }, 15_000)
    expect([one, other].map((peer) => peer.overlay.isLinkedTo((peer === one ? other : one).contact.id))).toEqual([true, true])
    send(scene, all.slice(20, 40))
    wire.run(15)
    expect(came(scene, all)[0]).toBeLessThan(40)
    wire.cut(one, other)
    send(scene, all.slice(40))
    wire.run(60_000)
    expect(came(scene, all)).toEqual([60, 60])
    expect(isClosed(scene)).toBe(false)
    expect(one.overlay.status.links).toBe(1)
  })

  it('sends nothing that was given up before its turn came', () => {
    const scene = row()
    const { wire, one, other, channel } = scene
    const all = [1_000_000, 900_000, 20].map((length, i) => new Uint8Array(length).fill(i))
    all.forEach((data, i) => wire.tell(one, { type: 'channelSend', operation: 2_000 + i, channel, data }))
    wire.tell(one, { type: 'cancel', operation: 2_001 })
    wire.run(30_000)
    const came = other.notices.flatMap((notice) => (notice.type === 'channelMessage' ? [notice.data.length] : []))
    expect(came).toEqual([1_000_000, 20])
    expect(one.outcomes.get(2_001)).toBeUndefined()
  })

  it('on which nothing is said stays open, until one end is gone: the other is told', () => {
    const { wire, one, other } = row()
    wire.run(1_800_000)
    const closes = () => one.notices.filter(({ type }) => type === 'channelClosed')
    expect(closes()).toEqual([])
    wire.vanish(other)
    wire.run(240_000)
    expect(closes()).toMatchObject([{ reason: 'lost' }])
  })

  it('opened over a link that goes makes its keys then', () => {
    const wire = new WiredOverlays(3)
    const [one, relay, other] = wire.peers as [WiredPeer, WiredPeer, WiredPeer]
    wire.meet()
    const { channel } = wire.call<'connected'>(one, { type: 'connect', to: other.contact.id })
    const secrets: Secret[] = []
    wire.carry = (message) => (secrets.push(...[secretIn(message)].filter((secret) => secret !== undefined)), [message])
    wire.cut(one, other)
    const scene = { wire, one, relay, other, channel }
    const all = messages(5)
    send(scene, all)
    wire.run(10_000)
    expect(came(scene, all)).toEqual([5, 5])
    expect(secrets.length).toBeGreaterThan(0)
  })
})

describe('mail between peers without a link', () => {
  it('is for nobody else to read', () => {
    const { wire, one, other } = row()
    const seen: Uint8Array[] = []
    wire.carry = (message) => (seen.push(encodeMessage(message)), [message])
    expect(wire.call(one, { type: 'mail', to: other.contact.id, data: phrase })).toEqual({ type: 'mailed', received: true })
    expect(other.notices).toContainEqual({ type: 'mail', from: one.contact, data: phrase })
    expect(Buffer.concat(seen).includes(Buffer.from(phrase))).toBe(false)
  })
})
