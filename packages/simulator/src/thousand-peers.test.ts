import { expect, it } from 'vitest'
import { madePerLookup, printReport, readScenario, runScenario, successOf, upkeepNoise } from './index.js'

/** What is promised of the overlay when half of all stay less than ten minutes. */
const promisedSuccess = 0.995
/** With the links of phones: routing and replicas have the least to go on. `churn-10m` is the same with those of desktops. */
const name = 'churn-10m-phones'
/** With what comes before and after half an hour in all: they form, live on, calm down, and look for everything. */
const [minutes, churnMinutes] = [30, 20]
/** Some four million events: less than a minute, and more on a slow machine. */
const longRunMs = 600_000

it(
  `a thousand peers in ${minutes} minutes, of whom half stay less than ten, find what was put, lose nothing, and make no connection to look something up`,
  {
    timeout: longRunMs,
  },
  ({ onTestFailed }) => {
    const { story } = readScenario(name)
    if (story.kind !== 'life') throw new Error(`${name} is no story of a life.`)
    let told = `npm run simulate -- --scenario ${name} --set churnMs=${churnMinutes * 60_000}`
    onTestFailed(() => void process.stderr.write(`\n${told}\n`))
    const report = runScenario({ ...story.options, churnMs: churnMinutes * 60_000 })
    told = `${told}\n${printReport(report)}`
    const { churnLookups, calmLookups, records, peers, virtualMs } = report
    expect(Math.round(virtualMs / 60_000)).toBe(minutes)
    expect(peers.alive).toBeGreaterThan(900)
    expect(peers.crashes + peers.leaves).toBeGreaterThan(1_100)
    expect(churnLookups.count).toBeGreaterThan(5_000)
    expect(calmLookups.count).toBeGreaterThan(1_400)
    expect(successOf(churnLookups)).toBeGreaterThanOrEqual(promisedSuccess)
    expect(successOf(calmLookups)).toBe(1)
    expect(records.lost).toEqual([])
    expect(madePerLookup(report)).toBeLessThan(upkeepNoise)
  },
)
