#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { type Command, readCommandLine } from './command-line.js'
import type { Commons } from './commons/commons.js'
import { limitsWith } from './limits.js'
import { SignalingServerError } from './listening.js'
import { createSignalingServer } from './signaling-server.js'

const command = readCommandLine(process.argv.slice(2), process.env, (path) => readFileSync(path, 'utf8'))
if (command.type === 'print') console.log(command.text)
else if (command.type === 'refuse') fail(command.why)
else await run(command)

async function run({ options, redis, drainMs }: Command & { type: 'run' }): Promise<void> {
  try {
    const { sharingLeaseMs } = limitsWith(options.limits ?? {})
    const commons = redis === undefined ? undefined : await commonsAt(redis, sharingLeaseMs)
    const server = createSignalingServer({
      ...options,
      ...(commons !== undefined && { commons }),
      processMetrics: true,
      log: (entry) => console.log(JSON.stringify(entry)),
    })
    await server.listen()
    // Who asks a second time does not want to wait: then the signal does what it does by default.
    process.once('SIGTERM', () => void server.drain(drainMs))
    process.once('SIGINT', () => void server.close())
  } catch (fault) {
    if (fault instanceof SignalingServerError || fault instanceof TypeError || fault instanceof RangeError) return fail(fault.message)
    throw fault
  }
}

/** Loaded only when asked for. */
async function commonsAt(redis: string, leaseMs: number): Promise<Commons> {
  const { RedisCommons } = await import('./commons/redis-commons.js')
  return new RedisCommons(redis, leaseMs)
}

function fail(why: string): void {
  console.error(why)
  process.exitCode = 1
}
