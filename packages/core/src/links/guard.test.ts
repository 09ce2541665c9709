import { expect, it } from 'vitest'
import { contact } from '../fixtures/visible-key.js'
import { allowances, Guard } from './guard.js'
import { RoutingTable } from './routing-table.js'

function links() {
  const table = new RoutingTable(contact('0b0').id)
  table.addLink(1, contact('0b1'), 0)
  table.addLink(2, contact('0b11'), 0)
  return [table.byLinkId(1)!, table.byLinkId(2)!] as const
}

it('allows each link a burst of each kind, and forgives with time', () => {
  const guard = new Guard()
  const [one, other] = links()
  const taken = Array.from({ length: allowances.fault.burst + 1 }, () => guard.allows(one, 'fault', 0))
  expect(taken).toEqual([...Array.from({ length: allowances.fault.burst }, () => true), false])
  expect(guard.allows(one, 'draw', 0)).toBe(true)
  expect(guard.allows(other, 'fault', 0)).toBe(true)
  expect(guard.allows(one, 'fault', 60_000)).toBe(true)
  expect(guard.allows(one, 'fault', 60_000)).toBe(false)
})

it('forgets a link that is over', () => {
  const guard = new Guard()
  const [one] = links()
  for (let i = 0; i < allowances.fault.burst; i++) guard.allows(one, 'fault', 0)
  guard.forget(one.link)
  expect(guard.allows(one, 'fault', 0)).toBe(true)
})
