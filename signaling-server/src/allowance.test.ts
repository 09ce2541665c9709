import { describe, expect, it } from 'vitest'
import { Allowance } from './allowance.js'

const spend = (allowance: Allowance, times: number, nowMs: number) =>
  Array.from({ length: times }, () => allowance.spend(nowMs)[0]).join('')

describe('Allowance', () => {
  it('grants a burst, refuses as much again, and calls the rest abuse', () => {
    const allowance = new Allowance(3, 1, 0)
    expect(spend(allowance, 8, 0)).toBe('gggrrraa')
  })

  it('grants so many a second after the burst', () => {
    const allowance = new Allowance(3, 2, 0)
    spend(allowance, 3, 0)
    expect(spend(allowance, 3, 1_000)).toBe('ggr')
    expect(spend(allowance, 1, 1_499)).toBe('r')
    expect(spend(allowance, 1, 1_500)).toBe('g')
  })

  it('never grants more than a burst, however long nobody asked', () => {
    const allowance = new Allowance(3, 1, 0)
    expect(spend(allowance, 4, 1e9)).toBe('gggr')
  })

  it('forgives who slows down', () => {
    const allowance = new Allowance(2, 1, 0)
    expect(spend(allowance, 5, 0)).toBe('ggrra')
    expect(spend(allowance, 1, 2_000)).toBe('g')
  })

  it('copes with a clock that goes back', () => {
    const allowance = new Allowance(1, 1, 1_000)
    expect(spend(allowance, 2, 0)).toBe('gr')
  })
})
