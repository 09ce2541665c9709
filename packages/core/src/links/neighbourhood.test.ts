import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contacts, linkedTable, neighboursOf } from '../fixtures/linked-table.js'
import { contact, key } from '../fixtures/visible-key.js'
import { neighboursMax, replicas } from '../wire/message.js'
import { NeighbourList } from './neighbour-list.js'
import { changesEnough, Neighbourhood, type NeighbourhoodEffect, tellLaterMs, tellLatestMs, tellSoonMs } from './neighbourhood.js'
import { doubtMs, type LinkId, type RoutingTable } from './routing-table.js'

/** More peers than count as near `0b0`, the closest first: the first 8 are its siblings, the last ones are far. */
const crowd = Array.from({ length: 2 * replicas + 3 }, (_, i) => `0b${'0'.repeat(30 - i)}1`)
const farthest = crowd.at(-1)!

const message = (came: readonly string[], went: readonly string[] = []) =>
  ({ type: 'neighbours', came: neighboursOf(...came), went: went.map((bits) => key(bits).prefix) }) as const
const tell = (link: LinkId, came: readonly string[], went: readonly string[] = []) => ({ type: 'tell', link, message: message(came, went) })

const linkTo = (table: RoutingTable, bits: string) => table.linkTo(key(bits))!.link
const tellings = (effects: readonly NeighbourhoodEffect[]) => effects.flatMap((effect) => (effect.type === 'tell' ? [effect] : []))
const toldLinks = (effects: readonly NeighbourhoodEffect[]) => tellings(effects).map(({ link }) => link)

/** A peer that has told all its links everything. */
function settled(self: string, others: readonly string[]) {
  const table = linkedTable(self, others)
  const neighbourhood = new Neighbourhood(table)
  const woke = (nowMs: number) => neighbourhood.handle({ type: 'woke' }, nowMs)
  const link = (bits: string, id: LinkId, nowMs: number) => {
    table.addLink(id, contact(bits), nowMs)
    return neighbourhood.handle({ type: 'linked', contact: contact(bits) }, nowMs)
  }
  const unlink = (bits: string, nowMs: number, byUs = false) => {
    table.removeLink(linkTo(table, bits))
    return neighbourhood.handle({ type: 'unlinked', contact: contact(bits), byUs }, nowMs)
  }
  const hear = (from: string, came: readonly string[], went: readonly string[] = [], nowMs = 0) =>
    neighbourhood.handle({ type: 'told', link: linkTo(table, from), message: message(came, went) }, nowMs)
  for (const one of others) neighbourhood.handle({ type: 'linked', contact: contact(one) }, 0)
  const first = woke(tellLatestMs)
  return { table, neighbourhood, first, woke, link, unlink, hear }
}

