import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { load, type LoadFigures } from './load.js'

const help = `Holds sockets on one signalling server process of this machine, and measures. Expects nothing: it prints what it finds.

  --sockets <number>    default 10000
  --networks <number>   over which they are spread, default 200: none has more than its reservoir keeps
  --seconds <number>    for how long letters are sent, default 40: longer than from one heartbeat to the next
  --json <file>         writes the figures there, too
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
  const figures = await load({ sockets: sockets!, networks: networks!, seconds: seconds! }, (line) => console.log(line))
  print(figures)
  if (values.json !== undefined) {
    const machine = { node: process.versions.node, processors: cpus().length, model: cpus()[0]?.model }
    writeFileSync(values.json, `${JSON.stringify({ ...figures, machine }, undefined, 2)}\n`)
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
