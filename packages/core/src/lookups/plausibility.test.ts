import { expect, it } from 'vitest'
import { contacts, linkedTable, linkWith } from '../fixtures/linked-table.js'
import { key } from '../fixtures/visible-key.js'
import { replicas } from '../wire/message.js'
import { isPlausible, peersByDensity } from './plausibility.js'

const beside = (bits: string) => Array.from({ length: replicas }, (_, i) => `${bits}${(i + 1).toString(2).padStart(4, '0')}`)
const links = ['0b1000000000', '0b0100000000', '0b0010000000']

/** Linked peers whose siblings share eight bits with them, but for one who lists peers that are anywhere. */
function table() {
  const table = linkedTable('0b0', links)
  const [first, second, liar] = links
  linkWith(table, first!, beside('0b10000000'))
  linkWith(table, second!, beside('0b01000000'))
  linkWith(table, liar!, beside('0b1'))
  return table
}

it('how many there are is told by how close the siblings of linked peers are, and one of three who lies does not change it', () => {
  const share = replicas * 2 ** -12
  expect(peersByDensity(table())).toBeCloseTo((replicas - 1 / 3) / share, 0)
  expect(peersByDensity(linkedTable('0b0', links))).toBeLessThan(replicas)
})

it('a closest set is judged by that where lookups say there are fewer: liars answer them, too', () => {
  const target = key('0b11')
  expect(isPlausible(table(), 9, target, contacts(...beside('0b11')))).toBe(false)
  expect(isPlausible(table(), 9, target, contacts(...beside('0b11000000')))).toBe(true)
  expect(isPlausible(linkedTable('0b0', links), 9, target, contacts(...beside('0b11')))).toBe(true)
})

it('a closest set that leaves out whom this peer is linked to is not believed, but for two that may have come or gone just now', () => {
  const target = key('0b1')
  const linked = linkedTable('0b0', beside('0b1'))
  const named = (...left: number[]) => [
    ...beside('0b1').filter((_, i) => !left.includes(i)),
    ...['0b111', '0b1111', '0b11111'].slice(0, left.length),
  ]
  expect(isPlausible(linked, 9, target, contacts(...named(3, 5)))).toBe(true)
  expect(isPlausible(linked, 9, target, contacts(...named(3, 5, 7)))).toBe(false)
  // The very closest is left out by none.
  expect(isPlausible(linked, 9, target, contacts(...named(0)))).toBe(false)
  for (const link of linked.fullLinks()) link.isSilent = true
  expect(isPlausible(linked, 9, target, contacts(...named(3, 5, 7)))).toBe(true)
})
