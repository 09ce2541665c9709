import { hashtab } from '../contestants/hashtab.js'
import { freePort } from '../counting-proxy.js'
import { shareOf, summarise } from '../statistics.js'
import { printTable } from '../table.js'
import { Fleet } from './fleet.js'
import type { Answer } from './worker-messages.js'

const contestants = ['hashtab', 'bittorrent', 'hyperdht'] as const

/** Operations of each node before anything is counted: compilers warm up, tables settle. */
const warmUps = 10
/** Counted operations of each node. */
const operations = 50

/** What one contestant did. Every sample is one round's. */
export interface NodeShowing {
  readonly name: string
  readonly putsPerCpuSecond: number[]
  readonly getsPerCpuSecond: number[]
  readonly putMs: number[]
  readonly getMs: number[]
  /** 1 for each operation that succeeded, else 0. */
  readonly done: number[]
  readonly faults: string[]
}

/** Nodes on loopback, in turns: signed records put and got, per second of processor time of all nodes together. */
export async function benchNodes(count: number, rounds: number, print: (line: string) => void): Promise<readonly NodeShowing[]> {
  const showings = contestants.map((name) => ({
    name,
    putsPerCpuSecond: [],
    getsPerCpuSecond: [],
    putMs: [],
    getMs: [],
    done: [],
    faults: [],
  })) satisfies NodeShowing[] as NodeShowing[]
  for (let round = 1; round <= rounds; round++) {
    for (const showing of showings) {
      await playRound(showing, count).catch((fault: unknown) => showing.faults.push(`round ${round}: ${String(fault)}`))
      print(`${count} nodes, round ${round} of ${rounds}, ${showing.name}`)
    }
  }
  print(`\n${count} nodes, one process each, ${rounds} rounds; medians (and ranges)\n`)
  print(printShowings(showings))
  for (const { name, faults } of showings) for (const fault of faults) print(`${name}: ${fault}`)
  return showings
}

async function playRound(showing: NodeShowing, count: number): Promise<void> {
  const port = await freePort()
  const server = showing.name === 'hashtab' ? await hashtab.introduce(port, port) : undefined
  try {
    const fleet = await Fleet.start(showing.name, count, server?.address ?? '')
    try {
      await fleet.put(warmUps)
      await fleet.get(warmUps)
      const puts = await counted(fleet, () => fleet.put(operations))
      const gets = await counted(fleet, () => fleet.get(operations))
      showing.putsPerCpuSecond.push(puts.perCpuSecond)
      showing.getsPerCpuSecond.push(gets.perCpuSecond)
      showing.putMs.push(...puts.latenciesMs)
      showing.getMs.push(...gets.latenciesMs)
      for (const { succeeded } of [puts, gets]) {
        const asked = operations * count
        showing.done.push(...Array.from({ length: asked }, (_, i) => (i < succeeded ? 1 : 0)))
      }
    } finally {
      fleet.stop()
    }
  } finally {
    await server?.kill()
  }
}

/** Only what succeeded counts as an operation; the processor time is that of everything. */
async function counted(fleet: Fleet, work: () => Promise<Answer[]>) {
  const beforeMs = await fleet.cpuMs()
  const answers = (await work()).filter((answer) => answer.type === 'done')
  const usedMs = (await fleet.cpuMs()) - beforeMs
  const succeeded = answers.reduce((sum, answer) => sum + answer.succeeded, 0)
  return { succeeded, perCpuSecond: succeeded / (usedMs / 1_000), latenciesMs: answers.flatMap((answer) => answer.latenciesMs) }
}

function printShowings(showings: readonly NodeShowing[]): string {
  return printTable(
    ['', ...showings.map(({ name }) => name)],
    [
      ['puts per second of CPU', ...showings.map(({ putsPerCpuSecond }) => printRange(putsPerCpuSecond, ''))],
      ['gets per second of CPU', ...showings.map(({ getsPerCpuSecond }) => printRange(getsPerCpuSecond, ''))],
      ['a put took', ...showings.map(({ putMs }) => printRange(putMs, ' ms'))],
      ['a get took', ...showings.map(({ getMs }) => printRange(getMs, ' ms'))],
      ['succeeded', ...showings.map(({ done }) => `${shareOf(done).done} of ${shareOf(done).of}`)],
    ],
  )
}

function printRange(samples: readonly number[], unit: string): string {
  const summary = summarise(samples)
  if (!summary) return '–'
  const print = (value: number) => (value < 100 ? value.toFixed(1) : String(Math.round(value)))
  return `${print(summary.median)}${unit} (${print(summary.min)}–${print(summary.max)})`
}
