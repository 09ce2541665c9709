import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { planFaults } from './fault-plan.js'
import { type FaultReport, runFaults } from './fault-world.js'

const help = `Small worlds in which everything goes wrong: churn, crashes, partitions, lost packets, frozen tabs, hostile peers.
Every history is checked against what must always hold; a seed that fails is printed with the command that replays it.

  npm run simulate:faults -- --seeds 1000
  npm run simulate:faults -- --seed 17

  --seeds N     so many worlds (50)
  --from N      of these seeds, the first (1)
  --seed N      this one alone, with what is in it
  --json FILE   writes the sums there, too
  --help        this`

/** Wall-clock milliseconds between two lines of progress. */
const progressEveryMs = 15_000

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
})
const [seeds, from] = [count(values.seed === undefined ? (values.seeds ?? '50') : '1'), count(values.seed ?? values.from ?? '1')]
if (values.help) process.stdout.write(`${help}\n`)
else if (seeds === undefined || from === undefined) {
  process.stderr.write('Seeds are whole numbers. Try --help.\n')
  process.exitCode = 2
} else runSeeds(from, seeds)

function runSeeds(from: number, seeds: number): void {
  const startedMs = performance.now()
  let shownMs = startedMs
  let [failed, operations, happenings] = [0, 0, 0]
  for (let seed = from; seed < from + seeds; seed++) {
    const report = runFaults(planFaults(seed))
    operations += report.operations
    happenings += report.happenings
    if (seeds === 1) process.stdout.write(`${JSON.stringify(report.plan, undefined, 2)}\n`)
    if (report.violations.length > 0) {
      failed += 1
      process.stdout.write(`${tell(seed, report)}\n`)
    }
    if (performance.now() - shownMs < progressEveryMs) continue
    shownMs = performance.now()
    process.stderr.write(`seed ${seed}, ${failed} failed, ${Math.round((shownMs - startedMs) / 1_000)} s\n`)
  }
  const seconds = Math.round((performance.now() - startedMs) / 1_000)
  process.stdout.write(`${seeds} seeds, ${failed} failed; ${operations} operations, ${happenings} events, ${seconds} s\n`)
  if (values.json !== undefined) {
    const about = `worlds from seed ${from} on, every history checked against what must always hold`
    const command = `npm run simulate:faults -- --seeds ${seeds}${from === 1 ? '' : ` --from ${from}`}`
    const figures = { worlds: seeds, worldsFailed: failed, operations, happenings }
    writeFileSync(values.json, `${JSON.stringify({ about, command, figures, wallSeconds: seconds }, undefined, 2)}\n`)
  }
  if (failed > 0) process.exitCode = 1
}

function tell(seed: number, { violations }: FaultReport): string {
  const lines = violations.map(({ invariant, what, atMs }) => `  ${(atMs / 1_000).toFixed(1)} s  ${invariant.padEnd(10)} ${what}`)
  return [`seed ${seed} FAILED: npm run simulate:faults -- --seed ${seed}`, ...lines].join('\n')
}

function count(text: string): number | undefined {
  const number = Number(text)
  return Number.isInteger(number) && number >= 0 ? number : undefined
}
