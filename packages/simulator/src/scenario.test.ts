import { describe, expect, it, type TestContext } from 'vitest'
import { defaultScenario, printReport, replayCommand, runScenario, type ScenarioOptions, successOf } from './index.js'

/** Minutes on a slow machine that does other things, too. */
const longRunMs = 600_000

/** A failure says how to have it again. */
function tellOnFailure({ onTestFailed }: TestContext, told: () => string) {
  onTestFailed(() => void process.stderr.write(`\n${told()}\n`))
}

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
