import fc from 'fast-check'
import { expect, it } from 'vitest'
import { contact, key } from '../fixtures/visible-key.js'
import { Key } from '../keys/key.js'
import { OpenLinks } from './open-links.js'
import { RoutingTable } from './routing-table.js'

/** Peers that share their first 32 bits by pairs: finding one must not find the other. */
const pool = Array.from({ length: 16 }, (_, i) => `0b${(i >> 1).toString(2).padStart(8, '0')}${'0'.repeat(24)}${i & 1}1`)

/** A link as a table makes it. */
function linkOf(bits: string, number: number) {
  const table = new RoutingTable(key('0b0'))
  table.addLink(number, contact(bits), 0)
  return table.byLinkId(number)!
}

it('are found by number and by peer, the closest first, whoever comes and goes', () => {
  const step = fc.tuple(fc.constantFrom(...pool), fc.boolean())
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const links = new OpenLinks(key('0b0'))
      const byHex = new Map<string, number>()
      steps.forEach(([bits, isAdded], number) => {
        const { hex } = key(bits)
        const [before, handedOut] = [links.all, [...links.all]]
        const old = links.to(key(bits))
        expect(old?.link).toBe(byHex.get(hex))
        if (isAdded) {
          expect(links.add(linkOf(bits, number))).toBe(old)
          byHex.set(hex, number)
        } else if (old) {
          links.remove(old)
          byHex.delete(hex)
          expect(links.byId(old.link)).toBeUndefined()
        }
        expect(before).toEqual(handedOut)
        for (const link of byHex.values()) expect(links.byId(link)?.link).toBe(link)
        const ids = links.all.map(({ contact: { id } }) => id)
        expect(ids).toEqual(ids.toSorted((a, b) => Key.compare(key('0b0'), a, b)))
        expect(ids.length).toBe(byHex.size)
      })
    }),
  )
})
