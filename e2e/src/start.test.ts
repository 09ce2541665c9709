import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { freePort } from './server-process.js'
import { until } from './until.js'

const program = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url))
const startedWithinMs = 60_000
const running: ChildProcess[] = []

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

/** `npm start` with these parameters, and what it has printed so far. */
function start(...parameters: string[]) {
  const child = spawn(process.execPath, [program, ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] })
  running.push(child)
  const started = { child, output: '' }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (started.output += chunk.toString()))
  return started
}

test('npm start serves the chat and the signalling at one address, and stops at Ctrl-C', async () => {
  const port = await freePort()
  const started = start('--port', String(port))
  await until(
    'the address is printed',
    startedWithinMs,
    () => started.output,
    (output) => output.includes(`http://localhost:${port}/`),
  )
  const page = await fetch(`http://localhost:${port}/`)
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('<script type="module"')
  expect((await fetch(`http://localhost:${port}/nothing`)).status).toBe(404)

  const ended = once(started.child, 'exit')
  started.child.kill('SIGINT')
  expect(await ended).toEqual([0, null])
})

test('a port that is taken is said plainly, with what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const started = start('--port', String(port))
  const [code] = (await once(started.child, 'exit')) as [number]
  other.close()
  expect(code).toBe(1)
  expect(started.output).toContain(`Port ${port} is taken`)
  expect(started.output).toContain('npm start -- --port')
})

test.each([
  [['--help'], 0, 'npm start -- --port'],
  [['--port', 'x'], 1, 'A port is a number'],
  [['--nonsense'], 1, '--nonsense'],
])('npm start %s', async (parameters, exitCode, text) => {
  const started = start(...parameters)
  const [code] = (await once(started.child, 'close')) as [number]
  expect(code).toBe(exitCode)
  expect(started.output).toContain(text)
})
