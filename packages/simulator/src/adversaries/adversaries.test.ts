import { describe, expect, it } from 'vitest'
import type { Figures } from '../figures.js'
import { parseScenario, tellStory } from '../index.js'
import { conductNames } from './conduct-name.js'

const small = (options: object) =>
  parseScenario(
    'test',
    JSON.stringify({
      about: 'a test',
      kind: 'hostile',
      options: { seed: 7, peers: 200, records: 40, gets: 60, puts: 5, perSecond: 20, ...options },
      expected: {},
    }),
  ).story

const sumOf = (all: readonly Figures[], name: string) => all.reduce((sum, figures) => sum + figures[name]!, 0)

describe('a fifth of 200 peers that', () => {
  it.each(conductNames)('%s: nothing false is returned, and nearly all that is there is found', { timeout: 120_000 }, (conducts) => {
    const figures = tellStory(small({ conducts }), () => {})
    expect(figures['hostile']).toBe(40)
    expect(figures['violations']).toBe(0)
    expect(figures['getSuccess']).toBeGreaterThanOrEqual(0.95)
  })

  it('crowd around one key: nothing false is returned', { timeout: 60_000 }, () => {
    const crowds = [7, 8, 9].map((seed) =>
      tellStory(small({ seed, conducts: 'colludes+liesOfFriends', crowded: true, crowdedTries: 20 }), () => {}),
    )
    expect(sumOf(crowds, 'violations')).toBe(0)
    expect(sumOf(crowds, 'getSuccess') / crowds.length).toBeGreaterThanOrEqual(0.95)
    expect(sumOf(crowds, 'crowdedReadBackSuccess')).toBeGreaterThan(0)
    // Nobody promises that what is written there is found, but that whoever writes it is told: most of sixty times in so small a world, always in a larger one.
    expect(sumOf(crowds, 'crowdedPutsUnnoticed')).toBeLessThan(18)
    expect(sumOf(crowds, 'falseAlarms')).toBeLessThan(0.25)
  })

  it('says what it does not understand', () => {
    expect(() => tellStory(small({ conducts: 'dithers' }), () => {})).toThrow('A conduct is one of')
  })
})
