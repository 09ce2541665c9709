// @ts-check
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { run, runNode } from './command.mjs'

/** A browser that has not told its version by then does not work (Ubuntu's placeholder for a snap asks for input, for example). */
const versionDeadlineMs = 30_000

const isRoot = process.getuid?.() === 0

/** What headless Chromium is started with, so that tests are quiet on the network and run as root too. */
export const chromiumArguments = [
  ...(isRoot ? ['--no-sandbox'] : []),
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * The path of a Chromium that runs: `HASHTAB_CHROMIUM`, the system's, Playwright's own, or one installed now.
 * Rejects with what to do when none can be had.
 *
 * @returns {Promise<string>}
 */
export async function findBrowser() {
  const named = process.env['HASHTAB_CHROMIUM']
  if (named) {
    if (await works(named)) return named
    throw new Error(`HASHTAB_CHROMIUM is ${named}, and that is no browser that runs. Correct it, or unset it to have one looked for.`)
  }
  return (await firstThatWorks()) ?? (await install())
}

/** @returns {Promise<string | undefined>} */
async function firstThatWorks() {
  for (const path of [...systemPlaces(), chromium.executablePath()]) if (existsSync(path) && (await works(path))) return path
  return undefined
}

function systemPlaces() {
  if (process.platform === 'darwin') {
    return ['/Applications/Chromium.app/Contents/MacOS/Chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']
  }
  if (process.platform === 'win32') {
    const folders = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA']
      .map((name) => process.env[name])
      .filter((folder) => folder !== undefined)
    return folders.flatMap((folder) => [
      join(folder, 'Google/Chrome/Application/chrome.exe'),
      join(folder, 'Chromium/Application/chrome.exe'),
    ])
  }
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return names.flatMap((name) => folders.map((folder) => join(folder, name)))
}

/** @param {string} path */
async function works(path) {
  // Chrome on Windows opens a window when asked for its version.
  if (process.platform === 'win32') return existsSync(path)
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: versionDeadlineMs })
    return /chrom/i.test(stdout)
  } catch {
    return false
  }
}

async function install() {
  console.log('No Chromium found: installing one.')
  if (isRoot && existsSync('/usr/bin/apt-get')) {
    const updated = await run('apt-get', ['update'])
    if (updated === 0) await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'])
  }
  const installed = await firstThatWorks()
  if (installed) return installed

  const withLibraries = isRoot && process.platform === 'linux' ? ['--with-deps'] : []
  await runNode('node_modules/playwright-core/cli.js', ['install', ...withLibraries, 'chromium'])
  const downloaded = await firstThatWorks()
  if (downloaded) return downloaded

  throw new Error(
    'The tests need Chromium or Chrome, and none could be found or installed. ' +
      'Install one (Debian: apt-get install chromium; else: npx playwright install chromium), or set HASHTAB_CHROMIUM to its path.',
  )
}
