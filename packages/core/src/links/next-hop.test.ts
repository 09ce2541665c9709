import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linkedTable, linkWith, tableOf } from '../fixtures/linked-table.js'
import { contact, key } from '../fixtures/visible-key.js'
import { Key } from '../keys/key.js'
import { replicas } from '../wire/message.js'
import { NeighbourList } from './neighbour-list.js'

/** Few enough that they often meet. */
const pool = Array.from({ length: 24 }, (_, i) => `0b${i.toString(2).padStart(5, '0')}`)
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

describe('the next hop', () => {
  /** Peer 0b0, linked to two that both have the target beside them. */
  const twoWays = (
    [firstMs, secondMs]: readonly [number | undefined, number | undefined],
    onwardMs: readonly [number, number] = [10, 10],
  ) => {
    const both = linkedTable('0b0', ['0b10', '0b11'])
    ;[linkWith(both, '0b10'), linkWith(both, '0b11')].forEach((link, i) => {
      link.rttMs = [firstMs, secondMs][i]
      link.neighbours = new NeighbourList([{ contact: contact('0b111'), rttMs: onwardMs[i]! }])
    })
    return both.nextHop(key('0b1111'), [])?.link
  }

  it.each<[string, number, number | undefined]>([
    ['the quicker link', 1, twoWays([10, 20])],
    ['the quicker link, whichever comes first', 2, twoWays([20, 10])],
    ['the quicker way in all', 2, twoWays([10, 20], [100, 10])],
    ['what was measured before what was not', 2, twoWays([undefined, 200])],
    ['what was measured onward before what was not', 2, twoWays([10, 20], [0, 200])],
  ])('of two that lead to the same peer is %s', (_, expected, link) => expect(link).toBe(expected))

  it('is the one whose neighbour is closest, though it is not the closest itself, nor the quickest', () => {
    const far = linkedTable('0b0', ['0b0001', '0b1100'])
    linkWith(far, '0b0001', ['0b1111']).rttMs = 900
    linkWith(far, '0b1100').rttMs = 1
    expect(far.nextHop(key('0b11111'), [])?.link).toBe(1)
  })

  it('is the destination itself if it is linked, however slow', () => {
    const near = linkedTable('0b0', ['0b1', '0b11'])
    linkWith(near, '0b1').rttMs = 9_000
    linkWith(near, '0b11', ['0b1']).rttMs = 1
    expect(near.nextHop(key('0b1'), [])?.link).toBe(1)
    expect(near.nextHop(key('0b1'), [], { except: new Set([1]) })?.link).toBe(2)
  })

  it('of a question of our own leads to others though this peer is the closest', () => {
    const closestHere = linkedTable('0b0', ['0b1', '0b01'])
    expect(closestHere.nextHop(key('0b0'), [])).toBeUndefined()
    expect(closestHere.nextHop(key('0b0'), [], { fromAnywhere: true })?.contact.id).toEqual(key('0b01'))
    expect(closestHere.nextHop(key('0b0'), [key('0b01')], { fromAnywhere: true })?.contact.id).toEqual(key('0b1'))
  })

  it('does not follow old lists to a peer that is gone, but to one that is sought itself', () => {
    const table = linkedTable('0b10', ['0b01', '0b001'])
    linkWith(table, '0b01', ['0b111'])
    linkWith(table, '0b001', ['0b110'])
    expect(table.nextHop(key('0b1111'), [])?.link).toBe(1)
    table.doubt(key('0b111'), 0)
    expect(table.nextHop(key('0b1111'), [])?.link).toBe(2)
    expect(table.nextHop(key('0b1111'), [key('0b001')])).toBeUndefined()
    expect(table.nextHop(key('0b111'), [])?.link).toBe(1)
  })

  it('is the one that a look at every way within two hops finds', () => {
    fc.assert(
      fc.property(
        anyBits,
        anyLinks,
        anyBits,
        fc.array(anyBits, { maxLength: 5 }),
        fc.uniqueArray(fc.nat(8), { maxLength: 3 }),
        fc.boolean(),
        (self, links, bits, passed, excepted, fromAnywhere) => {
          const table = tableOf(self, links)
          const target = key(bits)
          const except = new Set(excepted)
          const isPassed = (id: Key) => passed.some((one) => key(one).equals(id))
          const ways = [...table.links()]
            .filter(({ link, contact: { id } }) => !except.has(link) && !isPassed(id))
            .flatMap((link) => {
              const linkMs = link.rttMs ?? 300
              const onward = link.neighbours.all.map((one) => ({ link, end: one.contact.id, ms: linkMs + (one.rttMs || 300) }))
              return [{ link, end: link.contact.id, ms: linkMs }, ...onward]
            })
            .filter(({ end }) => !end.equals(table.self) && !isPassed(end))
            .filter(({ end }) => fromAnywhere || Key.compare(target, end, table.self) < 0)
          // A link to the destination itself is taken however slow it is.
          const msOf = ({ link, end, ms }: (typeof ways)[number]) => (end.equals(target) && link.contact.id.equals(target) ? -1 : ms)
          const [best] = ways.toSorted((a, b) => Key.compare(target, a.end, b.end) || msOf(a) - msOf(b))
          const next = table.nextHop(target, passed.map(key), { except, fromAnywhere })
          expect(next === undefined).toBe(best === undefined)
          if (!next || !best) return
          const good = ways.filter((way) => way.end.equals(best.end) && msOf(way) === msOf(best))
          expect(good.map(({ link }) => link)).toContain(next)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('the next hop of a question that any replica can answer', () => {
  /** The peers that keep what is sought, the closest first, and this one among its own siblings far away. */
  const keepers = Array.from({ length: replicas }, (_, i) => `0b1111${i.toString(2).padStart(4, '0')}`)
  const siblings = Array.from({ length: replicas }, (_, i) => `0b0000${(i + 1).toString(2).padStart(4, '0')}`)
  const target = key('0b111100000001')
  const [nearest, last] = [keepers[0]!, keepers.at(-1)!]

  /** Where the question goes next, when links have these round trips. */
  function next(rttsMs: Readonly<Record<string, number>>, anyReplica = true): string | undefined {
    const table = linkedTable('0b0', [...siblings, '0b1110', ...keepers])
    for (const [bits, rttMs] of Object.entries(rttsMs)) linkWith(table, bits).rttMs = rttMs
    return table.nextHop(target, [], { anyReplica })?.contact.id.hex
  }

  it('is the quickest of the replicas', () => {
    expect(next({ [nearest]: 90, [last]: 10 })).toBe(key(last).hex)
    expect(next({ [nearest]: 10, [last]: 90 })).toBe(key(nearest).hex)
  })

  it('is the closest that is left when every replica was passed', () => {
    const table = linkedTable('0b0', [...siblings, '0b1110', ...keepers])
    expect(table.nextHop(target, keepers.map(key), { anyReplica: true })?.contact.id).toEqual(key('0b1110'))
  })

  it('is the closest where others were asked for', () => expect(next({ [nearest]: 90, [last]: 10 }, false)).toBe(key(nearest).hex))

  it('is none that is farther than whoever passes it on, where there are few peers', () => {
    const table = linkedTable('0b1', ['0b0', '0b11'])
    linkWith(table, '0b0', ['0b01']).rttMs = 1
    linkWith(table, '0b11').rttMs = 90
    const hop = (passed: readonly string[], fromAnywhere = false) =>
      table.nextHop(key('0b1111'), passed.map(key), { anyReplica: true, fromAnywhere })?.contact.id.hex
    expect(hop([])).toBe(key('0b11').hex)
    expect(hop(['0b11'])).toBeUndefined()
    expect(hop([], true)).toBe(key('0b0').hex)
  })

  it('always leads to somebody closer than whoever passes it on', () => {
    fc.assert(
      fc.property(anyBits, anyLinks, anyBits, fc.array(anyBits, { maxLength: 5 }), (self, links, bits, passed) => {
        const table = tableOf(self, links)
        const next = table.nextHop(key(bits), passed.map(key), { anyReplica: true })
        if (!next) return
        const ends = [next.contact, ...next.neighbours.contacts].filter(({ id }) => !passed.some((one) => key(one).equals(id)))
        expect(ends.some(({ id }) => Key.compare(key(bits), id, table.self) < 0)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is none that is no replica, however quick', () => {
    expect(next({ '0b1110': 1, [siblings[0]!]: 1, [last]: 50 })).toBe(key(last).hex)
  })
})
