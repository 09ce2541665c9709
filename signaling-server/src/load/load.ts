import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { LogEntry } from '../log.js'
import type { CrowdOrder, CrowdReport } from './crowd.js'
import { LoadSocket } from './load-socket.js'

export interface LoadOptions {
  readonly sockets: number
  readonly networks: number
  /** For how long letters are sent while the sockets are held. */
  readonly seconds: number
}

export interface LoadFigures {
  readonly sockets: number
  readonly networks: number
  /** Joins that were refused or came to no end, and sockets that were lost later. */
  readonly failed: number
  readonly lost: number
  /** A few of the reasons. */
  readonly why: readonly string[]
  readonly joinsPerS: number
  /** Of the server, growth from none to all, by what is resident and by what its JavaScript heap and buffers hold. */
  readonly residentBytesPerSocket: number
  readonly heapBytesPerSocket: number
  readonly residentBytes: number
  /** Letters of 1,500 bytes from one socket to another of its network, while all are held. */
  readonly letters: {
    readonly sent: number
    readonly arrived: number
    readonly perS: number
    readonly p50Ms: number
    readonly p99Ms: number
    readonly maxMs: number
  }
  /** How long the server's event loop was held up in the same time, at the 99th percentile. */
  readonly eventLoopP99Ms: number
}

interface Crowd {
  readonly process: ChildProcess
  readonly joined: CrowdReport & { readonly type: 'joined' }
}

const joinsAtOnce = 64
const probePairs = 20
/** Of each pair, so many a second. */
const lettersPerS = 10
/** A signed, sealed offer. */
const letterBytes = 1_500
/** What settles before memory is read: buffers of the handshakes, and the page of metrics, which is kept for a second. */
const settleMs = 6_000
/** A server that does not listen by then never will. */
const startMs = 30_000
/** A crowd in which nobody has joined or failed for so long has stopped: a join is over in a minute, one way or the other. */
const stuckMs = 90_000
/** A page of metrics that takes longer is not waited for. */
const metricsMs = 30_000
/** A letter that takes longer counts as lost. */
const arrivalMs = 5_000

/** Holds sockets on one server process, all of it on this machine, and measures. `tell` takes lines of progress. */
export async function load(options: LoadOptions, tell: (line: string) => void): Promise<LoadFigures> {
  const server = await startServer(options.sockets)
  const processes = [server.process]
  const lost: string[] = []
  try {
    tell(`a server at ${server.address}`)
    await pause(settleMs)
    const before = await memoryOf(server.address)
    const { sockets, networks } = options
    const crowd = await holdCrowd({ address: server.address, sockets, networks, atOnce: joinsAtOnce }, lost, tell)
    processes.push(crowd.process)
    const { joined } = crowd
    tell('all are held; letters are sent')
    await pause(settleMs)
    const after = await memoryOf(server.address)
    const letters = await sendLetters(server.address, options.seconds, lost)
    const { eventLoopP99Ms } = await memoryOf(server.address)
    const perSocket = (bytes: number) => Math.round(bytes / Math.max(1, joined.joined))
    return {
      sockets: joined.joined,
      networks,
      failed: sockets - joined.joined,
      lost: lost.length,
      why: [...joined.failed, ...lost].slice(0, 10),
      joinsPerS: joined.joined / joined.seconds,
      residentBytesPerSocket: perSocket(after.residentBytes - before.residentBytes),
      heapBytesPerSocket: perSocket(after.heapBytes - before.heapBytes),
      residentBytes: after.residentBytes,
      letters,
      eventLoopP99Ms,
    }
  } finally {
    for (const one of processes) one.kill('SIGKILL')
  }
}

