import { describe, expect, it } from 'vitest'
import { checkFigures, parseScenario, readScenario, scenarioNames, tellStory } from './index.js'

const text = (options: object, kind = 'static') =>
  JSON.stringify({ about: 'a test', kind, options, expected: { getSuccess: { least: 1 } } })

describe('a scenario file', () => {
  it.each(scenarioNames())('%s is one', (name) => {
    const { about, story, expected } = readScenario(name)
    expect(about).not.toBe('')
    expect(story.options.peers).toBeGreaterThan(0)
    expect(Object.keys(expected)).not.toHaveLength(0)
  })

  it('has the defaults of its kind, its own options, and the changes, in this order', () => {
    const { story } = parseScenario('test', text({ peers: 50, latency: { meanMs: 20 } }), ['latency.model=king', 'seed=9'])
    expect(story.options).toMatchObject({ peers: 50, seed: 9, latency: { model: 'king', meanMs: 20 }, dead: 0 })
  })

  it('says what it does not understand', () => {
    expect(() => parseScenario('test', text({ pears: 50 }))).toThrow('no option pears')
    expect(() => parseScenario('test', text({}, 'fable'))).toThrow('kind is one of')
    expect(() => parseScenario('test', text({}), ['peers'])).toThrow('option=value')
    expect(() => readScenario('no such')).toThrow('There is no scenario')
  })

  it('takes a median stay of 0 for ever', () => {
    expect(parseScenario('test', text({ churn: { medianStayMs: 0 } }, 'life')).story.options).toMatchObject({
      churn: { medianStayMs: Infinity },
    })
  })
})

describe('expected figures', () => {
  it.each([
    [{ least: 1 }, 1, true],
    [{ least: 1 }, 0.99, false],
    [{ most: 4 }, 5, false],
    [{ least: 1, most: 4 }, 3, true],
    [{ most: 4 }, Infinity, false],
  ])('%o of %d: %s', (bound, value, holds) => {
    expect(checkFigures({ it: bound }, { it: value })).toMatchObject([{ figure: 'it', holds }])
  })

  it('that no run has are missed', () => {
    expect(checkFigures({ other: { least: 0 } }, { it: 1 })).toMatchObject([{ figure: 'other', holds: false, value: null }])
  })
})

describe('a static scenario', () => {
  const small = parseScenario('test', text({ peers: 100, records: 20, gets: 60, probes: 300, puts: 10, perSecond: 20 })).story

  it('finds what is there, arrives where it should, and makes no connection', { timeout: 60_000 }, () => {
    const figures = tellStory(small, () => {})
    expect(figures).toMatchObject({ getSuccess: 1, putSuccess: 1, connectionsPerLookup: 0 })
    expect(figures['probeArrived']).toBeGreaterThan(0.95)
    expect(figures['probeHopsMean']).toBeGreaterThan(1)
    expect(figures['probeHopsMean']).toBeLessThan(3)
  })

  it('of a thousand peers keeps to the hops, latencies and connections that the measurements page holds it to', { timeout: 60_000 }, () => {
    const { story, expected } = readScenario('static-1k', ['gets=500', 'probes=50', 'puts=30', 'records=200'])
    const checks = checkFigures(
      expected,
      tellStory(story, () => {}),
    )
    expect(checks.length).toBeGreaterThan(5)
    expect(checks.filter(({ holds }) => !holds)).toEqual([])
  })

  it('tells peers how many there are, by what they looked up, even if none of that was there', { timeout: 60_000 }, () => {
    const { story } = parseScenario('test', text({ peers: 500, askers: 20, records: 0, gets: 0, probes: 320, puts: 0, perSecond: 100 }))
    expect(tellStory(story, () => {})['sizeErrorMedian']).toBeLessThan(0.15)
  })

  it('comes out the same with the same seed', { timeout: 60_000 }, () => {
    const [one, same] = [tellStory(small, () => {}), tellStory(small, () => {})]
    const byChance = ({
      bytesPerPeer: _a,
      peakGiB: _b,
      layOutSeconds: _c,
      runSeconds: _d,
      eventsPerSecond: _e,
      lookupsPerSecond: _f,
      ...rest
    }: typeof one) => rest
    expect(byChance(same)).toEqual(byChance(one))
  })
})

describe('a flood scenario', () => {
  const changes = ['fillMinutes=1', 'watchedMinutes=2', 'newcomers=1', 'records=1']
  const told = (name: string) => tellStory(readScenario(name, changes).story, () => {})

  it('floods with what it says, and counts that', { timeout: 60_000 }, () => {
    expect(told('flood-strangers')).toMatchObject({
      knocksPerSecond: expect.closeTo(5, 1),
      newcomersLinked: 1,
      getSuccess: 1,
      copiesLeft: 1,
    })
    const members = told('flood-members')
    expect(members['knocksPerSecond']).toBeGreaterThan(10)
    const stores = told('flood-stores')
    expect(stores['storesPerSecond']).toBeGreaterThan(3)
    expect(stores['recordsKeptMax']).toBeGreaterThan(300)
    expect([members['storesPerSecond'], stores['knocksPerSecond']]).toEqual([undefined, undefined])
  })
})
