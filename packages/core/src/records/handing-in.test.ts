import { describe, expect, it } from 'vitest'
import { linkedTable } from '../fixtures/linked-table.js'
import { key } from '../fixtures/visible-key.js'
import { Key } from '../keys/key.js'
import { replicas } from '../wire/message.js'
import { proofsNeeded } from './duty.js'
import { handedInMax, handInGapMs } from './hand-ins.js'
import { ReplicaView } from './replica-view.js'
import { arrivingMs, firstRepairMs, Replication, type ReplicationEffect } from './replication.js'

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

  it('is handed in by nobody whose own it is, nor when it is near', () => {
    expect(handedIn(holderOf([farKey], true).woke(firstRepairMs))).toEqual([])
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
    expect(new ReplicaView(table).isFarOffByLists(farKey)).toBe(false)
    const view = new ReplicaView(table)
    for (const link of table.links()) {
      const beside = Array.from({ length: replicas }, (_, i) => link.contact.id.hex.slice(0, 2) + i.toString(16).padEnd(38, '0'))
      link.neighbours = link.neighbours.changed(
        { came: beside.map((hex) => ({ contact: { ...link.contact, id: Key.fromHex(hex) }, rttMs: 0 })), went: [] },
        64,
      )
    }
    expect([view.isFarOffByLists(farKey), view.isFarOffByLists(nearKey)]).toEqual([true, false])
    const offered: ReplicationEffect[] = []
    for (let nowMs = 1_000; nowMs < arrivingMs; nowMs += 1_000) offered.push(...replication.handle({ type: 'woke' }, nowMs))
    expect(offered).toEqual([])
  })
})
