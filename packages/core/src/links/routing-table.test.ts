import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contacts, linkedTable, linkWith, tableOf } from '../fixtures/linked-table.js'
import { contact, key } from '../fixtures/visible-key.js'
import { Key, keyBytes } from '../keys/key.js'
import { hopsMax, neighbourRttMaxMs, neighboursMax, replicas } from '../wire/message.js'
import { NeighbourList } from './neighbour-list.js'
import { closest } from '../keys/nearest.js'
import { contactsPerBucketMax, doubtMs, RoutingTable } from './routing-table.js'

const ids = (items: Iterable<{ readonly contact: { readonly id: Key } }>) => [...items].map((item) => item.contact.id.hex)
const hexes = (...bits: string[]) => bits.map((one) => key(one).hex)

describe('links', () => {
  it('are found by peer and by name', () => {
    const table = linkedTable('0b0', ['0b1', '0b01'])
    expect(table.linkCount).toBe(2)
    expect(table.linkTo(key('0b01'))).toBe(table.byLinkId(2))
    expect(table.linkTo(key('0b001'))).toBeUndefined()
  })

  it('are sorted by their distance, and the siblings are the closest', () => {
    const others = ['0b1', '0b1001', '0b0100', '0b0010', '0b0001', '0b0110', '0b0011', '0b0111', '0b1100', '0b00001']
    const table = linkedTable('0b0', others)
    const sorted = ['0b00001', '0b0001', '0b0010', '0b0011', '0b0100', '0b0110', '0b0111', '0b1', '0b1001', '0b1100']
    expect(ids(table.links())).toEqual(hexes(...sorted))
    expect(ids(table.siblings())).toEqual(hexes(...sorted.slice(0, replicas)))
    table.removeLink(table.linkTo(key('0b0001'))!.link)
    expect(ids(table.siblings())).toEqual(hexes(...sorted.filter((bits) => bits !== '0b0001').slice(0, replicas)))
  })

  it('to one peer: a new one replaces the old, which is handed back', () => {
    const table = linkedTable('0b0', ['0b1'])
    const before = table.byLinkId(1)
    expect(table.addLink(7, contact('0b1'), 5)).toBe(before)
    expect([table.linkCount, table.byLinkId(1), table.byLinkId(7)?.sinceMs]).toEqual([1, undefined, 5])
    expect(table.removeLink(1)).toBeUndefined()
    expect(table.linkTo(key('0b1'))?.link).toBe(7)
  })

  it('that end are handed back once', () => {
    const table = linkedTable('0b0', ['0b1'])
    expect(table.removeLink(1)?.contact).toEqual(contact('0b1'))
    expect(table.removeLink(1)).toBeUndefined()
    expect(table.linkCount).toBe(0)
  })

  it('closest to a target come first', () => {
    const table = linkedTable('0b0', ['0b1', '0b01', '0b11', '0b10'])
    expect(ids(table.closestLinks(key('0b111'), 2))).toEqual(hexes('0b11', '0b10'))
  })
})

describe('who is alive', () => {
  it('are the links and whom they say they are linked to, each once, but not this peer', () => {
    const table = linkedTable('0b0', ['0b1', '0b01'])
    linkWith(table, '0b1', ['0b11', '0b0', '0b01'])
    linkWith(table, '0b01', ['0b11', '0b011'])
    expect(table.closestAlive(key('0b111'), 9).map(({ id }) => id.hex)).toEqual(hexes('0b11', '0b1', '0b011', '0b01'))
    expect(table.closestAlive(key('0b111'), 1).map(({ id }) => id.hex)).toEqual(hexes('0b11'))
  })
})

describe('a mesh', () => {
  it('is where linked peers name nobody but this peer and those it is linked to, or who are probably gone', () => {
    const table = linkedTable('0b0', ['0b1', '0b01'])
    linkWith(table, '0b1', ['0b0', '0b01'])
    expect(table.isMeshed).toBe(true)
    linkWith(table, '0b01', ['0b0', '0b1', '0b001'])
    expect(table.isMeshed).toBe(false)
    table.doubt(key('0b001'), 0)
    expect(table.isMeshed).toBe(true)
  })
})

