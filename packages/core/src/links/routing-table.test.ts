import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contacts, linkedTable, linkWith } from '../fixtures/linked-table.js'
import { contact, key } from '../fixtures/visible-key.js'
import { Key, keyBytes } from '../keys/key.js'
import { hopsMax, replicas } from '../wire/message.js'
import { closest, contactsPerBucketMax, RoutingTable } from './routing-table.js'

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
    expect(ids(table.linksByDistance())).toEqual(hexes(...sorted))
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

describe('known contacts', () => {
  it('are neither this peer nor linked, and no farther than an envelope goes', () => {
    const table = linkedTable('0b0', ['0b1'])
    table.note(contact('0b0'), { route: [] }, 0)
    table.note(contact('0b1'), { route: [] }, 0)
    table.note(contact('0b01'), { route: Array.from({ length: hopsMax + 1 }, () => key('0b1')) }, 0)
    expect([...table.contacts()]).toEqual([])
  })

  it('stop being merely known when a link opens', () => {
    const table = linkedTable('0b0', [])
    table.note(contact('0b1'), { route: [], point: 0 }, 0)
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
    table.note(contact('0b01'), { route: before.map(key) }, 0)
    table.note(contact('0b01'), { route: after.map(key) }, 1)
    expect(table.known(key('0b01'))).toMatchObject({ route: kept.map(key), seenMs: 1 })
  })

  it('remember the meeting point they were met at', () => {
    const table = linkedTable('0b0', [])
    table.note(contact('0b01'), { route: [], point: 2 }, 0)
    table.note(contact('0b01'), { route: [key('0b1')] }, 0)
    expect(table.known(key('0b01'))).toMatchObject({ route: [key('0b1')], point: 2 })
  })

  it('make room in a full bucket: the one seen longest ago', () => {
    const table = linkedTable('0b0', [])
    const inBucket = Array.from({ length: contactsPerBucketMax + 1 }, (_, i) => `0b1${i.toString(2).padStart(8, '0')}`)
    inBucket.slice(0, -1).forEach((bits, i) => table.note(contact(bits), { route: [] }, i))
    table.note(contact(inBucket[0]!), { route: [] }, 100)
    table.note(contact(inBucket.at(-1)!), { route: [] }, 101)
    expect([...table.contacts()].length).toBe(contactsPerBucketMax)
    expect(table.known(key(inBucket[0]!))).toBeDefined()
    expect(table.known(key(inBucket[1]!))).toBeUndefined()
    expect(table.known(key(inBucket.at(-1)!))).toBeDefined()
    table.note(contact('0b01'), { route: [] }, 102)
    expect([...table.contacts()].length).toBe(contactsPerBucketMax + 1)
  })

  it('that are forgotten leave their place to others', () => {
    const table = linkedTable('0b0', [])
    table.note(contact('0b1'), { route: [] }, 0)
    table.forget(key('0b1'))
    table.forget(key('0b1'))
    expect([...table.contacts()]).toEqual([])
    for (let i = 0; i < contactsPerBucketMax; i++) table.note(contact(`0b1${i.toString(2).padStart(8, '0')}`), { route: [] }, 0)
    expect([...table.contacts()].length).toBe(contactsPerBucketMax)
  })

  it('are never more than the bound in a bucket', () => {
    const anyKey = fc.uint8Array({ minLength: keyBytes, maxLength: keyBytes })
    fc.assert(
      fc.property(fc.array(fc.tuple(anyKey, fc.boolean()), { maxLength: 200 }), (steps) => {
        const table = linkedTable('0b0', [])
        const buckets = new Map<number, number>()
        steps.forEach(([bytes, forgotten], i) => {
          const id = Key.fromBytes(bytes)
          table.note({ id, publicKey: contact('0b0').publicKey }, { route: [] }, i)
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

describe('ways', () => {
  const table = linkedTable('0b0', ['0b1', '0b01'])
  linkWith(table, '0b1', ['0b11'])
  table.note(contact('0b111'), { route: [key('0b01'), key('0b011')] }, 0)
  table.note(contact('0b1111'), { route: [key('0b0011'), key('0b011')] }, 0)
  table.note(contact('0b101'), { route: [], point: 0 }, 0)

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
