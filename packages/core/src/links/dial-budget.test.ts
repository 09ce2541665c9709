import { describe, expect, it } from 'vitest'
import { DialBudget, dialBurst, dialCredit, dialsPerMinute } from './dial-budget.js'

const spendAll = (budget: DialBudget, onCredit: boolean, nowMs: number) => {
  let spent = 0
  while (budget.spend(onCredit, nowMs)) spent += 1
  return spent
}

describe('the dial budget', () => {
  it('has a burst, then so many a minute', () => {
    const budget = new DialBudget(0)
    expect(spendAll(budget, false, 0)).toBe(dialBurst)
    expect(budget.waitMs(0)).toBe(60_000 / dialsPerMinute)
    expect(spendAll(budget, false, 60_000)).toBe(dialsPerMinute)
  })

  it('lets some go on credit, which those that fill a bucket pay back', () => {
    const budget = new DialBudget(0)
    expect(spendAll(budget, false, 0)).toBe(dialBurst)
    expect(spendAll(budget, true, 0)).toBe(dialCredit)
    const paidMs = (dialCredit / dialsPerMinute) * 60_000
    expect(spendAll(budget, false, paidMs)).toBe(0)
    expect(spendAll(budget, false, paidMs + 60_000)).toBe(dialsPerMinute)
  })
})
