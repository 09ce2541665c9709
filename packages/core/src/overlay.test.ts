import { describe, expect, it } from 'vitest'
import { openRecord, ownedRecord } from './fixtures/made-up-record.js'
import { seededRandom } from './fixtures/seeded-random.js'
import { contact, key } from './fixtures/visible-key.js'
import { Key } from './keys/key.js'
import { WiredOverlays, type WiredPeer } from './fixtures/wired-overlays.js'
import * as core from './index.js'
import { desktopLinkLimits } from './links/link-policy.js'
import { allowances } from './links/guard.js'
import { contentRecord, recordId } from './records/record.js'
import type { Message, Payload } from './wire/message.js'

/** Midnight of the wire's first day, in seconds, and a week on. */
const expiresUnixS = 1_700_000_000 + 86_400
const target = key('0b0110')

/** Two peers, wired and linked. */
function pair() {
  const wire = WiredOverlays.mesh(2)
  return { wire, one: wire.peers[0]!, other: wire.peers[1]! }
}

const holds = ({ storage }: WiredPeer, id: string) => storage.has(id)
const noticed = (peer: WiredPeer, type: string) => peer.notices.filter((notice) => notice.type === type)

const unknownId = '77'.repeat(8)
const envelopeTo = (destination: Key, path: readonly Key[], payload: Payload): Message => {
  return { type: 'envelope', destination, route: [], path, hopsLeft: 9, payload }
}

/** The one that ends the link. */
const faultsMax = allowances.fault.burst + 1

describe('overlays that met', () => {
  it.each([2, 3, 12])('are %i: all link to each other, once, and know how many they are', (count) => {
    const wire = WiredOverlays.mesh(count)
    for (const peer of wire.peers) {
      expect(peer.overlay.status).toMatchObject({
        links: count - 1,
        siblings: Math.min(count - 1, 8),
        estimatedPeers: count,
        messagesDropped: 0,
      })
      expect(noticed(peer, 'linked').length).toBe(count - 1)
      expect(noticed(peer, 'unlinked')).toEqual([])
    }
  })

  it('notice who vanishes', () => {
    const wire = WiredOverlays.mesh(3)
    wire.vanish(wire.peers[2]!)
    wire.run(1_000)
    for (const peer of wire.peers.slice(0, 2)) {
      expect(noticed(peer, 'unlinked')).toEqual([
        { type: 'unlinked', contact: wire.peers[2]!.contact, link: expect.any(Number), sibling: true },
      ])
      expect(peer.overlay.status.links).toBe(1)
    }
  })
})

describe('watching', () => {
  it.each([2, 12])('among %i: tells everybody of each version, once, also after the closest holder vanished', (count) => {
    const wire = WiredOverlays.mesh(count)
    const byDistance = [...wire.peers].sort((a, b) => Key.compare(target, a.contact.id, b.contact.id))
    const writer = byDistance.at(-1)!
    wire.peers.forEach((peer, i) => wire.tell(peer, { type: 'watch', operation: 1_000 + i, target, want: 'open' }))
    wire.run(1_000)
    for (const peer of wire.peers) expect(peer.overlay.status).toMatchObject({ watches: 1, watchesLive: 1 })
    const versions = [1, 2, 3].map((seq) => openRecord(target, { seq, expiresUnixS, value: `${seq}` }))
    wire.call(writer, { type: 'write', record: versions[0]! })
    if (count > 2) wire.vanish(byDistance[0]!)
    wire.call(writer, { type: 'write', record: versions[1]! })
    wire.call(writer, { type: 'write', record: versions[2]! })
    for (const peer of wire.peers.filter(({ isThere }) => isThere)) {
      const seen = peer.notices.flatMap((notice) => (notice.type === 'watched' ? [notice.record] : []))
      expect(seen).toEqual(versions)
    }
  })
})

