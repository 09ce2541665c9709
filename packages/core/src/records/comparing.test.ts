import { describe, expect, it } from 'vitest'
import { contacts, linkedTable, linkWith } from '../fixtures/linked-table.js'
import { contact, key } from '../fixtures/visible-key.js'
import { comparedMax, replicas } from '../wire/message.js'
import { comparedMin } from './comparisons.js'
import { pushRetryMs } from './replication.js'
import { ReplicaView } from './replica-view.js'
import { proofsNeeded } from './duty.js'
import { firstRepairMs, repairEveryMs, Replication, type ReplicationEffect, roundMs, settleMs } from './replication.js'

/** Nine peers near the key of all records, the closest first. */
const peers = Array.from({ length: replicas + 1 }, (_, i) => `0b${(i + 1).toString(2).padStart(8, '0')}`)
const [nearest, second, third] = peers as [string, string, string]
const last = peers.at(-1)!
const recordKey = key('0b0')

/** A peer linked to all others, with so many records that it was just given. `chance`: what it draws. */
function holderOf(self: string, records = 1, { chance = 0.5, elsewhere = true } = {}) {
  const table = linkedTable(
    self,
    peers.filter((bits) => bits !== self),
  )
  const replication = new Replication(table, new ReplicaView(table), () => chance)
  const ids = Array.from({ length: records }, (_, i) => `record ${i}`)
  for (const id of ids) replication.handle({ type: 'kept', id, key: recordKey, elsewhere, own: false }, 0)
  const woke = (nowMs: number) => replication.handle({ type: 'woke' }, nowMs)
  const compared = (bits: string, has: readonly string[], lacks: readonly string[] = [], nowMs = firstRepairMs) =>
    replication.handle({ type: 'compared', to: contact(bits), has, lacks }, nowMs)
  return { table, replication, ids, woke, compared }
}

const asked = (effects: readonly ReplicationEffect[]) => effects.flatMap((effect) => (effect.type === 'compare' ? [effect.to] : []))
const pushed = (effects: readonly ReplicationEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'push' ? [[effect.id, effect.to]] : []))
const dropped = (effects: readonly ReplicationEffect[]) => effects.flatMap((effect) => (effect.type === 'drop' ? [effect.id] : []))

