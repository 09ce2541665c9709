import { describe, expect, it } from 'vitest'
import { linkedTable } from '../fixtures/linked-table.js'
import { openRecord } from '../fixtures/made-up-record.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import { Key } from '../keys/key.js'
import { replicas } from '../wire/message.js'
import { proofsNeeded } from './duty.js'
import { handedInMax, handInGapMs } from './hand-ins.js'
import { recordId } from './record.js'
import { RecordRoom } from './record-room.js'
import { Duty } from './duty.js'
import { ReplicaView } from './replica-view.js'
import { arrivingMs, firstRepairMs, Replication, type ReplicationEffect } from './replication.js'
import { defaultStoreQuotas } from './store-quotas.js'

const self = '0b0000000000'
/** Its siblings share eight bits and more with it: there are some two thousand peers. */
const siblings = Array.from({ length: replicas }, (_, i) => `0b00000000${(i + 1).toString(2).padStart(4, '0')}`)
const farKey = key('0b0001')
const nearKey = key('0b000000001')

function holderOf(keys: readonly ReturnType<typeof key>[], own = false) {
  const table = linkedTable(self, siblings)
  const replication = new Replication(table, new ReplicaView(table), () => 0.5)
  keys.forEach((one, i) => replication.handle({ type: 'kept', id: `record ${i}`, key: one, elsewhere: true, own }, 0))
  const woke = (nowMs: number) => replication.handle({ type: 'woke' }, nowMs)
  const ended = (id: string, storedElsewhere: number, nowMs = firstRepairMs) =>
    replication.handle({ type: 'handedIn', id, storedElsewhere }, nowMs)
  return { table, replication, woke, ended }
}

const handedIn = (effects: readonly ReplicationEffect[]) => effects.flatMap((effect) => (effect.type === 'handIn' ? [effect.id] : []))

describe('a record far off from this peer', () => {
  it('is handed in at its first repair, and asked of nobody: whoever is known here would be the wrong one', () => {
    const { woke } = holderOf([farKey])
    expect(woke(firstRepairMs - 1)).toEqual([])
    expect(woke(firstRepairMs)).toEqual([{ type: 'handIn', id: 'record 0' }])
  })

  it('goes when as many others have it as are needed for a proof, and stays with one less', () => {
    const { woke, ended } = holderOf([farKey])
    woke(firstRepairMs)
    expect(ended('record 0', proofsNeeded - 1)).toEqual([])
    expect(ended('record 0', proofsNeeded)).toEqual([{ type: 'drop', id: 'record 0' }])
  })

  it('is neither handed in nor asked about by whose own it is: its owner writes it anew', () => {
    const owner = holderOf([farKey], true)
    expect(owner.woke(firstRepairMs)).toEqual([])
    owner.replication.handle({ type: 'changed', contacts: [contact('0b1')] }, firstRepairMs)
    expect(owner.woke(2 * firstRepairMs)).toEqual([])
  })

  it('is not handed in when it is near', () => {
    const near = holderOf([nearKey])
    expect(handedIn(near.woke(firstRepairMs))).toEqual([])
    expect(near.ended('record 0', replicas)).toEqual([])
  })

  it('waits its turn: no more are handed in at a time than so many', () => {
    const { woke, ended } = holderOf(Array.from({ length: handedInMax + 2 }, () => farKey))
    const first = handedIn(woke(firstRepairMs))
    expect(first).toHaveLength(handedInMax)
    expect(handedIn(woke(firstRepairMs + handInGapMs))).toEqual([])
    for (const id of first) ended(id, 0)
    expect(handedIn(woke(firstRepairMs + 2 * handInGapMs))).toHaveLength(2)
  })

  it('is pushed to nobody by one that has just come, as soon as others have told how dense the overlay is', () => {
    const far = Array.from({ length: 3 }, (_, i) => `0b11${i.toString(2).padStart(2, '0')}`)
    const table = linkedTable(self, far)
    table.linkedSinceMs = 0
    const replication = new Replication(table, new ReplicaView(table), () => 0.5)
    replication.handle({ type: 'kept', id: 'a record', key: farKey, elsewhere: false, own: false }, 0)
    const duty = new Duty(table, new ReplicaView(table), () => 0)
    expect(duty.isFarOffByLists(farKey)).toBe(false)
    for (const link of table.links()) {
      const beside = Array.from({ length: replicas }, (_, i) => link.contact.id.hex.slice(0, 2) + i.toString(16).padEnd(38, '0'))
      link.neighbours = link.neighbours.changed(
        { came: beside.map((hex) => ({ contact: { ...link.contact, id: Key.fromHex(hex) }, rttMs: 0 })), went: [] },
        64,
      )
    }
    expect([duty.isFarOffByLists(farKey), duty.isFarOffByLists(nearKey)]).toEqual([true, false])
    const offered: ReplicationEffect[] = []
    for (let nowMs = 1_000; nowMs < arrivingMs; nowMs += 1_000) offered.push(...replication.handle({ type: 'woke' }, nowMs))
    expect(offered).toEqual([])
  })
})

