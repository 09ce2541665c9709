import { describe, expect, it } from 'vitest'
import { openRecord } from '../fixtures/made-up-record.js'
import { key } from '../fixtures/visible-key.js'
import { WiredOverlays, type WiredPeer } from '../fixtures/wired-overlays.js'
import { closest } from '../keys/nearest.js'
import { type Contact, contactOf, publicKey, publicKeyBytes } from '../keys/public-key.js'
import { recordId } from '../records/record.js'
import { type Answer, type Message, type Placed, replicas } from '../wire/message.js'

const target = key('0b01101001')
const record = openRecord(target, { expiresUnixS: 1_700_086_400, value: 'kept' })
const id = recordId(record)

/** Peers that are not there, nearer to the target than any that is. */
const madeUp: Contact[] = []
for (let i = 0; madeUp.length < replicas; i++) {
  const bytes = new Uint8Array(publicKeyBytes).fill(255)
  new DataView(bytes.buffer).setUint32(0, i)
  const one = contactOf(publicKey(bytes))
  if (one.id.sharedBits(target) >= 8) madeUp.push(one)
}

type Lie = (replicas: readonly Placed[]) => readonly Placed[]

function twelve() {
  const wire = new WiredOverlays(12)
  wire.meet()
  const byDistance = closest(target, wire.peers, 12, (peer) => peer.contact.id)
  return { wire, byDistance, writer: byDistance.at(-1)! }
}

const placedIn = (message: Message) =>
  message.type === 'envelope' && message.payload.type === 'response' && message.payload.answer.type === 'placed'
    ? message.payload.answer
    : undefined

/** The peer that a record of this writer arrives at: everything happens again the same way. */
function firstReplica(): number {
  const { wire, writer } = twelve()
  let index = -1
  wire.carry = (message, from) => {
    if (placedIn(message) && from !== writer && index < 0) index = wire.peers.indexOf(from)
    return [message]
  }
  wire.call(writer, { type: 'write', record }, 1_000)
  return index
}

/** Twelve peers; the first that a record arrives at hands it to nobody, and says at once of its replicas what the lie says. */
function withLiar(lie: Lie) {
  const { wire, byDistance, writer } = twelve()
  const liar = wire.peers[firstReplica()]!
  const answer: Answer = { type: 'placed', replicas: lie(byDistance.slice(0, replicas).map(({ contact }) => ({ contact }))) }
  const stores = new Set<string>()
  let lies = 0
  wire.carry = (message, from) => {
    if (message.type === 'seek' && message.store) stores.add(message.id)
    if (from !== liar) return [message]
    if (message.type === 'taken' && stores.has(message.id)) {
      lies += 1
      const payload = { type: 'response', id: message.id, answer } as const
      return [message, { type: 'envelope', destination: writer.contact.id, route: [], path: [liar.contact.id], hopsLeft: 9, payload }]
    }
    const isStore = message.type === 'envelope' && message.payload.type === 'request' && message.payload.question.type === 'store'
    return isStore || placedIn(message) ? [] : [message]
  }
  const holders = () => byDistance.slice(0, replicas).filter((peer: WiredPeer) => peer !== liar && peer.storage.has(id)).length
  return { wire, writer, holders, lies: () => lies }
}

describe.each<[string, Lie]>([
  ['that the replicas have the record', (all) => all.map(({ contact }) => ({ contact, receipt: 'stored' }))],
  ['that peers have it that are not there', () => madeUp.map((contact) => ({ contact, receipt: 'stored' }))],
  ['that nobody has it', (all) => all.map(({ contact }) => ({ contact }))],
  ['that there are no replicas', () => []],
])('a replica that hands a record to nobody and says %s', (_, lie) => {
  it('is found out: the record is written to the others', () => {
    const { wire, writer, holders, lies } = withLiar(lie)
    const { stored } = wire.call<'written'>(writer, { type: 'write', record }, 5_000)
    expect(lies()).toBeGreaterThan(0)
    expect(stored).toBeGreaterThan(replicas / 2)
    expect(holders()).toBeGreaterThanOrEqual(replicas - 1)
  })

  it('does not deceive a writer that waits for all', () => {
    const { wire, writer, holders } = withLiar(lie)
    wire.tell(writer, { type: 'write', operation: 77, record, all: true })
    let outcome: unknown
    for (let waitedMs = 0; outcome === undefined && waitedMs < 10_000; waitedMs += 10) {
      wire.run(10)
      outcome = writer.outcomes.get(77)?.[0]
    }
    expect(outcome).toMatchObject({ type: 'written' })
    expect(holders()).toBeGreaterThan(replicas / 2)
  })
})