describe('who is probably gone', () => {
  it('is not alive while only lists that were told before have it', () => {
    const table = linkedTable('0b0', ['0b1'])
    linkWith(table, '0b1', ['0b11'])
    expect(table.isAlive(key('0b11'))).toBe(true)
    table.doubt(key('0b11'), 0)
    expect([table.isAlive(key('0b11')), table.closestAlive(key('0b11'), 9)]).toEqual([false, contacts('0b1')])
    table.believe(key('0b11'))
    expect([table.isAlive(key('0b11')), table.closestAlive(key('0b11'), 9)]).toEqual([true, contacts('0b11', '0b1')])
  })

  it('is alive as long as it is linked, and when it links again', () => {
    const table = linkedTable('0b0', ['0b1'])
    table.doubt(key('0b1'), 0)
    expect([table.isAlive(key('0b1')), table.closestAlive(key('0b1'), 9)]).toEqual([true, contacts('0b1')])
    const other = linkedTable('0b0', ['0b1'])
    linkWith(other, '0b1', ['0b11'])
    other.doubt(key('0b11'), 0)
    other.addLink(9, contact('0b11'), 0)
    other.removeLink(9)
    expect(other.isAlive(key('0b11'))).toBe(true)
  })

  it('is alive again once the doubt has ended: lists that still have it are right', () => {
    const table = linkedTable('0b0', ['0b1'])
    linkWith(table, '0b1', ['0b11', '0b111'])
    table.doubt(key('0b11'), 0)
    table.doubt(key('0b111'), 1_000)
    table.endDoubts(doubtMs - 1)
    expect([table.isAlive(key('0b11')), table.isAlive(key('0b111'))]).toEqual([false, false])
    table.endDoubts(doubtMs)
    expect([table.isAlive(key('0b11')), table.isAlive(key('0b111'))]).toEqual([true, false])
  })

  it('is doubted for as long again when there is a new reason', () => {
    const table = linkedTable('0b0', ['0b1'])
    linkWith(table, '0b1', ['0b11', '0b111'])
    for (const [bits, atMs] of [
      ['0b11', 0],
      ['0b111', 1_000],
      ['0b11', 2_000],
    ] as const)
      table.doubt(key(bits), atMs)
    table.endDoubts(1_000 + doubtMs)
    expect([table.isAlive(key('0b11')), table.isAlive(key('0b111'))]).toEqual([false, true])
    table.endDoubts(2_000 + doubtMs)
    expect(table.isAlive(key('0b11'))).toBe(true)
  })

  it('is a stranger that nobody names', () => expect(linkedTable('0b0', ['0b1']).isAlive(key('0b11'))).toBe(false))
})

/** Few enough that they often meet; some share their first 32 bits. */
const pool = Array.from({ length: 24 }, (_, i) => `0b${(i >> 1).toString(2).padStart(4, '0')}${'0'.repeat(30)}${i & 1}`)
const anyBits = fc.constantFrom(...pool)
const anyMs = fc.constantFrom(undefined, 5, 20, 100, 400)
/** A peer's links, their round trips, and whom each says it is linked to, with theirs. */
const anyLinks = fc.uniqueArray(
  fc.record({
    bits: anyBits,
    rttMs: anyMs,
    neighbours: fc.uniqueArray(fc.tuple(anyBits, fc.constantFrom(0, 5, 20, 100)), { selector: ([bits]) => bits }),
  }),
  { selector: ({ bits }) => bits, maxLength: 8 },
)
it('the closest alive are those that a look at everybody finds', () => {
  fc.assert(
    fc.property(
      anyBits,
      anyLinks,
      fc.array(anyBits, { maxLength: 6 }),
      anyBits,
      fc.integer({ min: 1, max: 12 }),
      (self, links, doubted, bits, count) => {
        const table = tableOf(self, links)
        for (const one of doubted) table.doubt(key(one), 0)
        const target = key(bits)
        const isAlive = (one: string) => {
          const named = [...table.links()].some((link) => link.neighbours.placeOf(key(one)) >= 0)
          return one !== self && (table.linkTo(key(one)) !== undefined || (named && !doubted.includes(one)))
        }
        const expected = pool
          .filter(isAlive)
          .map((one) => key(one))
          .sort((a, b) => Key.compare(target, a, b))
        expect(table.closestAlive(target, count).map(({ id }) => id.hex)).toEqual(expected.slice(0, count).map(({ hex }) => hex))
        for (const one of pool) if (one !== self) expect(table.isAlive(key(one))).toBe(isAlive(one))
      },
    ),
    { numRuns: 500 },
  )
})

describe('a round trip', () => {
  it('is taken as it comes the first time, and smoothed by an eighth then', () => {
    const table = linkedTable('0b0', ['0b1'])
    table.measured(1, 80)
    expect(linkWith(table, '0b1').rttMs).toBe(80)
    table.measured(1, 160)
    expect(linkWith(table, '0b1').rttMs).toBe(90)
  })

  it('over a link that is gone is none', () => {
    const table = linkedTable('0b0', [])
    table.measured(1, 80)
    expect(table.linkCount).toBe(0)
  })
})