describe('telling', () => {
  it('waits for nothing before anything changed', () => {
    const neighbourhood = new Neighbourhood(linkedTable('0b0', ['0b1']))
    expect(neighbourhood.wakeAtMs).toBeUndefined()
    expect(neighbourhood.handle({ type: 'woke' }, 1_000_000)).toEqual([])
  })

  it('comes soon after a new link, once for all changes, and in full', () => {
    const table = linkedTable('0b0', ['0b1', '0b01'])
    const neighbourhood = new Neighbourhood(table)
    neighbourhood.handle({ type: 'linked', contact: contact('0b1') }, 0)
    neighbourhood.handle({ type: 'linked', contact: contact('0b01') }, 500)
    expect(neighbourhood.wakeAtMs).toBe(tellSoonMs)
    expect(neighbourhood.handle({ type: 'woke' }, tellSoonMs - 1)).toEqual([])
    const effects = neighbourhood.handle({ type: 'woke' }, tellSoonMs)
    expect(new Set(effects)).toEqual(new Set([tell(1, ['0b01', '0b1']), tell(2, ['0b01', '0b1'])]))
    expect(neighbourhood.wakeAtMs).toBe(tellLatestMs)
    expect([neighbourhood.handle({ type: 'woke' }, tellLatestMs), neighbourhood.wakeAtMs]).toEqual([[], undefined])
  })

  it('is of the closest, as many as a list has', () => {
    const many = Array.from({ length: neighboursMax + 4 }, (_, i) => `0b${'0'.repeat(i)}1`)
    const { first } = settled('0b0', many)
    const nearestFirst = many.toReversed().slice(0, neighboursMax)
    expect(toldLinks(first).length).toBe(many.length)
    expect(first.at(-1)).toEqual(tell(1, nearestFirst))
  })

  it('goes to the siblings soon when somebody comes or goes near this peer, and to the others later', () => {
    for (const change of ['comes', 'goes']) {
      const { table, link, unlink, woke } = settled('0b0', crowd)
      const atMs = 200_000
      const near = '0b' + '0'.repeat(32) + '1'
      if (change === 'comes') link(near, 99, atMs)
      else unlink(crowd[0]!, atMs)
      const soon = woke(atMs + tellSoonMs)
      const siblings = table.siblings().map((one) => one.link)
      expect(new Set(toldLinks(soon))).toEqual(new Set(siblings))
      const expected = change === 'comes' ? message([near]) : message([], [crowd[0]!])
      for (const one of tellings(soon)) if (one.link !== 99) expect(one.message).toEqual(expected)
      const later = woke(atMs + tellLatestMs)
      expect(toldLinks(later).length).toBe(table.linkCount - siblings.length)
      for (const one of tellings(later)) expect(one.message).toEqual(expected)
    }
  })

  it('goes to nobody but a new link soon when that is far from this peer', () => {
    const { table, link, woke } = settled('0b0', crowd)
    link('0b1', 99, 200_000)
    expect(toldLinks(woke(200_000 + tellSoonMs))).toEqual([99])
    expect(toldLinks(woke(200_000 + tellLatestMs)).length).toBe(table.linkCount - 1)
  })

  it('waits for company when a link far from this peer ended', () => {
    const { neighbourhood, table, unlink, woke } = settled('0b0', crowd)
    unlink(farthest, 200_000)
    expect(neighbourhood.wakeAtMs).toBe(200_000 + tellLatestMs)
    expect(woke(200_000 + tellLatestMs - 1)).toEqual([])
    const later = woke(200_000 + tellLatestMs)
    expect(toldLinks(later).length).toBe(table.linkCount)
    for (const one of tellings(later)) expect(one.message).toEqual(message([], [farthest]))
  })

  it('waits less long when there is a lot of it', () => {
    const { neighbourhood, table, unlink, woke } = settled('0b0', crowd)
    for (const one of crowd.slice(1 - changesEnough)) unlink(one, 200_000)
    expect(neighbourhood.wakeAtMs).toBe(200_000 + tellLatestMs)
    unlink(crowd.at(-changesEnough)!, 200_001)
    expect(neighbourhood.wakeAtMs).toBe(200_001 + tellLaterMs)
    expect(toldLinks(woke(200_001 + tellLaterMs)).length).toBe(table.linkCount)
  })

  it('is put off by nothing: a change soon after another is told with it', () => {
    const { link, woke } = settled('0b0', ['0b1'])
    link('0b01', 7, 200_000)
    link('0b001', 8, 200_000 + tellSoonMs - 1)
    expect(new Set(toldLinks(woke(200_000 + tellSoonMs)))).toEqual(new Set([1, 7, 8]))
  })

  it('after a long sleep tells everything at once', () => {
    const { neighbourhood, table, link, woke } = settled('0b0', crowd)
    link('0b1', 99, 200_000)
    expect(toldLinks(woke(9_000_000)).length).toBe(table.linkCount)
    expect(neighbourhood.wakeAtMs).toBeUndefined()
  })

  it('is one and the same message to all who were told the same before', () => {
    const { link, woke } = settled('0b0', crowd)
    link('0b1', 99, 200_000)
    const messages = tellings(woke(200_000 + tellLatestMs)).map((one) => one.message)
    expect(new Set(messages).size).toBe(2)
  })

  it('1: is of nothing that was told already over this link, and begins anew over a new link to the same peer', () => {
    const { link, unlink, woke } = settled('0b0', ['0b1'])
    unlink('0b1', 40_000)
    link('0b1', 5, 41_000)
    expect(woke(40_000 + tellLatestMs)).toEqual([tell(5, ['0b1'])])
    link('0b01', 6, 300_000)
    expect(tellings(woke(300_000 + tellLatestMs))).toEqual([tell(6, ['0b01', '0b1']), tell(5, ['0b01'])])
  })

  it('2: is of a round trip that drifts away from what was told, however small the steps', () => {
    const { table, link, woke } = settled('0b0', ['0b1', '0b01'])
    const drifting = table.linkTo(key('0b01'))!
    const toldMs = [100, 125, 155, 190].map((rttMs, i) => {
      drifting.rttMs = rttMs
      const nowMs = 200_000 * (i + 1)
      link(`0b1${'0'.repeat(i + 1)}1`, 10 + i, nowMs)
      const first = tellings(woke(nowMs + tellLatestMs)).find((one) => one.link === 1)
      return first?.message.came.find(({ contact: one }) => one.id.equals(key('0b01')))?.rttMs
    })
    expect(toldMs).toEqual([100, undefined, 155, undefined])
  })

  it('2: adds up to the list of this peer, whoever comes and goes', () => {
    const pool = Array.from({ length: 24 }, (_, i) => `0b${(i + 1).toString(2).padStart(8, '0')}`)
    const step = fc.record({
      which: fc.nat(pool.length - 1),
      afterMs: fc.constantFrom(0, 1, tellSoonMs, tellLatestMs),
      wakes: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { table, link, unlink, woke } = settled('0b0', ['0b1'])
        const heard = new Map<LinkId, NeighbourList>()
        const hear = (effects: readonly NeighbourhoodEffect[]) => {
          for (const { link: to, message: change } of tellings(effects))
            heard.set(to, (heard.get(to) ?? new NeighbourList(neighboursOf('0b1'))).changed(change, neighboursMax))
        }
        let [nowMs, links] = [200_000, 1]
        heard.set(1, new NeighbourList(neighboursOf('0b1')))
        for (const { which, afterMs, wakes } of steps) {
          nowMs += afterMs
          const bits = pool[which]!
          if (table.linkTo(key(bits))) unlink(bits, nowMs)
          else {
            link(bits, (links += 1), nowMs)
            heard.set(links, NeighbourList.empty)
          }
          if (wakes) hear(woke(nowMs))
        }
        hear(woke(nowMs + tellLatestMs))
        const own = new Set(table.ownList().all.map(({ contact: one }) => one.id.hex))
        for (const { link: one } of table.links()) expect(new Set(heard.get(one)!.all.map(({ contact: { id } }) => id.hex))).toEqual(own)
      }),
    )
  })
})

