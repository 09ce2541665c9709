import { describe, expect, it, type TestContext } from 'vitest'
import {
  defaultScenario,
  madePerLookup,
  printReport,
  readScenario,
  replayCommand,
  runScenario,
  type ScenarioOptions,
  successOf,
  upkeepNoise,
} from './index.js'

/** What is promised of the overlay at this churn. */
const promisedSuccess = 0.995
/** Some six million events: minutes on a slow machine that does other things, too. */
const longRunMs = 600_000
/** With the links of phones: routing and replicas have the least to go on. `churn-10m` is the same with those of desktops. */
const name = 'churn-10m-phones'

/** A failure says how to have it again. */
function tellOnFailure({ onTestFailed }: TestContext, told: () => string) {
  onTestFailed(() => void process.stderr.write(`\n${told()}\n`))
}

describe('a thousand peers with few links, of whom half stay less than ten minutes, for half an hour', () => {
  const { story } = readScenario(name)
  if (story.kind !== 'life') throw new Error(`${name} is no story of a life.`)
  const { options: scenario } = story

  it('find what was put, lose nothing, and make no connection to look something up', { timeout: longRunMs }, (context) => {
    let told = `npm run simulate -- --scenario ${name}`
    tellOnFailure(context, () => told)
    const report = runScenario(scenario)
    told = `${told}\n${printReport(report)}`
    const { churnLookups, calmLookups, records, peers } = report
    expect(peers.crashes + peers.leaves).toBeGreaterThan(1_500)
    expect(churnLookups.count).toBeGreaterThan(8_000)
    expect(calmLookups.count).toBeGreaterThan(1_400)
    expect(successOf(churnLookups)).toBeGreaterThanOrEqual(promisedSuccess)
    expect(successOf(calmLookups)).toBe(1)
    expect(records.lost).toEqual([])
    expect(madePerLookup(report)).toBeLessThan(upkeepNoise)
  })
})

describe('a run', () => {
  const small: ScenarioOptions = {
    ...defaultScenario,
    peers: 30,
    records: 10,
    churnMs: 60_000,
    churn: { ...defaultScenario.churn, medianStayMs: 120_000 },
  }

  it(
    'may begin with an overlay that is laid out, where newcomers are linked and everything is found',
    { timeout: longRunMs },
    (context) => {
      const scenario: ScenarioOptions = { ...small, start: 'laidOut', latency: { model: 'geography', meanMs: 50 } }
      let told = replayCommand(scenario)
      tellOnFailure(context, () => told)
      const report = runScenario(scenario)
      told = printReport(report)
      expect(report.peers.arrivals).toBeGreaterThan(3)
      expect(report.links.min).toBe(report.peers.alive - 1)
      expect(report.records.lost).toEqual([])
      expect(successOf(report.calmLookups)).toBe(1)
    },
  )

  it('happens again, event by event, with the same seed, and otherwise with another', { timeout: longRunMs }, (context) => {
    tellOnFailure(context, () => replayCommand(small))
    const [one, same, other] = [runScenario(small), runScenario(small), runScenario({ ...small, seed: 2 })]
    expect(same).toEqual(one)
    expect(other.eventHash).not.toBe(one.eventHash)
  })
})
