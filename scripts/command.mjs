// @ts-check
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The repository's root folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Runs a program in the repository's root and hands its output through.
 * Answers with its exit code; 127 when it could not be started.
 *
 * @param {string} program
 * @param {readonly string[]} parameters
 * @param {{ quiet?: boolean, shell?: boolean }} [options] quiet: output is kept back, and shown only when it fails
 * @returns {Promise<number>}
 */
export function run(program, parameters, { quiet = false, shell = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, {
      cwd: root,
      shell,
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    })
    /** @type {Buffer[]} */
    const keptBack = []
    child.stdout?.on('data', (chunk) => keptBack.push(chunk))
    child.stderr?.on('data', (chunk) => keptBack.push(chunk))
    child.on('error', (error) => {
      console.error(`${program} could not be started: ${error.message}`)
      resolve(127)
    })
    child.on('close', (code) => {
      if (code !== 0) process.stderr.write(Buffer.concat(keptBack))
      resolve(code ?? 1)
    })
  })
}

/**
 * Runs a program written in JavaScript: a path below the root, such as 'node_modules/typescript/bin/tsc'.
 *
 * @param {string} path
 * @param {readonly string[]} parameters
 * @param {{ quiet?: boolean }} [options]
 */
export const runNode = (path, parameters, options) => run(process.execPath, [path, ...parameters], options)

/**
 * Runs npm: the one that started us, or the one on the path.
 *
 * @param {readonly string[]} parameters
 */
export function runNpm(parameters) {
  const npm = process.env['npm_execpath']
  return npm?.endsWith('.js') ? runNode(npm, parameters) : run('npm', parameters, { shell: process.platform === 'win32' })
}
