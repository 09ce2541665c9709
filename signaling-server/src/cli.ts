#!/usr/bin/env node
import { readCommandLine } from './command-line.js'
import { SignalingServerError } from './listening.js'
import { createSignalingServer, type SignalingServerOptions } from './signaling-server.js'

const command = readCommandLine(process.argv.slice(2), process.env)
if (command.type === 'print') console.log(command.text)
else if (command.type === 'refuse') fail(command.why)
else await run(command.options)

async function run(options: SignalingServerOptions): Promise<void> {
  try {
    const server = createSignalingServer({ ...options, log: (line) => console.log(line) })
    await server.listen()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      // The second time nobody wants to wait.
      process.once(signal, () => {
        void server.close()
      })
    }
  } catch (fault) {
    if (fault instanceof SignalingServerError || fault instanceof TypeError || fault instanceof RangeError) return fail(fault.message)
    throw fault
  }
}

function fail(why: string): void {
  console.error(why)
  process.exitCode = 1
}
