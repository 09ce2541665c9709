import type { Check, ScenarioResult } from '../scenario-result.js'
import { printBound, printFigure } from '../scenario-result.js'
import type { Bound } from '../scenario-file.js'
import { markdownTable } from './markdown-table.js'
import type { OtherResult } from './measurements.js'
import { type Elsewhere, figureTitles, measuredElsewhere, type Row, rows, shares } from './rows.js'
import { type Bar, barChart, lineChart, type Series } from './svg-chart.js'

export type ResultOf = (scenario: string) => ScenarioResult | undefined
export type OtherResultOf = (name: string) => OtherResult | undefined

/** One measured figure of a row, with its bound where there is one. */
export interface Cell {
  readonly scenario: string
  readonly figure: string
  readonly value: number | null
  readonly check: Check | undefined
  readonly result: ScenarioResult
}

/** The figures of a row that were measured. */
export function cellsOf(row: Row, resultOf: ResultOf): Cell[] {
  return row.scenarios.flatMap((scenario) => {
    const result = resultOf(scenario)
    if (!result) return []
    return row.figures.flatMap((figure): Cell[] => {
      const check = result.checks.find((one) => one.figure === figure)
      const value = check ? check.value : (result.figures[figure] ?? null)
      return check || figure in result.figures ? [{ scenario, figure, value, check, result }] : []
    })
  })
}

export function printCell({ figure, value, check }: Cell): readonly [title: string, value: string, bound: string, verdict: string] {
  const bound = check ? printBoundOf(figure, check.bound) : ''
  return [figureTitles[figure] ?? figure, printValue(figure, value), bound, check ? (check.holds ? 'reached' : '**missed**') : '']
}

/** The page, as Markdown. */
export function measurementsPage(resultOf: ResultOf, otherResultOf: OtherResultOf): string {
  const chapters = [
    ...rows.map((row) => chapterOf(row, resultOf)),
    ...measuredElsewhere.flatMap((one) => otherChapterOf(one, otherResultOf)),
  ]
  const elsewhere = markdownTable(
    ['what', 'by'],
    measuredElsewhere
      .filter(({ name }) => name === undefined || !otherResultOf(name))
      .map(({ title, command }) => [title, `\`${command}\``]),
  )
  return `# Measurements

Made by \`npm run measure\`: real overlays, in virtual time and on a virtual network (see \`packages/simulator\`). Every figure has the command that makes it again,
seed included; wall-clock times are those of the machine that made the page. \`npm run measure -- --only hops\` makes one row anew, \`--quick\` a small version of all.

${chapters.join('\n\n')}

## Measured elsewhere

${elsewhere}
`
}

function chapterOf(row: Row, resultOf: ResultOf): string {
  const cells = cellsOf(row, resultOf)
  const missing = row.scenarios.filter((scenario) => !resultOf(scenario))
  const lines = cells.map((cell) => [cell.scenario, ...printCell(cell)])
  const table = markdownTable(['scenario', 'figure', 'measured', 'at least / at most', ''], lines, [2, 3])
  const commands = row.scenarios.flatMap((scenario) => {
    const result = resultOf(scenario)
    return result ? [`${result.command}   # ${result.about}; seed ${result.seed}, took ${result.wallSeconds.toFixed(0)} s`] : []
  })
  const parts = [
    `## ${row.title}`,
    ...(row.remark !== undefined && cells.length > 0 ? [row.remark] : []),
    ...(cells.length > 0 ? [table, `![${row.title}](${row.name}.svg)`, `\`\`\`sh\n${commands.join('\n')}\n\`\`\``] : []),
    ...(missing.length > 0 ? [`Not measured yet: ${missing.join(', ')} (\`npm run measure -- --only ${row.name}\`).`] : []),
  ]
  return parts.join('\n\n')
}

/** What was measured elsewhere, as its command wrote it. */
function otherChapterOf({ title, name, figures = [] }: Elsewhere, otherResultOf: OtherResultOf): string[] {
  const result = name === undefined ? undefined : otherResultOf(name)
  if (!result) return []
  const lines = figures.map((figure) => [figureTitles[figure] ?? figure, printValue(figure, result.figures[figure] ?? null)])
  const table = markdownTable(['figure', 'measured'], lines, [1])
  const command = `${result.command}   # ${result.about}; took ${result.wallSeconds.toFixed(0)} s`
  return [[`## ${title}`, table, `\`\`\`sh\n${command}\n\`\`\``].join('\n\n')]
}

/** The row's chart; undefined: nothing of it was measured. */
export function chartOf(row: Row, resultOf: ResultOf): string | undefined {
  const cells = cellsOf(row, resultOf)
  if (cells.length === 0) return undefined
  if (row.chart === 'scale')
    return lineChart(
      row.title,
      row.unit ?? '',
      row.figures.map((figure) => seriesOf(figure, cells)),
    )
  return barChart(
    row.title,
    cells.flatMap((cell) => barOf(cell)),
  )
}

function seriesOf(figure: string, cells: readonly Cell[]): Series {
  const own = cells.filter((cell) => cell.figure === figure && cell.value !== null)
  const peers = ({ result }: Cell) => result.peers
  return {
    label: figureTitles[figure] ?? figure,
    points: own.map((cell) => [peers(cell), cell.value!] as const),
    limits: own.flatMap((cell) => (cell.check?.bound.most === undefined ? [] : [[peers(cell), cell.check.bound.most] as const])),
  }
}

function barOf(cell: Cell): Bar[] {
  const { check, scenario, figure, value } = cell
  if (!check) return []
  return [{ label: `${scenario}: ${figureTitles[figure] ?? figure}`, share: usedOf(check.bound, value), told: printValue(figure, value) }]
}

/** The share of what a bound allows that is used. What may fail at most is what a success leaves. */
function usedOf({ least, most }: Bound, value: number | null): number {
  if (value === null) return Infinity
  const [used, allowed] = most !== undefined ? [value, most] : [1 - value, 1 - (least ?? 0)]
  if (allowed <= 0) return used <= 0 ? 0 : Infinity
  return used / allowed
}

function printBoundOf(figure: string, bound: Bound): string {
  if (!shares.has(figure)) return printBound(bound)
  return printBound(Object.fromEntries(Object.entries(bound).map(([name, value]) => [name, 100 * (value as number)]))) + ' %'
}

function printValue(figure: string, value: number | null): string {
  if (shares.has(figure) && value !== null) return `${Number((100 * value).toFixed(2))} %`
  return figure.endsWith('Ms') && value !== null ? `${printFigure(value)} ms` : printFigure(value)
}
