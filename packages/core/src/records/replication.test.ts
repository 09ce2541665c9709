import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contacts, linkedTable, linkWith, neighboursOf } from '../fixtures/linked-table.js'
import { contact, key } from '../fixtures/visible-key.js'
import { Key } from '../keys/key.js'
import { NeighbourList } from '../links/neighbour-list.js'
import type { RoutingTable } from '../links/routing-table.js'
import { closest } from '../keys/nearest.js'
import { replicas } from '../wire/message.js'
import {
  firstRepairMs,
  handedOverMax,
  lookedOverMax,
  lookGapMs,
  pushRetryMs,
  pushTriesMax,
  repairEveryMs,
  Replication,
  type PushEffect,
  type ReplicationEffect,
  settleMs,
  trustMs,
} from './replication.js'
import { goGapMs, pushesMax } from './pushes.js'
import { ReplicaView } from './replica-view.js'

/** Ten peers near the record's key, the closest first. */
const peers = Array.from({ length: replicas + 2 }, (_, i) => `0b${(i + 1).toString(2).padStart(8, '0')}`)
const recordKey = key('0b0')
const id = 'a record'

/** A peer linked to all others of the list but those that are missing. */
function peerOf(self: string, missing: readonly string[] = []) {
  const others = peers.filter((bits) => bits !== self && !missing.includes(bits))
  const table = linkedTable(self, others)
  const replication = new Replication(table, new ReplicaView(table), () => 0.5)
  /** Looks over what is near those that changed. */
  const look = (nowMs: number, changed: readonly string[] = peers) => {
    replication.handle({ type: 'changed', contacts: contacts(...changed) }, nowMs - settleMs)
    return replication.handle({ type: 'woke' }, nowMs)
  }
  const keep = (elsewhere = true) => replication.handle({ type: 'kept', id, key: recordKey, elsewhere, own: false }, 0)
  return { table, replication, look, keep }
}

const unlink = (table: RoutingTable, bits: string) => table.removeLink(table.linkTo(key(bits))!.link)
const pushesIn = (effects: readonly ReplicationEffect[]): PushEffect[] => effects.filter((effect) => effect.type === 'push')
const pushedTo = (effects: readonly ReplicationEffect[]) => pushesIn(effects).map(({ to }) => to.id.hex)
/** Whoever is asked what it lacks lacks everything. */
function allLack(replication: Replication, effects: readonly ReplicationEffect[], nowMs: number): ReplicationEffect[] {
  return effects.flatMap((effect) =>
    effect.type === 'compare' ? replication.handle({ type: 'compared', to: effect.to, has: [], lacks: effect.ids }, nowMs) : [effect],
  )
}
/** Every push arrives, one after the other: all that were sent, until no more are. */
function allArrive(replication: Replication, effects: readonly ReplicationEffect[], nowMs: number): PushEffect[] {
  const sent = pushesIn(effects)
  for (const { id: of, to } of sent) sent.push(...pushesIn(replication.handle({ type: 'pushed', id: of, to: to.id }, nowMs)))
  return sent
}
const hexes = (...bits: string[]) => bits.map((one) => key(one).hex)
const [nearest, second, third] = peers as [string, string, string]
const eighth = peers[replicas - 1]!
const ninth = peers[replicas]!

describe('when a sibling comes', () => {
  it('the closest holder pushes what it is now responsible for', () => {
    const { table, look, keep } = peerOf(nearest, [third])
    keep()
    table.addLink(99, contact(third), 0)
    expect(pushedTo(look(4_000))).toEqual(hexes(third))
    expect(look(8_000)).toEqual([])
  })

  it('nobody else pushes', () => {
    for (const self of peers.filter((bits) => bits !== nearest && bits !== third).slice(0, replicas - 1)) {
      const { table, look, keep } = peerOf(self, [third])
      keep()
      table.addLink(99, contact(third), 0)
      expect(look(4_000)).toEqual([])
    }
  })

  it('nobody pushes what others are closer to', () => {
    const { table, look, keep } = peerOf(nearest, [peers.at(-1)!])
    keep()
    table.addLink(99, contact(peers.at(-1)!), 0)
    expect(look(4_000)).toEqual([])
  })

  it('the second closest pushes when it is the closest itself', () => {
    const { table, look, keep } = peerOf(second, [nearest])
    keep()
    table.addLink(99, contact(nearest), 0)
    expect(pushedTo(look(4_000))).toEqual(hexes(nearest))
  })

  it('so, too, when only a sibling tells of it', () => {
    const { table, look, keep } = peerOf(nearest, peers.slice(2))
    keep()
    linkWith(table, second, [third])
    expect(pushedTo(look(4_000))).toEqual(hexes(third))
  })
})