describe('the list of whom this peer is linked to', () => {
  it('has the closest first, in whole milliseconds, up to the bound', () => {
    const table = linkedTable('0b0', ['0b1', '0b01', '0b001'])
    table.measured(1, 12.6)
    table.measured(2, 10 * neighbourRttMaxMs)
    expect(table.ownList().all).toEqual([
      { contact: contact('0b001'), rttMs: 0 },
      { contact: contact('0b01'), rttMs: neighbourRttMaxMs },
      { contact: contact('0b1'), rttMs: 13 },
    ])
  })

  it('is no longer than a list may be', () => {
    const many = Array.from({ length: neighboursMax + 4 }, (_, i) => `0b${'0'.repeat(i)}1`)
    const { all } = linkedTable('0b0', many).ownList()
    expect(all.map((one) => one.contact)).toEqual(contacts(...many.toReversed().slice(0, neighboursMax)))
  })
})

describe('known contacts', () => {
  it('are neither this peer nor linked, and no farther than an envelope goes', () => {
    const table = linkedTable('0b0', ['0b1'])
    table.note(contact('0b0'), { route: [] })
    table.note(contact('0b1'), { route: [] })
    table.note(contact('0b01'), { route: Array.from({ length: hopsMax + 1 }, () => key('0b1')) })
    expect([...table.contacts()]).toEqual([])
  })

  it('stop being merely known when a link opens', () => {
    const table = linkedTable('0b0', [])
    table.note(contact('0b1'), { route: [], point: 0 })
    table.addLink(1, contact('0b1'), 0)
    expect(table.known(key('0b1'))).toBeUndefined()
  })

  it.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ['a way where there was none', [], ['0b1'], ['0b1']],
    ['a shorter way', ['0b1', '0b11'], ['0b111'], ['0b111']],
    ['a newer way of one length', ['0b1'], ['0b11'], ['0b11']],
    ['not a longer way', ['0b1'], ['0b11', '0b111'], ['0b1']],
    ['not no way', ['0b1'], [], ['0b1']],
  ])('take %s', (_, before, after, kept) => {
    const table = linkedTable('0b0', [])
    table.note(contact('0b01'), { route: before.map(key) })
    table.note(contact('0b01'), { route: after.map(key) })
    expect(table.known(key('0b01'))).toMatchObject({ route: kept.map(key) })
  })

  it('remember the meeting point they were met at', () => {
    const table = linkedTable('0b0', [])
    table.note(contact('0b01'), { route: [], point: 2 })
    table.note(contact('0b01'), { route: [key('0b1')] })
    expect(table.known(key('0b01'))).toMatchObject({ route: [key('0b1')], point: 2 })
  })

  it('make room in a full bucket: the one seen longest ago', () => {
    const table = linkedTable('0b0', [])
    const inBucket = Array.from({ length: contactsPerBucketMax + 1 }, (_, i) => `0b1${i.toString(2).padStart(8, '0')}`)
    inBucket.slice(0, -1).forEach((bits) => table.note(contact(bits), { route: [] }))
    table.note(contact(inBucket[0]!), { route: [] })
    table.note(contact(inBucket.at(-1)!), { route: [] })
    expect([...table.contacts()].length).toBe(contactsPerBucketMax)
    expect(table.known(key(inBucket[0]!))).toBeDefined()
    expect(table.known(key(inBucket[1]!))).toBeUndefined()
    expect(table.known(key(inBucket.at(-1)!))).toBeDefined()
    table.note(contact('0b01'), { route: [] })
    expect([...table.contacts()].length).toBe(contactsPerBucketMax + 1)
  })

  it('that are forgotten leave their place to others', () => {
    const table = linkedTable('0b0', [])
    table.note(contact('0b1'), { route: [] })
    table.forget(key('0b1'))
    table.forget(key('0b1'))
    expect([...table.contacts()]).toEqual([])
    for (let i = 0; i < contactsPerBucketMax; i++) table.note(contact(`0b1${i.toString(2).padStart(8, '0')}`), { route: [] })
    expect([...table.contacts()].length).toBe(contactsPerBucketMax)
  })

  it('are never more than the bound in a bucket', () => {
    const anyKey = fc.uint8Array({ minLength: keyBytes, maxLength: keyBytes })
    fc.assert(
      fc.property(fc.array(fc.tuple(anyKey, fc.boolean()), { maxLength: 200 }), (steps) => {
        const table = linkedTable('0b0', [])
        const buckets = new Map<number, number>()
        steps.forEach(([bytes, forgotten]) => {
          const id = Key.fromBytes(bytes)
          table.note({ id, publicKey: contact('0b0').publicKey }, { route: [] })
          if (forgotten) table.forget(id)
        })
        for (const { contact: known } of table.contacts()) {
          const bucket = table.self.sharedBits(known.id)
          buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1)
        }
        for (const count of buckets.values()) expect(count).toBeLessThanOrEqual(contactsPerBucketMax)
      }),
    )
  })
})

