// @ts-check
// Every package's README shows an example, and a test of that package runs it: either a test reads its README, or one has all its lines.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './command.mjs'

/** Run, never imported: its README shows commands. */
const programs = ['packages/bench']

const folders = [...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`), 'signaling-server'].filter(
  (folder) => !programs.includes(folder),
)
const faults = folders.flatMap(faultsOf)
for (const fault of faults) console.error(fault)
console.log(`${folders.length} packages, ${faults.length} faults in their READMEs`)
if (faults.length > 0) process.exitCode = 1

/**
 * @param {string} folder
 * @returns {string[]}
 */
function faultsOf(folder) {
  const readme = textOf(join(folder, 'README.md'))
  if (readme === undefined) return [`${folder} has no README.md`]
  const examples = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1] ?? '')
  if (examples.length === 0) return [`${folder}/README.md shows no example in a \`\`\`ts block`]
  const tests = testsOf(folder)
  if (tests.some((test) => test.includes('README.md'))) return []
  return examples
    .filter((example) => !tests.some((test) => hasLines(test, example)))
    .map((example) => `No test of ${folder} runs its README's example:\n${example}`)
}

/** @param {string} folder */
function testsOf(folder) {
  const paths = readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' })
  return paths.filter((path) => /\.test\.tsx?$/.test(path)).map((path) => textOf(join(folder, 'src', path)) ?? '')
}

/**
 * @param {string} test
 * @param {string} example
 */
function hasLines(test, example) {
  const lines = new Set(linesOf(test))
  // What the example imports by a package's name, a test beside the sources imports by path.
  return linesOf(example).every((line) => line.startsWith('import ') || lines.has(line))
}

/** @param {string} text */
function linesOf(text) {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** @param {string} path */
function textOf(path) {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return undefined
  }
}