describe('when a sibling goes', () => {
  it('the next closest gets a copy, from the closest holder alone', () => {
    for (const [self, expected] of [
      [nearest, hexes(ninth)],
      [second, []],
      [eighth, []],
    ] as const) {
      const { table, look, keep } = peerOf(self)
      keep()
      unlink(table, third)
      expect(pushedTo(look(4_000))).toEqual(expected)
    }
  })

  it('the next one gets a copy although it was taken for a replica when the record came: its writer knew of one that was closer', () => {
    const { table, replication, look, keep } = peerOf(nearest, [third])
    keep()
    table.addLink(99, contact(third), 0)
    look(4_000)
    // Until it is compared the ninth is believed to have it.
    replication.handle({ type: 'woke' }, 2 * firstRepairMs)
    unlink(table, second)
    expect(pushedTo(look(60_000, [second]))).toEqual(hexes(ninth))
  })

  it('before it pushed what was its turn, the next one does', () => {
    const { table, look, keep } = peerOf(second, [third])
    keep()
    table.addLink(99, contact(third), 0)
    expect(look(4_000)).toEqual([])
    unlink(table, nearest)
    expect(pushedTo(look(8_000))).toEqual(hexes(third))
  })

  it('long after its turn to push, it is believed to have pushed', () => {
    const { table, replication, look, keep } = peerOf(second, [third])
    keep()
    table.addLink(99, contact(third), 0)
    expect(look(4_000)).toEqual([])
    replication.handle({ type: 'woke' }, firstRepairMs)
    unlink(table, nearest)
    // The ninth is what takes its place; the third has it.
    expect(pushedTo(look(4_000 + trustMs))).toEqual(hexes(ninth))
  })

  it('and it was the closest: the next one pushes', () => {
    const { table, look, keep } = peerOf(second)
    keep()
    unlink(table, nearest)
    expect(pushedTo(look(4_000))).toEqual(hexes(ninth))
  })
})