/** The command itself, with room for all, and for as many proofs a second as it can check. */
async function startServer(sockets: number): Promise<{ process: ChildProcess; address: string }> {
  const limits = [`socketsMax=${sockets + 1_000}`, 'provesPerS=1000000', `messagesPerS=${2 * lettersPerS}`]
  const program = fileURLToPath(new URL('../cli.js', import.meta.url))
  const child = spawn(process.execPath, [program, '--port', '0', ...limits.flatMap((limit) => ['--limit', limit])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('The server ended before it listened.')))
  ended.catch(() => {})
  try {
    const [line] = (await Promise.race([once(lines, 'line', { signal: AbortSignal.timeout(startMs) }), ended])) as [string]
    const entry = JSON.parse(line) as LogEntry
    if (entry.event !== 'listening') throw new Error(`The server does not listen: ${line}`)
    return { process: child, address: entry.address }
  } catch (fault) {
    child.kill('SIGKILL')
    throw fault
  }
}

/** Has a process of its own hold these sockets. Resolves when they have joined; `lost` grows with those that end later. */
async function holdCrowd(order: CrowdOrder, lost: string[], tell: (line: string) => void): Promise<Crowd> {
  const child = fork(fileURLToPath(new URL('crowd.js', import.meta.url)), [JSON.stringify(order)])
  let done = 0
  let stuck: NodeJS.Timeout | undefined
  try {
    const joined = await new Promise<CrowdReport & { type: 'joined' }>((resolve, reject) => {
      stuck = setTimeout(() => reject(new Error(`Of the crowd nobody joined or failed for ${stuckMs / 1_000} s, after ${done}.`)), stuckMs)
      child.on('exit', () => reject(new Error('The crowd ended before it had joined.')))
      child.on('message', (report: CrowdReport) => {
        if (report.type === 'lost') lost.push(report.why)
        if (report.type === 'joined') resolve(report)
        if (report.type !== 'progress') return
        tell(`${report.joined} joined, ${report.failed} failed`)
        if (report.joined + report.failed > done) stuck?.refresh()
        done = report.joined + report.failed
      })
    })
    return { process: child, joined }
  } catch (fault) {
    child.kill('SIGKILL')
    throw fault
  } finally {
    clearTimeout(stuck)
  }
}

/** Sends letters at an even pace, and times each from the sender's call to the reader's. Both are in this process, which does nothing else. */
async function sendLetters(address: string, seconds: number, lost: string[]): Promise<LoadFigures['letters']> {
  const sentAtMs: number[] = []
  const tookMs: number[] = []
  const read = (letter: Uint8Array) => {
    const number = new DataView(letter.buffer, letter.byteOffset).getUint32(0)
    tookMs.push(performance.now() - sentAtMs[number]!)
  }
  const join = (network: string) => LoadSocket.join(address, network, read, (why) => lost.push(why))
  const pairs: [LoadSocket, LoadSocket][] = []
  for (let i = 0; i < probePairs; i++) pairs.push([await join(`load-${i}`), await join(`load-${i}`)])
  const total = probePairs * lettersPerS * seconds
  const startedMs = performance.now()
  while (sentAtMs.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startedMs) / 1000) * probePairs * lettersPerS))
    while (sentAtMs.length < due) {
      const number = sentAtMs.length
      const letter = new Uint8Array(letterBytes)
      new DataView(letter.buffer).setUint32(0, number)
      const [from, to] = pairs[number % probePairs]!
      sentAtMs.push(performance.now())
      from.carry(to.id, letter)
    }
    await pause(2)
  }
  await pause(arrivalMs)
  for (const socket of pairs.flat()) socket.close()
  const sorted = tookMs.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return { sent: total, arrived: sorted.length, perS: probePairs * lettersPerS, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}

async function memoryOf(address: string) {
  const text = await (
    await fetch(address.replace('ws:', 'http:').replace('/signal', '/metrics'), { signal: AbortSignal.timeout(metricsMs) })
  ).text()
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
  return {
    residentBytes: value('process_resident_memory_bytes'),
    heapBytes: value('nodejs_heap_size_used_bytes') + value('nodejs_external_memory_bytes'),
    eventLoopP99Ms: 1000 * value('nodejs_eventloop_lag_p99_seconds'),
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
