// @ts-check
// Runs before anything is installed: nothing but what Node brings may be imported here.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root, runNode, runNpm } from './command.mjs'

/** As in package.json's `engines`: vite and the linter need it. */
const oldestNode = { major: 20, minor: 19 }

/** Installs what is missing in a fresh or an outdated clone. Rejects with what to do when that fails. */
export async function install() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < oldestNode.major || (major === oldestNode.major && minor < oldestNode.minor)) {
    throw new Error(`Hashtab needs Node ${oldestNode.major}.${oldestNode.minor} or newer, and this is ${process.versions.node}.`)
  }
  if (isInstalled()) return
  console.log('Installing what is missing …')
  if ((await runNpm(['ci', '--include=dev', '--no-audit', '--no-fund'])) !== 0) {
    throw new Error('npm could not install the dependencies: its message above says why. Is the network there?')
  }
}

/** Whether npm's own note of what it installed names all that the lockfile asks for. */
function isInstalled() {
  const wanted = lockedPackages('package-lock.json')
  const installed = lockedPackages('node_modules/.package-lock.json')
  if (!wanted || !installed) return false
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional === true || (installed[path] && installed[path].version === entry.version),
  )
}

/**
 * @param {string} path
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function lockedPackages(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages
  } catch {
    return undefined
  }
}

/** Builds what changed: the packages, simple-peer as browsers get it, then the chat that is made of them. */
export async function build() {
  if ((await runNode('node_modules/typescript/bin/tsc', ['-b', 'tsconfig.build.json'])) !== 0) {
    throw new Error('The packages do not compile: see above.')
  }
  await bundle('packages/webrtc/dist/simple-peer.js', ['packages/webrtc/slim', 'package-lock.json'], ['packages/webrtc/slim/build.mjs'])
  await bundle(
    'apps/chat/dist',
    ['apps/chat', 'packages', 'package-lock.json'],
    ['node_modules/vite/bin/vite.js', 'build', 'apps/chat', '--logLevel', 'warn'],
  )
}

/**
 * Runs a program when what it makes is missing, or older than what it is made of.
 *
 * @param {string} made
 * @param {string[]} sources
 * @param {[program: string, ...parameters: string[]]} command
 */
async function bundle(made, sources, [program, ...parameters]) {
  if (newestChangeMs(made) > newestChangeMs(...sources)) return
  console.log(`Building ${made} …`)
  if ((await runNode(program, parameters)) !== 0) throw new Error(`${made} could not be built: see above.`)
}

/** What builds and installs write, and what is only read by people. */
const notSources = /^(node_modules|dist|.*\.tsbuildinfo|.*\.md|.*\.test\.tsx?)$/

/**
 * When the newest file in or below these places was written, in Unix milliseconds; 0 when there is none.
 *
 * @param {string[]} places
 * @returns {number}
 */
function newestChangeMs(...places) {
  return Math.max(
    0,
    ...places.map((place) => {
      const facts = statSync(join(root, place), { throwIfNoEntry: false })
      if (!facts?.isDirectory()) return facts?.mtimeMs ?? 0
      const names = readdirSync(join(root, place)).filter((name) => !notSources.test(name))
      return newestChangeMs(...names.map((name) => join(place, name)))
    }),
  )
}

if (import.meta.filename === process.argv[1]) {
  await install()
  await build()
}