describe('pushing', () => {
  it('waits until the surroundings have settled, and needs a link', () => {
    const { replication, keep } = peerOf(nearest, peers)
    keep()
    replication.handle({ type: 'changed', contacts: contacts(third) }, 100)
    expect(replication.wakeAtMs).toBeUndefined()
    const { replication: linked, keep: keepLinked } = peerOf(nearest)
    keepLinked()
    linked.handle({ type: 'changed', contacts: contacts(third) }, 100)
    linked.handle({ type: 'changed', contacts: contacts(second) }, 200)
    expect(linked.wakeAtMs).toBe(100 + settleMs)
    expect(linked.handle({ type: 'woke' }, 100 + settleMs)).toEqual([])
    expect(linked.wakeAtMs).toBe(firstRepairMs)
  })

  it('waits for nothing where no record is kept', () => {
    const { replication } = peerOf(nearest)
    replication.handle({ type: 'changed', contacts: contacts(third) }, 100)
    expect(replication.wakeAtMs).toBeUndefined()
  })

  it('1: is of what is kept, and of nothing that was dropped', () => {
    const { table, replication, look, keep } = peerOf(nearest, [third])
    keep()
    replication.handle({ type: 'dropped', id }, 1)
    table.addLink(99, contact(third), 0)
    expect(look(4_000)).toEqual([])
  })

  it('2: goes to one peer again only when it failed, or the record changed', () => {
    const { table, replication, look, keep } = peerOf(nearest, [third])
    keep()
    table.addLink(99, contact(third), 0)
    expect(pushedTo(look(4_000))).toEqual(hexes(third))
    replication.handle({ type: 'pushed', id, to: key(third) }, 4_001)
    expect(look(8_000)).toEqual([])
    replication.handle({ type: 'kept', id, key: recordKey, elsewhere: false, own: false }, 8_001)
    expect(pushedTo(look(12_000)).length).toBe(replicas - 1)
  })

  it('3: that failed is tried again some time later, and not for ever', () => {
    const { table, replication, look, keep } = peerOf(nearest, [third])
    keep()
    allArrive(replication, replication.handle({ type: 'woke' }, firstRepairMs), firstRepairMs)
    table.addLink(99, contact(third), 0)
    let nowMs = 2 * firstRepairMs
    let sent = look(nowMs)
    for (let tries = 1; tries < pushTriesMax; tries++) {
      expect(pushedTo(sent)).toEqual(hexes(third))
      replication.handle({ type: 'notPushed', id, to: key(third) }, nowMs)
      expect(look(nowMs + settleMs)).toEqual([])
      expect(replication.wakeAtMs).toBe(nowMs + pushRetryMs)
      sent = replication.handle({ type: 'woke' }, (nowMs += pushRetryMs))
    }
    replication.handle({ type: 'notPushed', id, to: key(third) }, nowMs)
    expect(replication.wakeAtMs).toBe(firstRepairMs + repairEveryMs)
    expect(pushedTo(look(nowMs + settleMs))).toEqual(hexes(third))
  })

  it('that failed is not tried again once the peer is gone, or has it', () => {
    const { table, replication, look, keep } = peerOf(nearest, [third])
    keep()
    table.addLink(99, contact(third), 0)
    look(4_000)
    replication.handle({ type: 'notPushed', id, to: key(third) }, 4_000)
    expect(pushedTo(replication.handle({ type: 'woke' }, 4_000 + pushRetryMs))).toEqual(hexes(third))
    replication.handle({ type: 'pushed', id, to: key(third) }, 4_001 + pushRetryMs)
    expect(replication.wakeAtMs).toBe(firstRepairMs)
    unlink(table, third)
    look(firstRepairMs - 1)
    replication.handle({ type: 'notPushed', id, to: key(ninth) }, firstRepairMs - 1)
    unlink(table, ninth)
    const later = replication.handle({ type: 'woke' }, firstRepairMs - 1 + pushRetryMs)
    expect(pushedTo(later)).not.toContain(key(ninth).hex)
  })

  it('of what was replaced meanwhile says nothing about what replaced it', () => {
    const { replication, look, keep } = peerOf(nearest, peers.slice(2))
    keep(false)
    expect(pushedTo(look(4_000))).toEqual(hexes(second))
    keep(false)
    expect(look(8_000)).toEqual([])
    expect(pushedTo(replication.handle({ type: 'pushed', id, to: key(second) }, 8_001))).toEqual(hexes(second))
  })

  it('of what was restored goes to all replicas: nobody else is known to have it', () => {
    const { look, keep } = peerOf(second)
    keep(false)
    expect(pushedTo(look(4_000))).toEqual(hexes(nearest, ...peers.slice(2, replicas)))
  })

  it('by one that is no replica any more still brings the record where it belongs', () => {
    const { look, keep } = peerOf(peers.at(-1)!)
    keep(false)
    expect(pushedTo(look(4_000))).toEqual(hexes(...peers.slice(0, replicas)))
  })

  /** A peer that has just restored more records than it looks over in one go. */
  function restored(missing: readonly string[] = []) {
    const peer = peerOf(nearest, missing)
    for (let i = 0; i <= lookedOverMax; i++)
      peer.replication.handle({ type: 'kept', id: `${i}`, key: recordKey, elsewhere: false, own: false }, 0)
    return {
      ...peer,
      woke: (nowMs: number) => pushesIn(allLack(peer.replication, peer.replication.handle({ type: 'woke' }, nowMs), nowMs)),
    }
  }

  it('2: is of few at one time, the next as one is answered, and looks for more when all is sent', () => {
    const { replication, woke } = restored()
    const first = woke(settleMs)
    expect(first.length).toBe(pushesMax)
    expect([woke(settleMs + 1), replication.wakeAtMs]).toEqual([[], undefined])
    expect(replication.handle({ type: 'pushed', id: first[0]!.id, to: first[0]!.to.id }, settleMs + 1).length).toBe(1)
    expect(replication.handle({ type: 'pushed', id: first[0]!.id, to: first[0]!.to.id }, settleMs + 1)).toEqual([])
    const { replication: other, woke: wake } = restored()
    expect(allArrive(other, wake(settleMs), settleMs).length).toBe(lookedOverMax * (replicas - 1))
    expect(other.wakeAtMs).toBe(settleMs + lookGapMs)
    expect(allArrive(other, wake(settleMs + lookGapMs), settleMs).length).toBe(replicas - 1)
  })

  it('2: goes on a moment after one that failed: all of a lost link fail at once', () => {
    const { replication, woke } = restored()
    const first = woke(settleMs)
    for (const { id: of, to } of first) expect(replication.handle({ type: 'notPushed', id: of, to: to.id }, settleMs)).toEqual([])
    expect(replication.wakeAtMs).toBe(settleMs + goGapMs)
    expect(woke(settleMs + goGapMs).length).toBe(pushesMax)
  })

  it('1: is not of what was dropped while it waited', () => {
    const { replication, woke } = restored()
    const [first, ...rest] = woke(settleMs)
    for (let i = 0; i <= lookedOverMax; i++) replication.handle({ type: 'dropped', id: `${i}` }, settleMs)
    expect(replication.handle({ type: 'pushed', id: first!.id, to: first!.to.id }, settleMs)).toEqual([])
    expect([rest.length, woke(settleMs + goGapMs), replication.wakeAtMs]).toEqual([pushesMax - 1, [], undefined])
  })

  it('sees afterwards to what changes while much is looked over', () => {
    const { table, replication, woke } = restored([third])
    const sent = allArrive(replication, woke(settleMs), settleMs)
    table.addLink(99, contact(third), 0)
    replication.handle({ type: 'changed', contacts: contacts(third) }, settleMs + 1)
    sent.push(...allArrive(replication, woke(settleMs + goGapMs), settleMs + goGapMs))
    expect(replication.wakeAtMs).toBe(2 * settleMs + goGapMs)
    sent.push(...allArrive(replication, woke(2 * settleMs + goGapMs), 2 * settleMs + goGapMs))
    const toThird = sent.filter(({ to }) => to.id.equals(key(third))).map(({ id: of }) => of)
    expect(new Set(toThird).size).toBe(lookedOverMax + 1)
  })
})

