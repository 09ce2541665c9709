import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { within } from './within.js'

const startMs = 20_000

/** A server in a process of its own. */
export class ServerProcess {
  /** What it printed of itself. */
  readonly announced: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, announced: string) {
    this.#child = child
    this.announced = announced
  }

  /** Starts a program and waits until it prints what is asked for. */
  static async start(program: string, parameters: readonly string[], announcement: RegExp): Promise<ServerProcess> {
    const child = spawn(process.execPath, [program, ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] })
    // Whoever interrupts the bench wants no server left behind.
    const endWithUs = () => child.kill('SIGKILL')
    process.once('exit', endWithUs)
    child.once('exit', () => process.off('exit', endWithUs))
    let output = ''
    const announced = new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer) => {
        output += chunk.toString()
        const found = announcement.exec(output)
        if (found) resolve(found[0])
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.on('exit', (code) => reject(new Error(`${program} ended with ${code}: ${output}`)))
      child.on('error', reject)
    })
    try {
      return new ServerProcess(child, await within(startMs, announced))
    } catch (cause) {
      child.kill('SIGKILL')
      throw new Error(`${program} did not start: ${output}`, { cause })
    }
  }

  /** SIGKILL: it has no time to say anything to anybody. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
