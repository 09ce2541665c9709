import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { until } from './until.js'

const startDeadlineMs = 15_000
const program = fileURLToPath(new URL('../../signaling-server/dist/cli.js', import.meta.url))

/** The real signalling server: its command line, in a process of its own. */
export class ServerProcess {
  readonly #port: number
  #process: ChildProcess | undefined

  private constructor(port: number) {
    this.#port = port
  }

  static async start(): Promise<ServerProcess> {
    const server = new ServerProcess(await freePort())
    await server.restart()
    return server
  }

  get address(): string {
    return `ws://127.0.0.1:${this.#port}/signal`
  }

  /** On the same port as before. Resolves when it answers. */
  async restart(): Promise<void> {
    const child = spawn(process.execPath, [program, '--port', String(this.#port), '--host', '127.0.0.1'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    await until(
      'the signalling server answers',
      startDeadlineMs,
      async () => ({ answers: await this.answers(), exitCode: child.exitCode, output }),
      ({ answers, exitCode }) => answers || exitCode !== null,
    )
    if (child.exitCode !== null) throw new Error(`The signalling server ended with ${child.exitCode}: ${output}`)
  }

  async answers(): Promise<boolean> {
    return fetch(`http://127.0.0.1:${this.#port}/health`).then(
      ({ ok }) => ok,
      () => false,
    )
  }

  /** SIGKILL: it has no time to say anything to anybody. */
  async kill(): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