describe('leaving', () => {
  it('hands a record to the peer that becomes responsible', () => {
    const { replication, keep } = peerOf(third)
    keep()
    expect(pushedTo(replication.handle({ type: 'leaving' }, 1))).toEqual(hexes(ninth))
  })

  it('hands over the closest records first, and no more than gets out', () => {
    const { replication } = peerOf(third)
    const far = Array.from({ length: handedOverMax }, (_, i) => ({ id: `far ${i}`, key: key('0b00001') }))
    for (const one of [...far, { id, key: key(third) }]) replication.handle({ type: 'kept', ...one, elsewhere: true, own: false }, 0)
    const effects = replication.handle({ type: 'leaving' }, 1)
    expect([pushesIn(effects)[0]?.id, effects.length]).toEqual([id, handedOverMax])
  })

  it('hands over nothing that this peer is not responsible for', () => {
    const { replication, keep } = peerOf(peers.at(-1)!)
    keep()
    expect(replication.handle({ type: 'leaving' }, 1)).toEqual([])
  })

  it('hands a record to whoever lacks it where there are few peers', () => {
    const { table, replication, keep } = peerOf(nearest, peers.slice(2))
    keep()
    table.addLink(99, contact(third), 0)
    expect(pushedTo(replication.handle({ type: 'leaving' }, 1))).toEqual(hexes(third))
  })
})

it('among peers that all know each other, whoever comes or goes: the 8 closest hold the record', () => {
  const pool = Array.from({ length: 14 }, (_, i) => `0b${(i + 1).toString(2).padStart(6, '0')}`)
  const step = fc.record({ which: fc.nat(pool.length - 1), comes: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const alive = new Set(pool.slice(0, replicas))
      const machines = new Map<string, { table: RoutingTable; replication: Replication }>()
      const holders = new Set<string>()
      let [nowMs, links] = [0, 0]
      const join = (bits: string) => machines.set(bits, withTable(linkedTable(bits, [])))
      const hold = (bits: string) => {
        holders.add(bits)
        machines.get(bits)!.replication.handle({ type: 'kept', id, key: recordKey, elsewhere: true, own: false }, nowMs)
      }
      const meshAll = () => {
        const told = new NeighbourList(neighboursOf(...alive))
        for (const bits of alive) {
          const { table, replication } = machines.get(bits)!
          for (const link of [...table.links()])
            if (![...alive].some((other) => key(other).equals(link.contact.id))) table.removeLink(link.link)
          for (const other of contacts(...alive))
            if (!other.id.equals(table.self) && !table.linkTo(other.id)) table.addLink((links += 1), other, nowMs)
          for (const link of table.links()) link.neighbours = told
          replication.handle({ type: 'changed', contacts: contacts(...pool) }, nowMs)
        }
      }
      const settle = () => {
        nowMs += settleMs
        for (const bits of alive) {
          for (const { to } of pushesIn(machines.get(bits)!.replication.handle({ type: 'woke' }, nowMs))) {
            const there = [...alive].find((other) => key(other).equals(to.id))!
            if (!holders.has(there)) hold(there)
            machines.get(bits)!.replication.handle({ type: 'pushed', id, to: to.id }, nowMs)
          }
        }
      }
      for (const bits of alive) join(bits)
      meshAll()
      for (const bits of alive) hold(bits)
      settle()
      for (const { which, comes } of steps) {
        const bits = pool[which]!
        if (comes && !alive.has(bits)) {
          alive.add(bits)
          join(bits)
        } else if (!comes && alive.size > 2) {
          alive.delete(bits)
          holders.delete(bits)
        }
        meshAll()
        settle()
        const responsible = closest(recordKey, contacts(...alive), replicas, (one) => one.id)
        const holding = contacts(...holders)
        for (const one of responsible) expect(holding.some((other) => Key.compare(recordKey, one.id, other.id) === 0)).toBe(true)
      }
    }),
  )
})

function withTable(table: RoutingTable) {
  return { table, replication: new Replication(table, new ReplicaView(table), () => 0.5) }
}
