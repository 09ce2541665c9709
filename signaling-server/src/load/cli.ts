import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { load, type LoadFigures } from './load.js'

const help = `Holds sockets on one signalling server process of this machine, and measures. Expects nothing: it prints what it finds.

  --sockets <number>    default 10000
  --networks <number>   over which they are spread, default 200: none has more than its reservoir keeps
  --seconds <number>    for how long letters are sent, default 40: longer than from one heartbeat to the next
  --json <file>         writes the figures there, too, as docs/measurements/results/load.json has them
  --help`

const { values } = parseArgs({
  options: {
    sockets: { type: 'string', default: '10000' },
    networks: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '40' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const [sockets, networks, seconds] = [values.sockets, values.networks, values.seconds].map((text) =>
  /^[1-9]\d{0,6}$/.test(text) ? Number(text) : Number.NaN,
)
if (values.help) {
  console.log(help)
} else if (Number.isNaN(sockets! + networks! + seconds!)) {
  console.error(`--sockets, --networks and --seconds take positive numbers.\n${help}`)
  process.exitCode = 2
} else {
  const beganMs = performance.now()
  const figures = await load({ sockets: sockets!, networks: networks!, seconds: seconds! }, (line) => console.log(line))
  print(figures)
  if (values.json !== undefined) {
    const result = resultOf(figures, (performance.now() - beganMs) / 1_000)
    writeFileSync(values.json, `${JSON.stringify(result, undefined, 2)}\n`)
  }
}

/** As `npm run measure` shows it. */
function resultOf(figures: LoadFigures, wallSeconds: number) {
  const { networks, letters } = figures
  return {
    about: `one server process, its sockets in ${networks} networks, all of it on one machine of ${cpus().length} processors; ${letters.perS} letters a second while they are held`,
    command: `npm run load -- --sockets ${sockets} --networks ${networks} --seconds ${seconds}`,
    figures: {
      sockets: figures.sockets,
      socketsFailed: figures.failed,
      socketsLost: figures.lost,
      joinsPerSecond: figures.joinsPerS,
      residentKiBPerSocket: figures.residentBytesPerSocket / 1_024,
      residentMiB: figures.residentBytes / 2 ** 20,
      lettersArrived: letters.arrived / letters.sent,
      relayMedianMs: letters.p50Ms,
      relayP99Ms: letters.p99Ms,
      relayLongestMs: letters.maxMs,
      eventLoopP99Ms: figures.eventLoopP99Ms,
    },
    wallSeconds,
    node: process.version,
  }
}

function print(figures: LoadFigures): void {
  const { letters } = figures
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`
  const ms = (value: number) => `${value.toFixed(1)} ms`
  const rows = [
    ['sockets held', `${figures.sockets} in ${figures.networks} networks; ${figures.failed} failed, ${figures.lost} lost`],
    ['joins', `${figures.joinsPerS.toFixed(0)} a second`],
    ['memory a socket', `${kib(figures.residentBytesPerSocket)} resident, ${kib(figures.heapBytesPerSocket)} heap and buffers`],
    ['memory in all', `${(figures.residentBytes / 1024 / 1024).toFixed(0)} MiB resident`],
    ['letters', `${letters.arrived} of ${letters.sent} arrived, ${letters.perS} a second`],
    ['relay time', `median ${ms(letters.p50Ms)}, 99th percentile ${ms(letters.p99Ms)}, longest ${ms(letters.maxMs)}`],
    ['event loop', `held up ${ms(figures.eventLoopP99Ms)} at the 99th percentile`],
    ...figures.why.map((why) => ['failed', why]),
  ]
  for (const [name, value] of rows) console.log(`${name!.padEnd(18)}${value}`)
}
