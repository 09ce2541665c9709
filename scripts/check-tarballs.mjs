// @ts-check
// What `npm pack` makes of each package: its licence and all that its modules import are in it, and nothing that only tests use. Judges the build that is there.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { root } from './command.mjs'
import { publicPackages } from './public-packages.mjs'

/** What only tests use, and types' maps, which would lead to sources that are not there. */
const unwanted = /(^|\/)fixtures\/|(^|\/)browser-page\/|\.test\.|\.d\.ts\.map$/

const folders = publicPackages()
const { pack } = JSON.parse(textOf('.', 'package.json')).scripts
const faults = [
  ...folders.flatMap(faultsOf),
  ...[...neededBy('hashtab')]
    .filter((folder) => !`${pack} `.includes(` -w ${folder} `))
    .map((folder) => `npm run pack leaves out ${folder}.`),
]
for (const fault of faults) console.error(fault)
console.log(`${folders.length} tarballs, ${faults.length} faults`)
if (faults.length > 0) process.exitCode = 1

/** @param {string} folder */
function faultsOf(folder) {
  const packed = new Set(packedFiles(folder))
  const modules = [...packed].filter((path) => /\.(js|d\.ts)$/.test(path))
  return [
    ...(modules.length > 0 ? [] : ['it has no modules: build it first']),
    ...(packed.has('LICENSE') && textOf(folder, 'LICENSE') === textOf('.', 'LICENSE') ? [] : ['its LICENSE is not the one of the project']),
    ...[...packed].filter((path) => unwanted.test(path)).map((path) => `${path} is of no use to an app`),
    ...modules.flatMap((path) =>
      importsOf(folder, path)
        .filter((imported) => !packed.has(imported))
        .map((imported) => `${path} imports ${imported}, which is not in it`),
    ),
  ].map((fault) => `${folder}: ${fault}.`)
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function packedFiles(folder) {
  const told = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: join(root, folder),
    encoding: 'utf8',
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  /** @type {[{ files: { path: string }[] }]} */
  const [{ files }] = JSON.parse(told)
  return files.map(({ path }) => path)
}

/**
 * The folders of a package and of all packages of this project that it comes with.
 *
 * @param {string} name
 * @param {Set<string>} known
 */
function neededBy(name, known = new Set()) {
  const folder = folders.find((one) => JSON.parse(textOf(one, 'package.json')).name === name)
  if (folder === undefined || known.has(folder)) return known
  known.add(folder)
  for (const dependency of Object.keys(JSON.parse(textOf(folder, 'package.json')).dependencies ?? {})) neededBy(dependency, known)
  return known
}

/**
 * The files that a module imports by path, from its package's folder on.
 *
 * @param {string} folder
 * @param {string} path
 */
function importsOf(folder, path) {
  const imports = textOf(folder, path).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)['"]/g)
  const isOfTypes = path.endsWith('.d.ts')
  return Array.from(imports, ([, to = '']) => posix.join(posix.dirname(path), isOfTypes ? to.replace(/\.js$/, '.d.ts') : to))
}

/**
 * @param {string} folder
 * @param {string} path
 */
function textOf(folder, path) {
  return readFileSync(join(root, folder, path), 'utf8')
}