it('the way to a neighbour of several links is over the quickest, and over one that was silent only where there is no other', () => {
  const several = linkedTable('0b0', ['0b1', '0b01', '0b001'])
  const rttsMs = [50, 10, undefined]
  ;['0b1', '0b01', '0b001'].forEach((bits, i) => {
    const link = linkWith(several, bits)
    link.rttMs = rttsMs[i]
    link.neighbours = new NeighbourList([{ contact: contact('0b11'), rttMs: [5, 90, 5][i]! }])
  })
  expect(several.routeTo(key('0b11'))).toEqual([key('0b1')])
  several.linkTo(key('0b1'))!.rttMs = 200
  expect(several.routeTo(key('0b11'))).toEqual([key('0b01')])
  several.linkTo(key('0b01'))!.isSilent = true
  expect(several.routeTo(key('0b11'))).toEqual([key('0b1')])
  for (const link of several.links()) link.isSilent = true
  expect(several.routeTo(key('0b11'))).toEqual([key('0b01')])
})

describe('ways', () => {
  const table = linkedTable('0b0', ['0b1', '0b01'])
  linkWith(table, '0b1', ['0b11'])
  table.note(contact('0b111'), { route: [key('0b01'), key('0b011')] })
  table.note(contact('0b1111'), { route: [key('0b0011'), key('0b011')] })
  table.note(contact('0b101'), { route: [], point: 0 })

  it.each<[string, string, readonly string[] | undefined]>([
    ['a linked peer', '0b1', []],
    ['a neighbour of a linked peer', '0b11', ['0b1']],
    ['a contact that was named', '0b111', ['0b01', '0b011']],
    ['a contact whose way begins with nobody that is linked', '0b1111', undefined],
    ['a contact that was met', '0b101', undefined],
    ['a stranger', '0b1101', undefined],
  ])('to %s', (_, bits, way) => expect(table.routeTo(key(bits))).toEqual(way?.map(key)))

  it('on: the destination, else who has it beside it, else who is closer', () => {
    expect(table.nextHop(key('0b01'), [])?.contact.id.equals(key('0b01'))).toBe(true)
    expect(table.nextHop(key('0b11'), [])?.contact.id.equals(key('0b1'))).toBe(true)
    expect(table.nextHop(key('0b0111'), [])?.contact.id.equals(key('0b01'))).toBe(true)
  })

  it('on: none where that makes no progress, or goes where it has been', () => {
    expect(table.nextHop(key('0b0001'), [])).toBeUndefined()
    const few = linkedTable('0b0', ['0b1'])
    linkWith(few, '0b1', ['0b11'])
    expect(few.nextHop(key('0b111'), [key('0b1')])).toBeUndefined()
    expect(few.nextHop(key('0b11'), [key('0b1')])).toBeUndefined()
  })
})

it('greedy steps always come closer', () => {
  const anyKey = fc.uint8Array({ minLength: keyBytes, maxLength: keyBytes }).map((bytes) => Key.fromBytes(bytes))
  fc.assert(
    fc.property(anyKey, fc.array(anyKey, { maxLength: 20 }), anyKey, (self, others, target) => {
      const table = new RoutingTable(self)
      others.forEach((id, i) => table.addLink(i + 1, { id, publicKey: contact('0b0').publicKey }, 0))
      const next = table.nextHop(target, [])
      const closer = others.filter((id) => Key.compare(target, id, self) < 0)
      expect(next !== undefined).toBe(closer.length > 0)
      if (next) for (const id of others) expect(Key.compare(target, next.contact.id, id)).toBeLessThanOrEqual(0)
    }),
  )
})

it('the closest of a list come first', () => {
  expect(closest(key('0b11'), contacts('0b0', '0b10', '0b11', '0b01'), 3, ({ id }) => id)).toEqual(contacts('0b11', '0b10', '0b01'))
})
