import type { Figures } from './figures.js'
import type { Bound, ScenarioFile } from './scenario-file.js'

/** One expected figure, as it came out. */
export interface Check {
  readonly figure: string
  readonly bound: Bound
  /** Null: none, or without bounds (JSON knows no infinity). */
  readonly value: number | null
  readonly holds: boolean
}

/** What is kept of a run, as JSON. */
export interface ScenarioResult {
  readonly scenario: string
  readonly about: string
  readonly command: string
  readonly seed: number
  readonly peers: number
  /** Of the scenario's file: see `Measurements`. */
  readonly digest: string
  readonly checks: readonly Check[]
  readonly figures: Figures
  readonly wallSeconds: number
  readonly node: string
}

export function checkFigures(expected: ScenarioFile['expected'], figures: Figures): Check[] {
  return Object.entries(expected).map(([figure, bound]) => {
    const value = figures[figure]
    const holds = value !== undefined && value >= (bound.least ?? -Infinity) && value <= (bound.most ?? Infinity)
    return { figure, bound, value: value !== undefined && Number.isFinite(value) ? value : null, holds }
  })
}

export function printResult(result: ScenarioResult): string {
  const width = Math.max(...Object.keys(result.figures).map((name) => name.length)) + 2
  const checks = new Map(result.checks.map((check) => [check.figure, check]))
  const lines = Object.entries(result.figures).map(
    ([name, value]) => `${name.padEnd(width)}${printFigure(value).padStart(12)}${printCheck(checks.get(name))}`,
  )
  const missing = result.checks
    .filter(({ figure }) => !(figure in result.figures))
    .map(({ figure }) => `${figure.padEnd(width)}there is no such figure: MISSED`)
  return [result.about, ...lines, ...missing, `seed ${result.seed}, ${result.wallSeconds.toFixed(1)} s`, result.command].join('\n')
}

export function printFigure(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'never'
  if (Number.isInteger(value)) return value.toLocaleString('en')
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(4)))
}

export function printBound({ least, most }: Bound): string {
  return [least === undefined ? [] : [`≥ ${printFigure(least)}`], most === undefined ? [] : [`≤ ${printFigure(most)}`]].flat().join(', ')
}

function printCheck(check: Check | undefined): string {
  return check ? `  ${printBound(check.bound)}: ${check.holds ? 'reached' : 'MISSED'}` : ''
}
