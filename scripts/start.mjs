// @ts-check
// `npm start`: runs on a fresh clone, so what is not part of Node is imported after the set-up.
import { parseArgs } from 'node:util'
import { build, install } from './setup.mjs'

const help = `Serves the chat and the signalling on one port of this machine.

npm start                        on port 8080
npm start -- --port 9000         on another port (or: PORT=9000 npm start; 0: any free one)
npm start -- --open              and opens it in the browser
npm start -- --help              this text

Ctrl-C stops it.`

const portDefault = 8080

try {
  const choices = readChoices()
  if (choices === 'help') {
    console.log(help)
  } else {
    await install()
    await build()
    const { serve } = await import('./serve.mjs')
    await serve(choices)
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

/** @returns {'help' | { port: number, open: boolean }} */
function readChoices() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: process.env['PORT'] ?? String(portDefault) },
      open: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const port = Number(values.port)
  if (!/^\d+$/.test(values.port) || port > 65_535) throw new Error(`A port is a number from 0 to 65535, and this is none: ${values.port}`)
  return { port, open: values.open }
}
