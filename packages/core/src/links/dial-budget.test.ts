import { describe, expect, it } from 'vitest'
import { DialBudget, dialBurst, dialCredit, dialsPerMinute } from './dial-budget.js'

const spendAll = (budget: DialBudget, why: 'bucket' | 'sibling' | 'app', nowMs: number) => {
  let spent = 0
  while (budget.spend(why, nowMs)) spent += 1
  return spent
}

describe('the dial budget', () => {
  it('has a burst, then so many a minute', () => {
    const budget = new DialBudget(0)
    expect(spendAll(budget, 'bucket', 0)).toBe(dialBurst)
    expect(budget.waitMs(0)).toBe(60_000 / dialsPerMinute)
    expect(spendAll(budget, 'bucket', 60_000)).toBe(dialsPerMinute)
  })

  it.each(['sibling', 'app'] as const)('lets a %s go on credit, which those that fill a bucket pay back', (why) => {
    const budget = new DialBudget(0)
    expect(spendAll(budget, 'bucket', 0)).toBe(dialBurst)
    expect(spendAll(budget, why, 0)).toBe(dialCredit)
    const paidMs = (dialCredit / dialsPerMinute) * 60_000
    expect(spendAll(budget, 'bucket', paidMs)).toBe(0)
    expect(spendAll(budget, 'bucket', paidMs + 60_000)).toBe(dialsPerMinute)
  })
})
