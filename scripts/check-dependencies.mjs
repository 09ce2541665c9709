// @ts-check
// The supply chain: the lockfile names every package with its hash, none of them runs a script when it is installed, and of each that is asked for somebody has written why.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './command.mjs'

/** Packages that may run a script when they are installed, and that CONTRIBUTING.md names. */
/** @type {readonly string[]} */
const mayRunScripts = []

const workspaces = ['packages', 'apps']
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
  .concat('signaling-server', 'e2e')
  .filter((folder) => existsSync(join(root, folder, 'package.json')))

const { packages } = /** @type {{ packages: { [path: string]: { link?: boolean, integrity?: string } } }} */ (readJson('package-lock.json'))
const installed = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link)

const faults = [
  ...installed.filter(([, { integrity }]) => !integrity).map(([path]) => `${path} has no hash in package-lock.json.`),
  ...installed.flatMap(([path]) => scriptsOf(path)),
  ...unexplained('.', 'CONTRIBUTING.md'),
  // Who works on the tests reads CONTRIBUTING.md, too.
  ...workspaces.flatMap((folder) => unexplained(folder, folder === 'e2e' ? 'CONTRIBUTING.md' : `${folder}/README.md`)),
]
for (const fault of faults) console.error(fault)
console.log(`${installed.length} packages in the lockfile, ${faults.length} faults`)
if (faults.length > 0) process.exitCode = 1

/** @param {string} path */
function scriptsOf(path) {
  // Packages of other platforms are not installed here.
  if (!existsSync(join(root, path, 'package.json'))) return []
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
  const { scripts = {} } = readJson(join(path, 'package.json'))
  const run = ['preinstall', 'install', 'postinstall'].filter((script) => scripts[script] !== undefined)
  const compiles = existsSync(join(root, path, 'binding.gyp')) ? ['binding.gyp'] : []
  return mayRunScripts.includes(name) ? [] : [...run, ...compiles].map((what) => `${path} runs ${what} when it is installed.`)
}

/**
 * @param {string} folder
 * @param {string} readme
 */
function unexplained(folder, readme) {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = readJson(join(folder, 'package.json'))
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies })
  const text = existsSync(join(root, readme)) ? readFileSync(join(root, readme), 'utf8') : ''
  return names
    .filter((name) => name !== 'hashtab' && !name.startsWith('@hashtab/') && !text.includes(`\`${name}\``))
    .map((name) => `${readme} does not say why ${folder} needs ${name}.`)
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'))
}
