import { writeFileSync } from 'node:fs'
import { help, readCommandLine } from './command-line.js'
import type { Progress } from './figures.js'
import { digestOf } from './measure/measurements.js'
import { printReport } from './print-report.js'
import { runScenario, type ScenarioOptions } from './scenario.js'
import { readScenario, scenarioNames } from './scenario-file.js'
import { checkFigures, printResult, type ScenarioResult } from './scenario-result.js'
import { tellStory } from './story.js'

/** Wall-clock milliseconds between two lines of progress: where somebody looks on, and in a log. */
const progressEveryMs = 1_000
const loggedEveryMs = 15_000

const asked = readCommandLine(process.argv.slice(2))
switch (asked.type) {
  case 'help':
    process.stdout.write(`${help}\n`)
    break
  case 'list':
    for (const name of scenarioNames()) process.stdout.write(`${name.padEnd(24)}${readScenario(name).about}\n`)
    break
  case 'wrong':
    fail(asked.why)
    break
  case 'run':
    runOwn(asked.scenario, asked.json)
    break
  case 'runFile':
    try {
      runFile(asked.name, asked.changes, asked.json)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      fail(error.message)
    }
}

function fail(why: string): void {
  process.stderr.write(`${why}\nTry --help.\n`)
  process.exitCode = 2
}

function runOwn(scenario: ScenarioOptions, json: string | undefined): void {
  const startedMs = performance.now()
  const report = runScenario(scenario, showProgress(startedMs))
  write(json, report)
  process.stdout.write(`${printReport(report)}\n${'took'.padEnd(17)}${((performance.now() - startedMs) / 1_000).toFixed(1)} s\n`)
}

function runFile(name: string, changes: readonly string[], json: string | undefined): void {
  const { about, story, expected } = readScenario(name, changes)
  const startedMs = performance.now()
  const figures = tellStory(story, showProgress(startedMs))
  const checks = checkFigures(expected, figures)
  const result: ScenarioResult = {
    scenario: name,
    about,
    command: ['npm run simulate -- --scenario', name, ...changes.map((change) => `--set ${change}`)].join(' '),
    seed: story.options.seed,
    peers: story.options.peers,
    digest: digestOf(name),
    checks,
    figures,
    wallSeconds: (performance.now() - startedMs) / 1_000,
    node: process.version,
  }
  write(json, result)
  process.stdout.write(`${printResult(result)}\n`)
  if (checks.some(({ holds }) => !holds)) process.exitCode = 1
}

function write(file: string | undefined, result: unknown): void {
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`)
}

function showProgress(startedMs: number): Progress {
  const { isTTY } = process.stderr
  let shownMs = startedMs
  return (stage, virtualMs, peers) => {
    const nowMs = performance.now()
    if (isTTY && stage === 'done') process.stderr.write('\r\u001B[K')
    if (stage === 'done' || nowMs - shownMs < (isTTY ? progressEveryMs : loggedEveryMs)) return
    shownMs = nowMs
    const minute = (virtualMs / 60_000).toFixed(1)
    const line = `${stage}: virtual minute ${minute}, ${peers} peers, ${((nowMs - startedMs) / 1_000).toFixed(0)} s`
    process.stderr.write(isTTY ? `\r\u001B[K${line}` : `${line}\n`)
  }
}
