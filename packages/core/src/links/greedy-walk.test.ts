import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact } from '../fixtures/visible-key.js'
import { Key, keyBytes } from '../keys/key.js'
import { hopsMax, replicas } from '../wire/message.js'
import { closest } from '../keys/nearest.js'
import { RoutingTable } from './routing-table.js'

const anyKey = fc.uint8Array({ minLength: keyBytes, maxLength: keyBytes }).map((bytes) => Key.fromBytes(bytes))
const anyPeers = fc.uniqueArray(anyKey, { minLength: 2, maxLength: 60, selector: ({ hex }) => hex })
/** Among 500 peers with some 20 links each, who look two hops ahead: 4 were seen. */
const hopsExpected = 5
/** Else it is hardly an overlay: everybody knows everybody. */
const linksExpected = 40
const itself = (id: Key) => id

/** An overlay of these peers: everybody is linked to the closest ones, and to one of each bucket; all links have two ends, and all lists are true. */
function overlayOf(ids: readonly Key[]): ReadonlyMap<string, RoutingTable> {
  const tables = new Map(ids.map((id) => [id.hex, new RoutingTable(id)]))
  let links = 0
  const link = (one: Key, other: Key) => {
    if (tables.get(one.hex)!.linkTo(other)) return
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const)
      tables.get(from.hex)!.addLink((links += 1), { id: to, publicKey: contact('0b0').publicKey }, 0)
  }
  for (const id of ids) {
    const others = ids.filter((other) => !other.equals(id))
    for (const sibling of closest(id, others, replicas, itself)) link(id, sibling)
    const buckets = new Set(others.map((other) => id.sharedBits(other)))
    for (const bucket of buckets) {
      const inBucket = others.filter((other) => id.sharedBits(other) === bucket)
      link(id, inBucket[links % inBucket.length]!)
    }
  }
  for (const table of tables.values()) for (const one of table.links()) one.neighbours = tables.get(one.contact.id.hex)!.ownList()
  return tables
}

/** The peers that a question passes, the asker first: each passes it on to its next hop, until one has none. */
function walk(tables: ReadonlyMap<string, RoutingTable>, asker: Key, target: Key): readonly Key[] {
  const path = [asker]
  while (path.length <= hopsMax) {
    const next = tables.get(path.at(-1)!.hex)!.nextHop(target, path, { fromAnywhere: path.length === 1 })
    if (!next) break
    path.push(next.contact.id)
  }
  return path
}

describe('in an overlay of honest peers a question', () => {
  it('ends at the closest of all others to its target, wherever it is asked', () => {
    fc.assert(
      fc.property(anyPeers, fc.nat(), anyKey, (ids, which, target) => {
        const asker = ids[which % ids.length]!
        const [expected] = closest(
          target,
          ids.filter((id) => !id.equals(asker)),
          1,
          itself,
        )
        expect(walk(overlayOf(ids), asker, target).at(-1)!.hex).toBe(expected!.hex)
      }),
      { numRuns: 60 },
    )
  })

  it('takes few hops, where there are many peers', () => {
    const random = seededRandom(7)
    const ids = Array.from({ length: 500 }, () => Key.fromBytes(random(keyBytes)))
    const tables = overlayOf(ids)
    const linkCounts = [...tables.values()].map(({ linkCount }) => linkCount)
    expect(Math.max(...linkCounts)).toBeLessThan(linksExpected)
    fc.assert(
      fc.property(fc.constantFrom(...ids), anyKey, (asker, target) => {
        const path = walk(tables, asker, target)
        const [expected] = closest(
          target,
          ids.filter((id) => !id.equals(asker)),
          1,
          itself,
        )
        expect(path.at(-1)!.hex).toBe(expected!.hex)
        expect(path.length - 1).toBeLessThanOrEqual(hopsExpected)
      }),
    )
  })

  it('ends at a peer itself when it is asked for', () => {
    fc.assert(
      fc.property(anyPeers, fc.nat(), fc.nat(), (ids, from, to) => {
        const [asker, target] = [ids[from % ids.length]!, ids[to % ids.length]!]
        if (!asker.equals(target)) expect(walk(overlayOf(ids), asker, target).at(-1)!.hex).toBe(target.hex)
      }),
      { numRuns: 60 },
    )
  })
})