describe('comparing', () => {
  it('is for the closest, with all other replicas, and for the next, with the closest; the first time for every other, too', () => {
    for (const [self, first, later] of [
      [nearest, peers.slice(1, replicas), peers.slice(1, replicas)],
      [second, [nearest], [nearest]],
      [third, [nearest], []],
      [peers[replicas - 1]!, [nearest], []],
    ] as const) {
      const { replication, woke } = holderOf(self)
      expect([woke(firstRepairMs - 1), replication.wakeAtMs]).toEqual([[], firstRepairMs])
      expect(asked(woke(firstRepairMs))).toEqual(contacts(...first))
      expect(replication.wakeAtMs).toBe(firstRepairMs + repairEveryMs)
      expect(asked(woke(firstRepairMs + repairEveryMs))).toEqual(contacts(...later))
    }
  })

  it('is done now and then by any other replica: a closest one that lies has not the last word', () => {
    const { replication, woke } = holderOf(third, 1, { chance: 0.05 })
    // More often the first time: whoever brought it may have lied to its writer.
    expect(asked(holderOf(third, 1, { chance: 0.32 }).woke(1.3 * firstRepairMs))).toEqual(
      contacts(nearest, second, ...peers.slice(3, replicas)),
    )
    woke(firstRepairMs)
    expect(asked(woke(replication.wakeAtMs!))).toEqual(contacts(nearest, second, ...peers.slice(3, replicas)))
  })

  it('asks once for all that is due within a round, but not for what has just come', () => {
    const { replication, ids, woke } = holderOf(second, 3)
    expect(woke(firstRepairMs)).toEqual([{ type: 'compare', to: contact(nearest), ids }])
    const nowMs = firstRepairMs + repairEveryMs
    replication.handle({ type: 'kept', id: 'new', key: recordKey, elsewhere: true, own: false }, nowMs - 1)
    expect(woke(nowMs)).toEqual([{ type: 'compare', to: contact(nearest), ids }])
    expect(woke(nowMs - 1 + firstRepairMs)).toEqual([{ type: 'compare', to: contact(nearest), ids: ['new'] }])
    expect(woke(nowMs + repairEveryMs - roundMs + firstRepairMs)).toEqual([])
    expect(woke(nowMs + repairEveryMs)).toEqual([{ type: 'compare', to: contact(nearest), ids: [...ids, 'new'] }])
  })

  it('asks no more in one question than it may hold', () => {
    const { ids, woke } = holderOf(second, comparedMax + 1)
    let nowMs = firstRepairMs
    const questions: (readonly string[])[] = []
    for (let goes = 0; goes < 4; goes++) questions.push(...woke(nowMs).flatMap((effect) => (effect.type === 'compare' ? [effect.ids] : [])))
    expect(questions.flat()).toEqual(ids)
    expect(Math.max(...questions.map(({ length }) => length))).toBeLessThanOrEqual(comparedMax)
    nowMs += 1
    expect(woke(nowMs)).toEqual([])
  })

  it('is followed by a push of what is lacking', () => {
    const { ids, woke, compared } = holderOf(nearest, 3)
    woke(firstRepairMs)
    expect(pushed(compared(third, [ids[0]!, ids[2]!], [ids[1]!]))).toEqual([[ids[1], contact(third)]])
    expect(compared(third, ids)).toEqual([])
  })

  it('says nothing of what was dropped meanwhile', () => {
    const { replication, ids, woke, compared } = holderOf(nearest)
    woke(firstRepairMs)
    replication.handle({ type: 'dropped', id: ids[0]! }, firstRepairMs)
    expect(compared(third, [], ids)).toEqual([])
  })

  it('that is not answered is followed by a push, some time later', () => {
    const { replication, ids, woke } = holderOf(nearest)
    woke(firstRepairMs)
    replication.handle({ type: 'notCompared', to: contact(third), ids }, firstRepairMs)
    expect(pushed(woke(firstRepairMs + pushRetryMs))).toEqual([[ids[0], contact(third)]])
  })

  it('comes before pushing where much may be lacking: few are pushed at once', () => {
    for (const [records, questions] of [
      [comparedMin, replicas - 1],
      [comparedMin - 1, 0],
    ] as const) {
      const effects = holderOf(nearest, records, { elsewhere: false }).woke(settleMs)
      expect(asked(effects)).toHaveLength(questions)
      expect(pushed(effects)).toHaveLength(questions === 0 ? records * (replicas - 1) : 0)
    }
  })

  it('leans on no closer peer that is not linked and has never answered', () => {
    const table = linkedTable(second, peers.slice(2))
    for (const bits of peers.slice(2, 4)) linkWith(table, bits, [nearest])
    const replication = new Replication(table, new ReplicaView(table), () => 0.5)
    replication.handle({ type: 'kept', id: 'a record', key: recordKey, elsewhere: true, own: false }, 0)
    expect(asked(replication.handle({ type: 'woke' }, firstRepairMs))).toEqual(contacts(nearest, ...peers.slice(2, replicas)))
  })
})

describe('a peer that is none of the replicas any more', () => {
  const closer = peers.slice(0, replicas)
  const witnesses = closer.slice(0, proofsNeeded)
  const [marked, askedAt, goesAt] = [0, 1, 2].map((rounds) => firstRepairMs + rounds * repairEveryMs) as [number, number, number]

  it('5: drops the record two rounds later, once the closest of them have said that they have it', () => {
    const { ids, woke, compared } = holderOf(last)
    // What has just come may be with the wrong peers alone.
    expect(asked(woke(marked))).toEqual(contacts(...closer))
    expect(asked(woke(askedAt))).toEqual(contacts(...witnesses))
    for (const bits of witnesses) compared(bits, ids)
    expect(dropped(woke(goesAt))).toEqual(ids)
  })

  it('5: asks again whoever has not said so, and keeps the record meanwhile', () => {
    const { ids, woke, compared } = holderOf(last)
    woke(marked)
    woke(askedAt)
    for (const bits of witnesses.slice(1)) compared(bits, ids)
    expect(pushed(compared(nearest, [], ids))).toEqual([[ids[0], contact(nearest)]])
    const next = woke(goesAt)
    expect([dropped(next), asked(next)]).toEqual([[], contacts(nearest)])
  })

  it('5: keeps it when one of them has gone, for it is a replica again', () => {
    const { table, ids, woke, compared } = holderOf(last)
    woke(marked)
    woke(askedAt)
    for (const bits of witnesses) compared(bits, ids)
    table.removeLink(table.linkTo(key(third))!.link)
    expect(dropped(woke(goesAt))).toEqual([])
  })

  it('keeps its own', () => {
    const { replication, woke, compared } = holderOf(last, 0)
    replication.handle({ type: 'kept', id: 'own', key: recordKey, elsewhere: true, own: true }, 0)
    for (const nowMs of [marked, askedAt, goesAt]) {
      const effects = woke(nowMs)
      expect(asked(effects)).toEqual(nowMs === marked ? contacts(...closer) : [])
      expect(dropped(effects)).toEqual([])
      for (const bits of closer) compared(bits, ['own'])
    }
  })
})
