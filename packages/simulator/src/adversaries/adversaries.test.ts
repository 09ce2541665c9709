import { describe, expect, it } from 'vitest'
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

describe('a fifth of 200 peers that', () => {
  it.each(conductNames)('%s: nothing false is returned, and nearly all that is there is found', { timeout: 120_000 }, (conducts) => {
    const figures = tellStory(small({ conducts }), () => {})
    expect(figures['hostile']).toBe(40)
    expect(figures['violations']).toBe(0)
    expect(figures['getSuccess']).toBeGreaterThanOrEqual(0.95)
  })

  it('crowd around one key: nothing false is returned', { timeout: 60_000 }, () => {
    const figures = tellStory(small({ conducts: 'colludes+liesOfFriends', crowded: true, crowdedTries: 20 }), () => {})
    expect(figures['violations']).toBe(0)
    expect(figures['getSuccess']).toBeGreaterThanOrEqual(0.95)
    // Nobody promises that what is written there is found, but that whoever writes it is told: most of ten times in so small a world, always in a larger one.
    expect(figures).toHaveProperty('crowdedReadBackSuccess')
    expect(figures['crowdedPutsUnnoticed']).toBeLessThan(5)
    expect(figures['falseAlarms']).toBeLessThan(0.05)
  })

  it('says what it does not understand', () => {
    expect(() => tellStory(small({ conducts: 'dithers' }), () => {})).toThrow('A conduct is one of')
  })
})