describe('putting at one and getting at another', () => {
  it.each([
    ['an open record', openRecord(target, { expiresUnixS, value: 'hello' }), 'open'],
    ['an owned record', ownedRecord('me', { expiresUnixS, value: 'hello' }), 'owned'],
    ['content', contentRecord(new Uint8Array(10_000)), 'content'],
  ] as const)('%s', (_, record, want) => {
    for (const count of [2, 3, 12]) {
      const wire = WiredOverlays.mesh(count)
      const [writer, reader] = [wire.peers[0]!, wire.peers.at(-1)!]
      const written = wire.call<'written'>(writer, { type: 'write', record, all: true })
      expect(written).toMatchObject({ stored: Math.min(count, 8), wanted: Math.min(count, 8), conflict: false, full: 0 })
      const read = wire.call<'read'>(reader, { type: 'read', target: record.key, want })
      expect(read.records).toEqual([record])
      expect(writer.overlay.status.pendingWrites).toBe(0)
    }
  })

  it('brings one record of each publisher, the newest first', () => {
    const wire = WiredOverlays.mesh(3)
    const records = [1, 2, 3].map((publisher) => openRecord(target, { publisher, seq: publisher, expiresUnixS }))
    wire.peers.forEach((peer, i) => wire.call(peer, { type: 'write', record: records[i]! }))
    expect(wire.call<'read'>(wire.peers[0]!, { type: 'read', target, want: 'open' }).records).toEqual(records.toReversed())
  })

  it('brings nothing where nothing is', () => {
    const { wire, one } = pair()
    expect(wire.call(one, { type: 'read', target, want: 'open' })).toEqual({ type: 'read', records: [], asked: 1, complete: true })
  })

  it('the newer replaces, the older is refused and told of the newer', () => {
    const { wire, one, other } = pair()
    const versions = [1, 2, 3].map((seq) => ownedRecord('me', { seq, expiresUnixS }))
    wire.call(one, { type: 'write', record: versions[1]! })
    wire.call(other, { type: 'write', record: versions[2]! })
    expect(wire.call<'read'>(one, { type: 'read', target: versions[0]!.key, want: 'owned' }).records).toEqual([versions[2]])
    expect(wire.call(one, { type: 'write', record: versions[0]! })).toMatchObject({ stored: 0, newer: versions[2] })
    expect(other.overlay.seqSeen(recordId(versions[0]!))).toBe(3n)
    expect(wire.call<'read'>(other, { type: 'read', target: versions[0]!.key, want: 'owned' }).records).toEqual([versions[2]])
  })

  it('on a condition that is not met changes nothing, here or there, now or later', () => {
    const { wire, one, other } = pair()
    const [first, second] = [5, 9].map((seq) => ownedRecord('me', { seq, expiresUnixS })) as [core.SignedRecord, core.SignedRecord]
    wire.call(other, { type: 'write', record: first })
    expect(wire.call(one, { type: 'write', record: second, ifSeq: 4n })).toMatchObject({ conflict: true })
    wire.run(3_600_000)
    for (const peer of [one, other])
      expect(wire.call<'read'>(peer, { type: 'read', target: first.key, want: 'owned' }).records).toEqual([first])
    expect(wire.call(one, { type: 'write', record: second, ifSeq: 5n })).toMatchObject({ conflict: false, stored: 2 })
  })

  it('takes no more than one question where the record is at the next peer', () => {
    const wire = WiredOverlays.mesh(12)
    const record = contentRecord(new Uint8Array(100))
    wire.call(wire.peers[0]!, { type: 'write', record })
    const readers = wire.peers.filter((peer) => !holds(peer, recordId(record)))
    expect(readers.length).toBeGreaterThan(0)
    for (const reader of readers) {
      const read = wire.call<'read'>(reader, { type: 'read', target: record.key, want: 'content' })
      expect(read).toEqual({ type: 'read', records: [record], asked: 1, complete: true })
    }
  })

  it('while alone keeps the record, and writes it when somebody comes', () => {
    const wire = new WiredOverlays(2)
    const record = openRecord(target, { expiresUnixS })
    expect(wire.call(wire.peers[0]!, { type: 'write', record })).toMatchObject({ stored: 0, wanted: 0 })
    expect(wire.peers[0]!.overlay.status.pendingWrites).toBe(1)
    wire.meet()
    expect(wire.peers[0]!.overlay.status.pendingWrites).toBe(0)
    expect(holds(wire.peers[1]!, recordId(record))).toBe(true)
  })
})

describe('leaving', () => {
  it('hands over what only the leaving peer has, and unlinks', () => {
    const wire = WiredOverlays.mesh(3)
    const [leaver, ...others] = wire.peers as [WiredPeer, WiredPeer, WiredPeer]
    const record = openRecord(target, { expiresUnixS })
    // Kept at one peer alone: as if the others had come since.
    const stored = new Map<string, Uint8Array>()
    const alone = new WiredOverlays(1)
    alone.call(alone.peers[0]!, { type: 'write', record })
    for (const [name, bytes] of alone.peers[0]!.storage) stored.set(name, bytes)
    wire.tell(leaver, { type: 'restored', stored })
    wire.tell(leaver, { type: 'leave' })
    wire.run(1_000)
    for (const peer of others) {
      expect(holds(peer, recordId(record))).toBe(true)
      expect(noticed(peer, 'unlinked').length).toBe(1)
    }
  })
})