describe('hearing', () => {
  it('changes the list of the link, and says who was named, who came, and who went', () => {
    const { table, hear } = settled('0b0', ['0b1', '0b01'])
    const link = table.linkTo(key('0b1'))!
    expect(hear('0b1', ['0b01', '0b11', '0b101'])).toEqual([
      { type: 'heard', link, named: contacts('0b01', '0b11', '0b101'), came: contacts('0b01', '0b11', '0b101'), went: [] },
    ])
    expect(hear('0b1', ['0b11', '0b111'], ['0b101', '0b01', '0b0001'])).toEqual([
      { type: 'heard', link, named: contacts('0b111'), came: contacts('0b111'), went: contacts('0b01', '0b101') },
    ])
    expect(link.neighbours.all.map(({ contact: one }) => one)).toEqual(contacts('0b11', '0b111'))
  })

  it('says only of those near this peer that they came and went', () => {
    const { table, hear } = settled('0b0', crowd)
    const near = '0b' + '0'.repeat(32) + '1'
    const teller = table.linkTo(key(crowd[0]!))!
    expect(hear(crowd[0]!, [near, '0b1'])).toEqual([
      { type: 'heard', link: teller, named: contacts(near, '0b1'), came: contacts(near), went: [] },
    ])
    expect(hear(crowd[0]!, [], [near, '0b1'])).toEqual([{ type: 'heard', link: teller, named: [], came: [], went: contacts(near) }])
  })

  it('does not take somebody for gone whom another still has, unless a sibling says so', () => {
    const { table, hear } = settled('0b0', crowd.slice(0, 2 * replicas))
    const [sibling, other] = [crowd[0]!, crowd[2 * replicas - 1]!]
    const near = '0b' + '0'.repeat(32) + '1'
    for (const from of [sibling, other, crowd[1]!]) hear(from, [near])
    expect(hear(other, [], [near])).toMatchObject([{ went: contacts(near) }])
    expect(table.isAlive(key(near))).toBe(true)
    expect(hear(sibling, [], [near])).toMatchObject([{ went: contacts(near) }])
    expect(table.isAlive(key(near))).toBe(false)
    expect(hear(crowd[2]!, [near])).toMatchObject([{ came: contacts(near) }])
    expect(table.isAlive(key(near))).toBe(true)
  })

  it('does not take those for alive to whom the link just ended, until somebody links to them again', () => {
    const { table, unlink, hear } = settled('0b0', ['0b1', '0b01', '0b001'])
    hear('0b1', ['0b001'])
    unlink('0b001', 200_000)
    expect(table.isAlive(key('0b001'))).toBe(false)
    expect(hear('0b01', ['0b001'])).toMatchObject([{ came: contacts('0b001') }])
    expect(table.isAlive(key('0b001'))).toBe(true)
  })

  it('names this peer itself to nobody, and does not have it go', () => {
    const { table, hear } = settled('0b0', ['0b1'])
    expect(hear('0b1', ['0b0', '0b11'])).toMatchObject([{ named: contacts('0b11'), came: contacts('0b11') }])
    expect(hear('0b1', [], ['0b0'])).toMatchObject([{ named: [], came: [], went: [] }])
    expect(table.alive()).toEqual(contacts('0b1', '0b11'))
  })

  it('takes those for alive whose link this peer has ended itself, and a sibling still has', () => {
    const { table, neighbourhood, unlink, hear } = settled('0b0', ['0b1', '0b01', '0b001'])
    hear('0b1', ['0b001', '0b01'])
    unlink('0b001', 200_000, true)
    expect(table.isAlive(key('0b001'))).toBe(true)
    expect(neighbourhood.wakeAtMs).toBe(200_000 + tellSoonMs)
    unlink('0b01', 200_000)
    expect(table.isAlive(key('0b01'))).toBe(false)
    table.endDoubts(200_000 + doubtMs)
    expect(table.isAlive(key('0b01'))).toBe(true)
  })

  it('takes those for alive again whom others still have, when it wakes after the doubt has ended', () => {
    const { table, unlink, hear, woke } = settled('0b0', ['0b1', '0b01'])
    hear('0b1', ['0b01'])
    unlink('0b01', 200_000)
    for (const afterMs of [tellSoonMs, tellLatestMs]) woke(200_000 + afterMs)
    woke(200_000 + doubtMs - 1)
    expect(table.isAlive(key('0b01'))).toBe(false)
    woke(200_000 + doubtMs)
    expect(table.isAlive(key('0b01'))).toBe(true)
  })

  it('takes the round trip from the other end, where none was measured here', () => {
    const { table, neighbourhood } = settled('0b0', ['0b1'])
    const link = table.linkTo(key('0b1'))!
    const told = (rttMs: number) =>
      neighbourhood.handle(
        { type: 'told', link: 1, message: { type: 'neighbours', came: [{ contact: contact('0b0'), rttMs }], went: [] } },
        0,
      )
    told(0)
    expect(link.rttMs).toBeUndefined()
    told(70)
    expect(link.rttMs).toBe(70)
    told(90)
    expect(link.rttMs).toBe(70)
  })

  it('keeps no more than a list may have', () => {
    const { table, neighbourhood } = settled('0b0', ['0b1'])
    for (let times = 0; times < 3; times++) {
      const named = Array.from({ length: neighboursMax }, (_, i) => `0b1${(times * neighboursMax + i).toString(2).padStart(10, '0')}`)
      neighbourhood.handle({ type: 'told', link: 1, message: message(named) }, 0)
    }
    expect(table.byLinkId(1)!.neighbours.all.length).toBe(neighboursMax)
  })

  it('is of nothing over a link that is gone', () => {
    expect(new Neighbourhood(linkedTable('0b0', [])).handle({ type: 'told', link: 1, message: message(['0b11']) }, 0)).toEqual([])
  })
})
