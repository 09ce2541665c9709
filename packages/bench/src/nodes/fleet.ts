import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { within } from '../within.js'
import type { Answer, Order } from './worker-messages.js'

const program = fileURLToPath(new URL('worker.js', import.meta.url))
const startMs = 40_000
const orderMs = 120_000
const pollMs = 200

/** The nodes of one contestant, each in a process of its own. */
export class Fleet {
  readonly #children: ChildProcess[] = []
  readonly #records: string[] = []

  /** Starts them one after another; those after the first are introduced by it, unless there is a server. */
  static async start(contestant: string, count: number, server: string): Promise<Fleet> {
    const fleet = new Fleet()
    try {
      let introducer = server
      for (let i = 0; i < count; i++) {
        const address = await fleet.#add(contestant, introducer)
        introducer ||= address
      }
      await within(startMs, fleet.#acquainted(count))
    } catch (fault) {
      fleet.stop()
      throw fault
    }
    return fleet
  }

  /** Every node puts its record so many times. */
  put(times: number): Promise<Answer[]> {
    return Promise.all(this.#children.map((child) => ask(child, { type: 'put', times })))
  }

  /** Every node gets the others' records, so many times. */
  get(times: number): Promise<Answer[]> {
    return Promise.all(
      this.#children.map((child, i) => ask(child, { type: 'get', times, records: this.#records.filter((_, other) => other !== i) })),
    )
  }

  /** Processor time of all processes since they began, in milliseconds. */
  async cpuMs(): Promise<number> {
    const answers = await Promise.all(this.#children.map((child) => ask(child, { type: 'cpu' })))
    return answers.reduce((sum, answer) => sum + (answer.type === 'cpu' ? answer.ms : 0), 0)
  }

  stop(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }

  async #add(contestant: string, introducer: string): Promise<string> {
    const child = fork(program, [contestant, introducer], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#children.push(child)
    const up = await within(startMs, answerOf(child))
    if (up.type !== 'up') throw new TypeError(`${contestant} said ${up.type} before it was up.`)
    this.#records.push(up.record)
    return up.address
  }

  /** Until every node knows every other, or all but one: a node of HyperDHT lists six of seven others. */
  async #acquainted(count: number): Promise<void> {
    for (;;) {
      const answers = await Promise.all(this.#children.map((child) => ask(child, { type: 'known' })))
      if (answers.every((answer) => answer.type === 'known' && answer.count >= count - 2)) return
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  }
}

function ask(child: ChildProcess, order: Order): Promise<Answer> {
  child.send(order)
  return within(orderMs, answerOf(child))
}

async function answerOf(child: ChildProcess): Promise<Answer> {
  const ended = new AbortController()
  try {
    const [answer] = await Promise.race([
      once(child, 'message', { signal: ended.signal }),
      once(child, 'exit', { signal: ended.signal }).then(([code]) => {
        throw new Error(`A node ended with ${code}.`)
      }),
    ])
    return answer as Answer
  } finally {
    ended.abort()
  }
}