describe('a link that breaks the rules', () => {
  it('3: so often is ended, and not sooner', () => {
    const { wire, one, other } = pair()
    const link = wire.linkOf(one, other)
    for (let faults = 1; faults < faultsMax; faults++) wire.tell(one, { type: 'malformed', link })
    expect(one.overlay.status).toMatchObject({ links: 1, messagesDropped: faultsMax - 1 })
    wire.tell(one, { type: 'malformed', link })
    expect(one.overlay.status).toMatchObject({ links: 0, messagesDropped: faultsMax })
    wire.run(100)
    expect(other.overlay.status.links).toBe(0)
  })

  it('3: counts forged envelopes, too', () => {
    const { wire, one, other } = pair()
    const link = wire.linkOf(one, other)
    const payload = { type: 'undeliverable', id: '00'.repeat(8) } as const
    const message = { type: 'envelope', destination: target, route: [], path: [target], hopsLeft: 9, payload } as const
    for (let faults = 0; faults < faultsMax; faults++) wire.tell(one, { type: 'received', link, message })
    expect(one.overlay.status.links).toBe(0)
  })

  it('3: counts seeks whose path does not end with it, and answers none of them', () => {
    const { wire, one, other } = pair()
    const link = wire.linkOf(one, other)
    const message = { type: 'seek', id: '00'.repeat(8), target, want: 'open', path: [target], avoid: [], hopsLeft: 9 } as const
    expect(one.overlay.handle({ type: 'received', link, message }, 11_000)).toEqual([])
    for (let faults = 1; faults < faultsMax; faults++) wire.tell(one, { type: 'received', link, message })
    expect(one.overlay.status.links).toBe(0)
  })

  it.each<[string, (other: Key, self: Key) => Message]>([
    [
      'answers that passed others',
      (other, self) => envelopeTo(self, [target, other], { type: 'response', id: unknownId, answer: { type: 'pong' } }),
    ],
    ['answers of its own', (other, self) => envelopeTo(self, [other], { type: 'response', id: unknownId, answer: { type: 'pong' } })],
    ['notices of what was undeliverable', (other, self) => envelopeTo(self, [target, other], { type: 'undeliverable', id: unknownId })],
    ['notices of what was forgotten', (other, self) => envelopeTo(self, [target, other], { type: 'forgotten', session: unknownId })],
    ['acknowledgements', () => ({ type: 'taken', id: unknownId })],
    ['refusals', () => ({ type: 'declined', id: unknownId })],
  ])('3: floods with %s that nothing waits for, and not sooner than a peer that is late with all', (_, message) => {
    const { wire, one, other } = pair()
    const link = wire.linkOf(one, other)
    const flood = (count: number) => {
      for (let i = 0; i < count; i++) wire.tell(one, { type: 'received', link, message: message(other.contact.id, one.contact.id) })
    }
    flood(allowances.unasked.burst)
    expect(one.overlay.status.links).toBe(1)
    flood(faultsMax)
    expect(one.overlay.status.links).toBe(0)
  })

  it('ends at once when it speaks another version', () => {
    const { wire, one, other } = pair()
    wire.tell(one, { type: 'received', link: wire.linkOf(one, other), message: { type: 'hello', version: core.protocolVersion + 1 } })
    expect(one.overlay.status.links).toBe(0)
  })
})

