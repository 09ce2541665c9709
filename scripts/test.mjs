// @ts-check
// `npm test`: runs on a fresh clone, so what is not part of Node is imported after the set-up.
// Runs every step and reports them all; ends with one line that sums the tests of all of them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runNode, runNpm } from './command.mjs'
import { publicPackages } from './public-packages.mjs'
import { build, install } from './setup.mjs'

/** @typedef {{ passed: number, failed: number }} Counts */
/** @typedef {{ name: string, run: () => Promise<Counts> }} Step */

const reports = mkdtempSync(join(tmpdir(), 'hashtab-tests-'))

/** @type {readonly Step[]} */
const onTheSources = [
  { name: 'types of the chat, tests and scripts', run: () => check('node_modules/typescript/bin/tsc', ['-b']) },
  { name: 'the lockfile fits', run: async () => counted(await runNpm(['ci', '--dry-run', '--no-audit', '--no-fund'])) },
  { name: 'lint', run: () => check('node_modules/oxlint/bin/oxlint', ['-c', 'oxlint.config.mjs', '--deny-warnings']) },
  { name: 'the lint rules fire', run: () => check('scripts/check-arrows.mjs', []) },
  { name: 'format', run: () => check('node_modules/oxfmt/bin/oxfmt', ['--check', '.']) },
  { name: 'nothing unused', run: () => check('node_modules/knip/bin/knip.js', []) },
  { name: 'dependencies have reasons, and run nothing', run: () => check('scripts/check-dependencies.mjs', []) },
  { name: 'README examples are tested', run: () => check('scripts/check-readmes.mjs', []) },
  { name: 'a browser is there', run: browser },
]

/** Without the build they would judge an older one. @type {readonly Step[]} */
const onTheBuild = [
  { name: 'a thousand simulated peers', run: () => simulate('thousand-peers') },
  { name: 'packages are fit to publish', run: fitToPublish },
  { name: 'bundle size', run: () => check('scripts/size.mjs', []) },
]

/** @type {Step} */
const unitTests = { name: 'unit and simulator tests', run: () => vitest('units', []) }
/** @type {Step} */
const browserTests = { name: 'real-browser tests', run: () => vitest('browsers', ['--config', 'e2e/vitest.config.ts']) }

/** @type {{ name: string, counts: Counts, seconds: number }[]} */
const results = []
try {
  await everyStep()
} finally {
  rmSync(reports, { recursive: true, force: true })
}
summarise()

async function everyStep() {
  if (!(await step({ name: 'install', run: () => outcome(install()) }))) return
  const isBuilt = await step({ name: 'types and build', run: () => outcome(build()) })
  const ifBuilt = (/** @type {Step} */ { name, run }) => ({
    name,
    run: isBuilt ? run : () => Promise.reject(new Error('Not run: there is no build.')),
  })
  for (const each of [...onTheSources, ...onTheBuild.map(ifBuilt), unitTests, ifBuilt(browserTests)]) await step(each)
}

/** @param {Step} step */
async function step({ name, run }) {
  console.log(`\n── ${name} ${'─'.repeat(Math.max(0, 90 - name.length))}`)
  const startMs = performance.now()
  const counts = await run().catch((error) => {
    console.error(error instanceof Error ? error.message : error)
    return { passed: 0, failed: 1 }
  })
  const seconds = (performance.now() - startMs) / 1000
  console.log(`${counts.failed === 0 ? 'ok' : 'FAILED'}: ${name}, ${seconds.toFixed(1)} s`)
  results.push({ name, counts, seconds })
  return counts.failed === 0
}

function summarise() {
  console.log(`\n── summary ${'─'.repeat(82)}`)
  for (const { name, counts, seconds } of results) {
    const figures = [`${counts.passed} passed`.padStart(12), `${counts.failed} failed`.padStart(10), `${seconds.toFixed(1)} s`.padStart(9)]
    console.log(`${counts.failed === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(40)}${figures.join('')}`)
  }
  const sum = (/** @type {keyof Counts} */ which) => results.reduce((total, { counts }) => total + counts[which], 0)
  if (sum('failed') > 0) process.exitCode = 1
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`)
}

/**
 * One check counts as one test.
 *
 * @param {number} exitCode
 */
function counted(exitCode) {
  return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

/**
 * @param {string} path
 * @param {readonly string[]} parameters
 */
async function check(path, parameters) {
  return counted(await runNode(path, parameters))
}

/** @param {Promise<unknown>} work */
async function outcome(work) {
  await work
  return { passed: 1, failed: 0 }
}

/**
 * By itself: it is to take less than a minute.
 *
 * @param {string} scenario
 */
async function simulate(scenario) {
  return counted(await runNpm(['run', 'simulate', '--', '--scenario', scenario]))
}

async function fitToPublish() {
  const counts = await check('scripts/check-tarballs.mjs', [])
  for (const folder of publicPackages()) {
    const { passed, failed } = await check('node_modules/publint/src/cli.js', ['run', folder, '--strict', '--pack', 'npm'])
    counts.passed += passed
    counts.failed += failed
  }
  return counts
}

/** Found or installed once, before anything that needs it. */
async function browser() {
  const { findBrowser } = await import('./find-browser.mjs')
  process.env['HASHTAB_CHROMIUM'] = await findBrowser()
  console.log(process.env['HASHTAB_CHROMIUM'])
  return { passed: 1, failed: 0 }
}

/**
 * @param {string} name
 * @param {readonly string[]} parameters
 * @returns {Promise<Counts>}
 */
async function vitest(name, parameters) {
  const report = join(reports, `${name}.json`)
  const code = await runNode('node_modules/vitest/vitest.mjs', [
    'run',
    ...parameters,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ])
  const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(report, 'utf8'))
  // A file that does not load, or an error outside every test, fails the run without failing a test.
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed }
}
