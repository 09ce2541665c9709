import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { text } from 'node:stream/consumers'
import { build, type Rolldown } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumArguments, findBrowser } from '../../../scripts/find-browser.mjs'
import { bep44Vectors } from '../../core/src/fixtures/bep44.js'
import { type SignatureCase, signatureCases, speccheckVerdicts } from './fixtures/published-vectors.js'

const firefox = ['/usr/bin/firefox-esr', '/usr/bin/firefox', '/Applications/Firefox.app/Contents/MacOS/firefox'].find(existsSync)

/** Judges the cases that the test has for it, and says how. */
const script = `
  import { verify } from '@hashtab/peer'
  const fromHex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
  const cases = await (await fetch('/cases')).json()
  const verdicts = cases.map(({ publicKey, message, signature }) => verify(fromHex(signature), fromHex(message), fromHex(publicKey)))
  await fetch('/verdicts', { method: 'POST', body: JSON.stringify(verdicts) })
`

let server: Server
let page: string
let cases: readonly SignatureCase[]
let tell: (verdicts: readonly boolean[]) => void

beforeAll(async () => {
  const built = await bundle()
  server = createServer((request, response) => {
    if (request.url === '/verdicts') void text(request).then((verdicts) => tell(JSON.parse(verdicts)))
    response.setHeader('content-type', 'text/html')
    response.end(request.url === '/cases' ? JSON.stringify(cases) : `<!doctype html><script type="module">${built}</script>`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  page = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}, 60_000)

afterAll(() => {
  server?.closeAllConnections()
  server?.close()
})

describe.each([
  ['Chromium', findBrowser, (folder: string) => ['--headless=new', `--user-data-dir=${folder}`, ...chromiumArguments]],
  ['Firefox', () => firefox, (folder: string) => ['--headless', '--no-remote', '--profile', folder]],
] as const)('the one verifier, in %s', (_, find, parameters) => {
  test('has the same verdict on every published case as in Node', { timeout: 90_000 }, async (context) => {
    const browser = await find()
    if (browser === undefined) return context.skip('no such browser is installed')
    const { wycheproof, speccheck } = signatureCases(context)
    const own = bep44Vectors.map(({ publicKey, signature, signed }) => ({
      publicKey,
      signature,
      message: Buffer.from(signed).toString('hex'),
    }))
    const told = new Promise<readonly boolean[]>((resolve) => (tell = resolve))
    cases = [...own, ...wycheproof, ...speccheck]
    const folder = await mkdtemp(join(tmpdir(), 'hashtab-verdicts-'))
    const child = spawn(browser, [...parameters(folder), page], { stdio: 'ignore' })
    const verdicts = await Promise.race([told, ended(child)])
    await stop(child, folder)
    expect(verdicts).toEqual([...own.map(() => true), ...wycheproof.map(({ isValid }) => isValid), ...speccheckVerdicts])
  })
})

async function ended(child: ChildProcess): Promise<never> {
  await once(child, 'exit')
  throw new Error('The browser ended before it told its verdicts.')
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  const exited = once(child, 'exit')
  child.kill()
  await exited
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
}

/** The page's script, as an app's bundler would make it. */
async function bundle(): Promise<string> {
  const entry = '\0entry'
  const made = (await build({
    root: fileURLToPath(new URL('.', import.meta.url)),
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
    plugins: [{ name: 'the-page', resolveId: (id) => (id === entry ? id : undefined), load: (id) => (id === entry ? script : undefined) }],
    build: { write: false, modulePreload: false, rolldownOptions: { input: entry } },
  })) as Rolldown.RolldownOutput
  return made.output.flatMap((part) => (part.type === 'chunk' && part.isEntry ? part.code : []))[0]!
}