describe('every call', () => {
  const data = new Uint8Array(3)
  /** With the second of three peers, with a peer that nobody knows, and with nobody at all. */
  it.each(['read', 'write', 'mail', 'connect'] as const)('2: %s finishes once, whoever is there', (type) => {
    for (const count of [1, 2, 3]) {
      const wire = WiredOverlays.mesh(count)
      const [peer] = wire.peers as [WiredPeer]
      for (const to of [wire.peers.at(-1)!.contact.id, target]) {
        const record = openRecord(target, { expiresUnixS })
        wire.call(
          peer,
          type === 'read'
            ? { type, target, want: 'open' }
            : type === 'write'
              ? { type, record }
              : type === 'mail'
                ? { type, to, data }
                : { type, to },
          90_000,
        )
      }
      for (const outcomes of peer.outcomes.values()) expect(outcomes.length).toBe(1)
    }
  })

  it('2: finishes once when the others vanish meanwhile', () => {
    for (const afterMs of [0, 5, 15, 25, 35]) {
      const wire = WiredOverlays.mesh(3)
      const [peer, ...others] = wire.peers as [WiredPeer, WiredPeer, WiredPeer]
      wire.tell(peer, { type: 'read', operation: 901, target, want: 'open' })
      wire.tell(peer, { type: 'write', operation: 902, record: openRecord(target, { expiresUnixS }) })
      wire.tell(peer, { type: 'mail', operation: 903, to: others[0].contact.id, data })
      wire.tell(peer, { type: 'connect', operation: 904, to: others[1].contact.id })
      wire.run(afterMs)
      others.forEach((other) => wire.vanish(other))
      wire.run(120_000)
      expect([901, 902, 903, 904].map((operation) => peer.outcomes.get(operation)?.length)).toEqual([1, 1, 1, 1])
    }
  })

  it('2: that is cancelled says nothing more', () => {
    const { wire, one, other } = pair()
    wire.tell(one, { type: 'read', operation: 901, target, want: 'open' })
    wire.tell(one, { type: 'mail', operation: 902, to: other.contact.id, data })
    wire.tell(one, { type: 'connect', operation: 903, to: other.contact.id })
    for (const operation of [901, 902, 903]) wire.tell(one, { type: 'cancel', operation })
    wire.run(60_000)
    expect(one.outcomes.size).toBe(0)
    expect(noticed(other, 'channelOpened').length).toBe(noticed(other, 'channelClosed').length)
  })
})

describe('mail and channels', () => {
  it('reach a linked peer', () => {
    const { wire, one, other } = pair()
    const data = Uint8Array.from([1, 2, 3])
    expect(wire.call(one, { type: 'mail', to: other.contact.id, data })).toEqual({ type: 'mailed', received: true })
    expect(noticed(other, 'mail')).toEqual([{ type: 'mail', from: one.contact, data }])

    const { channel } = wire.call<'connected'>(one, { type: 'connect', to: other.contact.id })
    expect(noticed(other, 'channelOpened')).toEqual([{ type: 'channelOpened', channel, contact: one.contact, byUs: false }])
    expect(wire.call(one, { type: 'channelSend', channel, data: new Uint8Array(50_000) })).toEqual({ type: 'sent' })
    expect(noticed(other, 'channelMessage')).toEqual([{ type: 'channelMessage', channel, data: new Uint8Array(50_000) }])
    wire.tell(one, { type: 'channelClose', channel })
    wire.run(1_000)
    for (const peer of [one, other]) expect(noticed(peer, 'channelClosed')).toEqual([{ type: 'channelClosed', channel, reason: 'closed' }])
    expect(wire.call(one, { type: 'channelSend', channel, data })).toEqual({ type: 'notSent' })
  })

  it('do not reach who is not there', () => {
    const { wire, one } = pair()
    expect(wire.call(one, { type: 'mail', to: target, data: new Uint8Array(1) }, 60_000)).toEqual({ type: 'mailed', received: false })
    expect(wire.call(one, { type: 'connect', to: target }, 60_000)).toEqual({ type: 'notConnected' })
  })
})

describe('an overlay', () => {
  it('passes on that a meeting point runs low', () => {
    const wire = WiredOverlays.mesh(3)
    wire.tell(wire.peers[0]!, { type: 'drawn', count: 1 })
    wire.run(100)
    expect(wire.peers.flatMap((peer) => noticed(peer, 'drawn')).length).toBe(1)
  })

  it('alone wants nothing but to look over its links now and then', () => {
    const overlay = new core.Overlay({
      contact: contact('0b0110'),
      verify: () => true,
      random: seededRandom(),
      nowMs: 0,
      unixMs: 0,
      limits: desktopLinkLimits,
    })
    expect(overlay.handle({ type: 'woke' }, 1_000_000)).toEqual([])
    expect(overlay.wakeAtMs).toBeGreaterThan(1_000_000)
    expect(overlay.isLinkedTo(key('0b1'))).toBe(false)
  })

  it('does not mind events of links that are gone', () => {
    const { wire, one } = pair()
    const gone = 999
    for (const event of [
      { type: 'closed', link: gone },
      { type: 'opened', link: gone },
      { type: 'troubled', link: gone },
      { type: 'malformed', link: gone },
      { type: 'described', link: gone, description: new Uint8Array(1) },
      { type: 'candidates', link: gone, candidates: new Uint8Array(1) },
      { type: 'received', link: gone, message: { type: 'leaving' } },
    ] as const) {
      wire.tell(one, event)
    }
    expect(one.overlay.status.links).toBe(1)
  })
})
