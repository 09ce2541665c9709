import { describe, expect, it } from 'vitest'
import type { ScenarioResult } from '../index.js'
import { checkFigures, readScenario, scenarioNames } from '../index.js'
import { cellsOf, chartOf, measurementsPage } from './measurements-page.js'
import { figureTitles, measuredElsewhere, rows } from './rows.js'

const row = (name: string) => rows.find((one) => one.name === name)!

/** A result of every scenario with these figures. */
const resultsWith =
  (figures: { [figure: string]: number }) =>
  (scenario: string): ScenarioResult => {
    const { about, expected, story } = readScenario(scenario)
    const { seed, peers } = story.options
    const checks = checkFigures(expected, figures)
    return {
      scenario,
      about,
      command: `npm run simulate -- --scenario ${scenario}`,
      seed,
      peers,
      digest: '',
      checks,
      figures,
      wallSeconds: 1,
      node: 'v20',
    }
  }

const none = () => undefined

describe('the rows', () => {
  it('name scenarios that there are, and figures that have titles', () => {
    for (const { scenarios } of rows) expect(scenarioNames()).toEqual(expect.arrayContaining([...scenarios]))
    const figures = [...rows, ...measuredElsewhere].flatMap((one) => one.figures ?? [])
    expect(figures.filter((figure) => figureTitles[figure] === undefined)).toEqual([])
  })

  it.each(rows.map((one) => [one.name, one] as const))('%s has a bound for something', (_, { scenarios, figures }) => {
    const bounded = scenarios.flatMap((scenario) => Object.keys(readScenario(scenario).expected))
    expect(bounded.filter((figure) => figures.includes(figure))).not.toEqual([])
  })

  it('cover every scenario', () => {
    expect(new Set(rows.flatMap(({ scenarios }) => scenarios))).toEqual(new Set(scenarioNames()))
  })
})

describe('the page', () => {
  it('says what was reached, what was missed, and how to have it again', () => {
    const page = measurementsPage(resultsWith({ getHopsMean: 2.7, getHopsP99: 4 }), none)
    expect(page).toMatch(/\| static-1k +\| hops, mean +\| +2\.7 \| +≤ 2\.6 \| \*\*missed\*\* \|/)
    expect(page).toMatch(/\| static-10k +\| hops, mean +\| +2\.7 \| +≤ 3\.7 \| reached +\|/)
    expect(page).toContain('npm run simulate -- --scenario static-1k')
    expect(page).toContain('![Hops of a lookup, target 32 links](hops.svg)')
  })

  it('says what is not measured yet', () => {
    const page = measurementsPage(none, none)
    expect(page).toContain('Not measured yet: crash-third (`npm run measure -- --only crash`)')
    expect(chartOf(row('crash'), () => undefined)).toBeUndefined()
  })

  it('shows what other commands have measured, and names the commands of what they have not', () => {
    const load = { about: 'a test', command: 'npm run load -- --sockets 5', figures: { sockets: 5, lettersArrived: 0.5 }, wallSeconds: 7 }
    const page = measurementsPage(none, (name) => (name === 'load' ? load : undefined))
    expect(page).toMatch(/\| sockets held +\| +5 \|/)
    expect(page).toMatch(/\| letters that arrived +\| +50 % \|/)
    expect(page).toMatch(/\| relay time, median +\| +never \|/)
    expect(page).toContain('npm run load -- --sockets 5   # a test; took 7 s')
    expect(page).toContain('`npm run fuzz -- --inputs 10000000`')
    expect(page).not.toContain('`npm run load`')
  })

  it('shows a figure that never came as missed, not as none', () => {
    const cells = cellsOf(row('crash'), resultsWith({ readWithin10s: 1, lost: 0, lastReadMs: Infinity }))
    expect(cells.map(({ figure, value }) => [figure, value])).toContainEqual(['lastReadMs', Infinity])
    expect(measurementsPage(resultsWith({}), none)).toContain('**missed**')
  })
})

describe('the charts', () => {
  it.each(rows.map((one) => [one.name, one] as const))('%s is well-formed, and has its words', (_, one) => {
    const chart = chartOf(one, resultsWith(Object.fromEntries(one.figures.map((figure, i) => [figure, 0.5 + i]))))!
    expect(chart.startsWith('<svg xmlns="http://www.w3.org/2000/svg"')).toBe(true)
    expect(chart).not.toMatch(/NaN|Infinity|undefined/)
    const opened = [...chart.matchAll(/<(svg|text|title|style)\b/g)].length
    expect([...chart.matchAll(/<\/(svg|text|title|style)>/g)]).toHaveLength(opened)
    expect(chart).toContain('prefers-color-scheme:dark')
  })
})
