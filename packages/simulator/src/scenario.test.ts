import { describe, expect, it } from 'vitest'
import { defaultScenario, madeByLookups, printReport, replayCommand, runScenario, type ScenarioOptions, successOf } from './index.js'

/** What is promised of the overlay at this churn, and how long the run may take. */
const promisedSuccess = 0.995
const longRunMs = 240_000

describe('a thousand peers, of whom half stay less than ten minutes, for half an hour', () => {
  const scenario = { ...defaultScenario, seed: 7 }

  it(
    'find what was put, lose nothing, and make no connection to look something up',
    () => {
      const report = runScenario(scenario)
      const told = `\n${printReport(report)}\n`
      expect(report.peers.crashes + report.peers.leaves, told).toBeGreaterThan(1_500)
      expect(report.churnLookups.count, told).toBeGreaterThan(8_000)
      expect(successOf(report.churnLookups), told).toBeGreaterThanOrEqual(promisedSuccess)
      expect(successOf(report.calmLookups), told).toBe(1)
      expect(report.records.lost, told).toEqual([])
      expect(report.calmLookups.count, told).toBeGreaterThan(900)
      expect(madeByLookups(report), told).toBe(0)
    },
    longRunMs,
  )
})

describe('a run', () => {
  const small: ScenarioOptions = { ...defaultScenario, peers: 40, records: 20, churnMs: 120_000, churn: { ...defaultScenario.churn, medianStayMs: 120_000 } }

  it('happens again, event by event, with the same seed, and otherwise with another', () => {
    const [one, same, other] = [runScenario(small), runScenario(small), runScenario({ ...small, seed: 2 })]
    expect(same, replayCommand(small)).toEqual(one)
    expect(other.eventHash, replayCommand(small)).not.toBe(one.eventHash)
  })
})
