import { writeFileSync } from 'node:fs'
import { help, readCommandLine } from './command-line.js'
import { printReport } from './print-report.js'
import { type Progress, runScenario } from './scenario.js'

/** Wall-clock milliseconds between two lines of progress, where somebody looks on. */
const progressEveryMs = 1_000

const asked = readCommandLine(process.argv.slice(2))
switch (asked.type) {
  case 'help':
    process.stdout.write(`${help}\n`)
    break
  case 'wrong':
    process.stderr.write(`${asked.why}\nTry --help.\n`)
    process.exitCode = 2
    break
  case 'run': {
    const startedMs = performance.now()
    const report = runScenario(asked.scenario, process.stderr.isTTY ? showProgress(startedMs) : undefined)
    if (asked.json !== undefined) writeFileSync(asked.json, `${JSON.stringify(report, undefined, 2)}\n`)
    process.stdout.write(`${printReport(report)}\n${'took'.padEnd(17)}${((performance.now() - startedMs) / 1_000).toFixed(1)} s\n`)
  }
}

function showProgress(startedMs: number): Progress {
  let shownMs = startedMs
  return (stage, virtualMs, peers) => {
    const nowMs = performance.now()
    if (stage === 'done') process.stderr.write('\r\u001B[K')
    if (stage === 'done' || nowMs - shownMs < progressEveryMs) return
    shownMs = nowMs
    const minute = (virtualMs / 60_000).toFixed(1)
    process.stderr.write(`\r\u001B[K${stage}: virtual minute ${minute}, ${peers} peers, ${((nowMs - startedMs) / 1_000).toFixed(0)} s`)
  }
}
