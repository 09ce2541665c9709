import { describe, expect, it } from 'vitest'
import { openRecord } from '../fixtures/made-up-record.js'
import { contacts, linkedTable, linkWith } from '../fixtures/linked-table.js'
import { contact, key } from '../fixtures/visible-key.js'
import { WiredOverlays, type WiredPeer } from '../fixtures/wired-overlays.js'
import { Key } from '../keys/key.js'
import { closest } from '../keys/nearest.js'
import { type Contact, contactOf, publicKey, publicKeyBytes } from '../keys/public-key.js'
import { replicas } from '../wire/message.js'
import { disbelievedMs, provenMs, rememberedMax, ReplicaView } from './replica-view.js'
import { recordId } from './record.js'

const target = key('0b01101001')
const record = openRecord(target, { expiresUnixS: 1_700_086_400, value: 'kept' })
const id = recordId(record)

/** Peers that are not there, right beside the target. */
const madeUp: Contact[] = []
for (let i = 0; madeUp.length < 16; i++) {
  const bytes = new Uint8Array(publicKeyBytes).fill(255)
  new DataView(bytes.buffer).setUint32(0, i)
  const one = contactOf(publicKey(bytes))
  if (one.id.sharedBits(target) >= 8) madeUp.push(one)
}

/** Fourteen peers, of whom as many as `liars` list the made-up ones among their links. */
function withLiars(liars: number) {
  const wire = new WiredOverlays(14)
  const liar = new Set(closest(target, wire.peers, 14, (peer) => peer.contact.id).slice(-liars))
  wire.carry = (message, from) => {
    if (message.type !== 'neighbours' || !liar.has(from)) return [message]
    return [{ ...message, came: [...message.came, ...madeUp.map((one) => ({ contact: one, rttMs: 1 }))] }]
  }
  wire.meet(60_000)
  return wire
}

const holdersAmongClosest = (wire: WiredOverlays) =>
  closest(
    target,
    wire.peers.filter(({ isThere }) => isThere),
    replicas,
    (peer: WiredPeer) => peer.contact.id,
  ).filter(({ storage }) => storage.has(id)).length

describe('a link that lists sixteen peers that are not there, right beside a record', () => {
  it('changes nothing: the record is written to the eight closest, and is there again after three of them vanished', () => {
    const wire = withLiars(1)
    const byDistance = closest(target, wire.peers, 14, (peer) => peer.contact.id)
    wire.call(byDistance[9]!, { type: 'write', record })
    expect(holdersAmongClosest(wire)).toBe(replicas)
    for (const peer of byDistance.slice(0, 3)) wire.vanish(peer)
    wire.run(30_000)
    expect(holdersAmongClosest(wire)).toBe(replicas)
  })

  it('two of them delay it until pushes have shown that nobody is there', () => {
    const wire = withLiars(2)
    const byDistance = closest(target, wire.peers, 14, (peer) => peer.contact.id)
    wire.call(byDistance[9]!, { type: 'write', record })
    wire.run(180_000)
    expect(holdersAmongClosest(wire)).toBe(replicas)
    for (const peer of byDistance.slice(0, 3)) wire.vanish(peer)
    wire.run(180_000)
    expect(holdersAmongClosest(wire)).toBe(replicas)
  })
})

describe('who counts as a replica', () => {
  const [linked, other, named] = ['0b001', '0b010', '0b0001']
  const viewOf = () => {
    const table = linkedTable('0b1', [linked, other])
    return { table, view: new ReplicaView(table) }
  }
  const counted = (view: ReplicaView) => view.around(key('0b0'), 3).counted

  it('1: whoever is linked, silent or not', () => {
    const { view } = viewOf()
    view.unreached(key(linked), 0)
    expect(counted(view)).toEqual(contacts(linked, other))
  })

  it('2: whoever two links name, or one, when it has answered not long ago', () => {
    const { table, view } = viewOf()
    linkWith(table, linked, [named])
    expect(view.around(key('0b0'), 3)).toEqual({ counted: contacts(linked, other), unproven: contacts(named) })
    view.answered(key(named), 0)
    expect(counted(view)).toEqual(contacts(named, linked, other))
    view.tick(provenMs)
    expect(counted(view)).toEqual(contacts(linked, other))
    linkWith(table, other, [named])
    expect(counted(view)).toEqual(contacts(named, linked, other))
  })

  it('3: not whoever could not be reached, until it answers, links, or time has passed', () => {
    const { table, view } = viewOf()
    for (const bits of [linked, other]) linkWith(table, bits, [named])
    const without = contacts(linked, other)
    view.unreached(key(named), 0)
    view.tick(disbelievedMs - 1)
    expect([counted(view), view.standing(key(named))]).toEqual([without, 'none'])
    view.tick(disbelievedMs)
    expect(counted(view)).toHaveLength(3)
    view.unreached(key(named), disbelievedMs)
    view.answered(key(named), disbelievedMs)
    expect(counted(view)).toHaveLength(3)
    view.unreached(key(named), disbelievedMs)
    table.addLink(9, contact(named), 0)
    expect(counted(view)).toHaveLength(3)
  })

  it('finds who counts behind any number of others that one link made up', () => {
    const { table, view } = viewOf()
    linkWith(
      table,
      linked,
      Array.from({ length: 64 }, (_, i) => `0b0000${(i + 1).toString(2).padStart(8, '0')}`),
    )
    expect(counted(view)).toEqual(contacts(linked, other))
    expect(view.around(key('0b0'), 3).unproven).toHaveLength(replicas)
  })

  it('remembers no more than it has room for', () => {
    const { table, view } = viewOf()
    linkWith(table, linked, [named])
    view.answered(key(named), 0)
    for (let i = 0; i < rememberedMax; i++) view.answered(Key.hash(new Uint8Array([i, i >> 8])), 0)
    expect(counted(view)).toEqual(contacts(linked, other))
  })
})
