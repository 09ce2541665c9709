// @ts-check
// `npm run bench`: builds the packages, installs what only the bench needs (its own lockfile, its own node_modules), and runs it.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, runNode, runNpm } from './command.mjs'
import { build, install } from './setup.mjs'

const folder = 'packages/bench'

await install()
await build()
if (!isInstalled() && (await runNpm(['ci', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel', 'error'])) !== 0) {
  throw new Error('npm could not install what the bench compares with: its message above says why.')
}
if ((await runNode('node_modules/typescript/bin/tsc', ['-p', folder])) !== 0) throw new Error('The bench does not compile: see above.')

const { chromiumArguments, findBrowser } = await import('./find-browser.mjs')
// By address: the bench is no dependency of anything, and there only after the build.
const { bench } = await import(new URL(`../${folder}/dist/index.js`, import.meta.url).href)
const browser = async () => ({ path: await findBrowser(), parameters: chromiumArguments })
process.exitCode = await bench(process.argv.slice(2), browser, (/** @type {string} */ line) => console.log(line))

/** Whether npm's own note of what it installed is of this lockfile. */
function isInstalled() {
  const note = join(root, folder, 'node_modules/.package-lock.json')
  if (!existsSync(note)) return false
  const wanted = lockedVersions(join(root, folder, 'package-lock.json'))
  const installed = lockedVersions(note)
  return [...installed].every(([path, version]) => wanted.get(path) === version) && installed.has('node_modules/libp2p')
}

/** @param {string} path */
function lockedVersions(path) {
  /** @type {{ packages: Record<string, { version?: string }> }} */
  const { packages } = JSON.parse(readFileSync(path, 'utf8'))
  return new Map(Object.entries(packages).map(([name, { version }]) => [name, version]))
}