describe('a far-off record that is handed in to a peer whose store is full', () => {
  const giver = contact(self)
  const takerId = '0b00011'
  const unixS = 1_000
  const record = openRecord(farKey, { publisher: 200 })
  const id = recordId(record)
  /** Right beside the taker, all of them nearer than the record. */
  const flood = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      openRecord(key(takerId + '0'.repeat(8) + i.toString(2).padStart(16, '0')), { publisher: i % 100 }),
    )
  const roomOf = (of: string, links: readonly string[]) =>
    new RecordRoom(
      linkedTable(of, links),
      () => true,
      new FreshIds(seededRandom()),
      (...given) => new Replication(...given),
    )

  /** A room that has the record, and hands it in. */
  const giving = () => {
    const room = roomOf(self, siblings)
    room.keep(record, { from: key('0b1') }, 0, unixS)
    expect(room.handle({ type: 'woke' }, firstRepairMs, unixS)).toContainEqual({ type: 'rewrite', record, all: true })
    return room
  }
  const wrote = (storedElsewhere: number, stored = storedElsewhere) =>
    ({ type: 'wrote', record, stored, storedElsewhere, wanted: replicas, isMet: false, newer: undefined, crowded: false }) as const
  const taking = (floodedBy: Key) => {
    const room = roomOf(takerId, [self, '0b1'])
    for (const one of flood(defaultStoreQuotas.peer.records)) room.keep(one, { from: floodedBy }, 0, unixS)
    return room
  }

  it('is let in and stays, though it is the farthest: those who brought most give way, however many they bring', () => {
    const giverRoom = giving()
    const taker = roomOf(takerId, [self, '0b1', '0b01'])
    const [first, second] = [key('0b1'), key('0b01')]
    const { records } = defaultStoreQuotas.total
    flood(records).forEach((one, i) => taker.keep(one, { from: i % 2 === 0 ? first : second }, 0, unixS))
    expect(taker.count).toBe(records)
    expect(taker.keep(record, { from: giver.id }, 0, unixS).receipt).toBe('stored')
    flood(2 * records).forEach((one, i) => taker.keep(one, { from: i % 2 === 0 ? first : second }, 0, unixS))
    expect([taker.count, taker.kept(id)]).toEqual([records, record])
    // So whoever handed it in may let go of it.
    giverRoom.handle(wrote(proofsNeeded), firstRepairMs, unixS)
    expect(giverRoom.kept(id)).toBeUndefined()
  })

  it('stays where it was when the lookup has shown that to be one of its replicas, however many others have it', () => {
    const giverRoom = giving()
    giverRoom.handle(wrote(replicas - 1, replicas), firstRepairMs, unixS)
    expect(giverRoom.kept(id)).toEqual(record)
  })

  it('is not let in where all is from who hands it in, and nearer; then it stays where it was', () => {
    const giverRoom = giving()
    const taker = taking(giver.id)
    expect(taker.keep(record, { from: giver.id }, 0, unixS).receipt).toBe('full')
    expect(taking(key('0b1')).keep(record, { from: giver.id }, 0, unixS).receipt).toBe('stored')
    giverRoom.handle(wrote(0), firstRepairMs, unixS)
    expect(giverRoom.kept(id)).toEqual(record)
  })
})
