import { describe, expect, it } from 'vitest'
import { openRecord } from './fixtures/made-up-record.js'
import { key } from './fixtures/visible-key.js'
import { WiredOverlays, type WiredPeer } from './fixtures/wired-overlays.js'
import { Key } from './keys/key.js'
import { leafGraceMs, leafQuickLinks, leafSiblings } from './links/link-policy.js'
import { tellSoonMs } from './links/neighbourhood.js'
import { stepDownDelayMs, stepUpDelayMs } from './links/role-keeper.js'
import { leafKeepsMs } from './records/record-room.js'
import { recordId } from './records/record.js'
import type { Message, PeerRole } from './wire/message.js'

const expiresUnixS = 1_700_000_000 + 86_400
const target = key('0b0110')
const record = openRecord(target, { seq: 1, expiresUnixS, value: 'first' })
const newer = openRecord(target, { seq: 2, expiresUnixS, value: 'second' })
const decidedMs = 1.5 * stepDownDelayMs + 500

function mesh(count: number) {
  const wire = new WiredOverlays(count)
  wire.meet()
  return { wire, byDistance: [...wire.peers].sort((a, b) => Key.compare(target, a.contact.id, b.contact.id)) }
}

/** Four of twelve that are leaves, all of them replicas before. */
function withLeaves() {
  const { wire, byDistance } = mesh(12)
  const leaves = byDistance.slice(0, 4)
  wire.call(byDistance[11]!, { type: 'write', record })
  become(wire, leaves, 'leaf')
  wire.run(decidedMs)
  return { wire, leaves, full: byDistance.slice(4) }
}

function become(wire: WiredOverlays, peers: readonly WiredPeer[], role: PeerRole) {
  for (const peer of peers) wire.tell(peer, { type: 'become', role })
}

const roles = (peers: readonly WiredPeer[]) => peers.map(({ overlay }) => overlay.status.role)
const holds = ({ storage }: WiredPeer) => storage.has(recordId(record))

/** It asks something itself, or says that it lives. */
function isForItself(message: Message): boolean {
  if (message.type !== 'envelope' || message.path.length > 1) return false
  const { payload } = message
  return payload.type === 'request' || (payload.type === 'response' && payload.answer.type === 'pong')
}

function read(wire: WiredOverlays, peer: WiredPeer) {
  return wire.call<'read'>(peer, { type: 'read', target, want: 'open' }).records
}

describe('a leaf', () => {
  it('hands its records over, keeps none of others, and few links', () => {
    const { wire, leaves, full } = withLeaves()
    expect(roles(leaves)).toEqual(leaves.map(() => 'leaf'))
    wire.run(leafKeepsMs + leafGraceMs + 5_000)
    expect(leaves.map(holds)).toEqual(leaves.map(() => false))
    expect(full.map(holds)).toEqual(full.map(() => true))
    for (const leaf of leaves) expect(leaf.overlay.status).toMatchObject({ links: leafSiblings + leafQuickLinks })
    for (const { overlay } of full) expect(overlay.status.messagesDropped).toBe(0)
  })

  it('still reads, writes, and is reached by everybody, and what it writes is kept by others', () => {
    const { wire, leaves, full } = withLeaves()
    wire.run(leafGraceMs + 5_000)
    expect(read(wire, leaves[0]!)).toEqual([record])
    const written = wire.call<'written'>(leaves[1]!, { type: 'write', record: newer, all: true })
    expect(written).toMatchObject({ stored: 8, wanted: 8 })
    expect(read(wire, full[3]!)).toEqual([newer])
    for (const from of [leaves[0]!, full[0]!, full[7]!]) {
      const mailed = wire.call<'mailed'>(from, { type: 'mail', to: leaves[2]!.contact.id, data: Uint8Array.of(1) })
      expect(mailed.received).toBe(true)
    }
  })

  it('is asked for nothing, and passes nothing on', () => {
    const { wire, leaves, full } = withLeaves()
    wire.run(leafGraceMs + 5_000)
    const said: string[] = []
    wire.carry = (message, from) => {
      if (leaves.includes(from) && !isForItself(message)) said.push(message.type)
      return [message]
    }
    for (const reader of full) expect(read(wire, reader)).toEqual([record])
    expect(said).toEqual([])
  })

  it('serves again at once, has its records back, and links to everybody within seconds', () => {
    const { wire, leaves, full } = withLeaves()
    wire.run(leafKeepsMs + leafGraceMs + 5_000)
    wire.call(full[0]!, { type: 'write', record: newer, all: true })
    become(wire, leaves, 'full')
    expect(roles(leaves)).toEqual(leaves.map(() => 'full'))
    for (const reader of full) expect(read(wire, reader)).toEqual([newer])
    wire.run(5_000)
    for (const { overlay } of wire.peers) expect(overlay.status.links).toBe(11)
    expect(leaves.map(holds)).toEqual(leaves.map(() => true))
  })

  it('that was one for a moment only has lost nothing', () => {
    const { wire, leaves } = withLeaves()
    become(wire, leaves, 'full')
    wire.run(leafKeepsMs)
    expect(leaves.map(holds)).toEqual(leaves.map(() => true))
    for (const { overlay } of wire.peers) expect(overlay.status.links).toBe(11)
  })
})

describe('where few serve', () => {
  it('nobody is a leaf, whatever it wishes', () => {
    const { wire, byDistance } = mesh(2)
    wire.call(byDistance[0]!, { type: 'write', record })
    become(wire, byDistance, 'leaf')
    wire.run(60_000)
    expect(roles(byDistance)).toEqual(['full', 'full'])
    expect(read(wire, byDistance[1]!)).toEqual([record])
  })

  it.each([12, 20])('of %i that all wish to be leaves, nine at least go on serving', (count) => {
    const { wire } = mesh(count)
    wire.call(wire.peers[0]!, { type: 'write', record })
    become(wire, wire.peers, 'leaf')
    wire.run(60_000)
    const serving = roles(wire.peers).filter((role) => role === 'full').length
    expect(serving).toBeGreaterThanOrEqual(8)
    expect(serving).toBeLessThan(count)
    for (const reader of wire.peers) expect(read(wire, reader)).toEqual([record])
  })

  it('leaves serve again when the others are gone', () => {
    const { wire, leaves, full } = withLeaves()
    wire.run(leafKeepsMs)
    for (const peer of full.slice(0, 4)) wire.vanish(peer)
    wire.run(tellSoonMs + 1.5 * stepUpDelayMs + 500)
    expect(roles(leaves)).toEqual(leaves.map(() => 'full'))
    wire.run(10_000)
    expect(leaves.map(holds)).toEqual(leaves.map(() => true))
  })
})

it('a newcomer who meets nobody but a leaf finds everybody through it', () => {
  const wire = new WiredOverlays(13)
  const newcomer = wire.peers[12]!
  const contacts = wire.peers.slice(0, 12).map(({ contact }) => contact)
  for (const peer of wire.peers.slice(0, 12)) wire.tell(peer, { type: 'met', point: 0, contacts })
  wire.run(10_000)
  const leaf = wire.peers[5]!
  wire.call(wire.peers[0]!, { type: 'write', record })
  become(wire, [leaf], 'leaf')
  wire.run(leafGraceMs + 10_000)
  wire.tell(newcomer, { type: 'met', point: 0, contacts: [leaf.contact] })
  wire.run(1_200)
  expect(newcomer.overlay.status.links).toBe(1)
  expect(read(wire, newcomer)).toEqual([record])
  wire.run(10_000)
  expect(newcomer.overlay.status).toMatchObject({ siblings: 8, role: 'full' })
})
