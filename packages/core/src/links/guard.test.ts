import { describe, expect, it } from 'vitest'
import { contact } from '../fixtures/visible-key.js'
import { allowances, Guard, type Judged, verificationsInAll } from './guard.js'
import { defaultStoreQuotas } from '../records/store-quotas.js'
import { desktopLinkLimits } from './link-policy.js'
import { type Link, RoutingTable } from './routing-table.js'

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

describe('signatures judged for others', () => {
  const perMinute = allowances.verification.perMinute
  const { store, changed } = verificationsInAll
  /** As many as are judged of so many asked for over the link. */
  const judged = (guard: Guard, link: Link | undefined, as: Judged, asked: number, nowMs: number) =>
    Array.from({ length: asked }, () => guard.allowsVerification(link, as, nowMs)).filter(Boolean).length

  it.each(['store', 'changed'] as const)('are bounded over all links, and each link has some that no other uses up: %s', (as) => {
    const guard = new Guard()
    const [one, other] = links()
    expect(judged(guard, one, as, 5_000, 0)).toBe(verificationsInAll[as].burst + allowances.verification.burst)
    expect(judged(guard, undefined, as, 1, 0)).toBe(0)
    expect(judged(guard, other, as, 5_000, 0)).toBe(allowances.verification.burst)
    expect(judged(guard, one, as, 5_000, 60_000)).toBe(Math.min(verificationsInAll[as].burst, verificationsInAll[as].perMinute) + perMinute)
  })

  it('of what is stored take nothing from those of what is watched, nor the other way round', () => {
    const guard = new Guard()
    expect(judged(guard, undefined, 'store', 5_000, 0)).toBe(store.burst)
    expect(judged(guard, undefined, 'changed', 5_000, 0)).toBe(changed.burst)
    expect(judged(guard, undefined, 'store', 5_000, 60_000)).toBe(store.perMinute)
  })

  it('take at most a quarter of a core in the long run, at 3 ms each, with as many links as there may be', () => {
    const msPerMinute = 3 * (store.perMinute + changed.perMinute + desktopLinkLimits.hard * perMinute)
    expect(msPerMinute / 60_000).toBeLessThanOrEqual(0.25)
  })

  it('are enough at once for a peer that comes home, and is handed a full store', () => {
    expect(store.burst).toBeGreaterThanOrEqual(defaultStoreQuotas.total.records)
  })
})

it('what was asked for over a link may be answered too late, however much it is', () => {
  const guard = new Guard()
  const [one] = links()
  const { burst } = allowances.unasked
  const allowed = (count: number) => Array.from({ length: count }, () => guard.allows(one, 'unasked', 0)).filter(Boolean).length
  expect(allowed(burst + 1)).toBe(burst)
  const target = contact('0b1').id
  const seek = { type: 'seek', id: '00'.repeat(8), target, want: 'open', avoid: [], hopsLeft: 9 } as const
  const payload = { type: 'request', id: '00'.repeat(8), question: { type: 'ping' } } as const
  guard.asked(one.link, { ...seek, path: [contact('0b0').id] })
  guard.asked(one.link, { ...seek, path: [target, contact('0b0').id] })
  guard.asked(one.link, { type: 'envelope', destination: target, route: [], path: [contact('0b0').id], hopsLeft: 9, payload })
  guard.asked(one.link, { type: 'envelope', destination: target, route: [], path: [target, contact('0b0').id], hopsLeft: 9, payload })
  expect(allowed(10)).toBe(4)
})
