import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { quickChanges } from '../scenario-file.js'
import { Measurements } from './measurements.js'
import { cellsOf, chartOf, measurementsPage, printCell } from './measurements-page.js'
import { measuredElsewhere, type Row, rows } from './rows.js'

const help = `Measures what the overlay does, and makes docs/measurements: JSON, charts, and a page with the commands.

  npm run measure
  npm run measure -- --only hops --only churn

  --only ROW      ${rows.map(({ name }) => name).join(', ')}; may be given more than once
  --quick         small versions of all, in minutes, into a folder of their own that is printed
  --again         runs what was measured already, too; else a run that was broken off goes on
  --page          runs nothing, makes the page and the charts of what is there
  --into FOLDER   another folder than docs/measurements
  --help          this`

/**
 * Up to 15.8 GB of objects, as a million peers have. Where that much is nearly full, the engine would make the space for young objects tiny, and collect it a
 * hundred times a second.
 */
const flags = ['--min-semi-space-size=64', '--max-semi-space-size=64', '--no-memory-reducer', '--max-old-space-size=15800']

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    quick: { type: 'boolean' },
    again: { type: 'boolean' },
    page: { type: 'boolean' },
    into: { type: 'string' },
    help: { type: 'boolean' },
  },
})

const unknown = values.only?.find((name) => !rows.some((row) => row.name === name))
if (values.help) process.stdout.write(`${help}\n`)
else if (unknown !== undefined) {
  process.stderr.write(`There is no row ${unknown}. Try --help.\n`)
  process.exitCode = 2
} else await measure(rows.filter(({ name }) => !values.only || values.only.includes(name)))

async function measure(wanted: readonly Row[]): Promise<void> {
  const quick = values.quick ?? false
  const beside = fileURLToPath(new URL('../../../../docs/measurements', import.meta.url))
  const measurements = new Measurements(values.into ?? (quick ? join(tmpdir(), 'hashtab-measurements-quick') : beside))
  const scenarios = [...new Set(wanted.flatMap((row) => row.scenarios))]
  for (const scenario of values.page ? [] : scenarios) {
    const changes = quick ? quickChanges(scenario) : []
    if (changes === undefined || (!values.again && measurements.resultOf(scenario))) continue
    process.stderr.write(`${scenario} …\n`)
    await run(scenario, changes, measurements.fileOf(scenario))
    writePage(measurements)
  }
  writePage(measurements)
  process.stdout.write(`${table(wanted, measurements)}\n\n${measurements.folder}\n`)
}

/** In a process of its own, so that its memory is its own. What it misses is in the table; what ends it otherwise ends this, too. */
function run(scenario: string, changes: readonly string[], json: string): Promise<void> {
  const cli = fileURLToPath(new URL('../cli.js', import.meta.url))
  const parameters = ['--scenario', scenario, '--json', json, ...changes.flatMap((change) => ['--set', change])]
  const child = spawn(process.execPath, [...flags, cli, ...parameters], { stdio: ['ignore', 'ignore', 'inherit'] })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) =>
      code === 0 || code === 1 ? resolve() : reject(new Error(`${scenario} ended with ${code ?? signal}.`)),
    )
  })
}

function writePage(measurements: Measurements): void {
  const resultOf = (scenario: string) => measurements.resultOf(scenario)
  for (const row of rows) {
    const chart = chartOf(row, resultOf)
    if (chart !== undefined) writeFileSync(join(measurements.folder, `${row.name}.svg`), chart)
  }
  writeFileSync(
    join(measurements.folder, 'README.md'),
    measurementsPage(resultOf, (name) => measurements.otherResultOf(name)),
  )
}

function table(wanted: readonly Row[], measurements: Measurements): string {
  const lines = wanted.flatMap((row) => {
    const cells = cellsOf(row, (scenario) => measurements.resultOf(scenario))
    const printed = cells.map((cell) => {
      const [title, value, bound, verdict] = printCell(cell)
      return `  ${cell.scenario.padEnd(19)}${title.padEnd(32)}${value.padStart(12)}  ${bound.padEnd(14)}${verdict.replaceAll('*', '').toUpperCase() === 'MISSED' ? 'MISSED' : verdict}  seed ${cell.result.seed}`
    })
    return [`${row.title} (--only ${row.name})`, ...(printed.length > 0 ? printed : ['  not measured'])]
  })
  const elsewhere = measuredElsewhere.map(({ title, command }) => `  ${title}: ${command}`)
  return [...lines, 'Measured elsewhere', ...elsewhere].join('\n')
}
