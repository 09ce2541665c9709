import { afterEach, expect, it } from 'vitest'
import { RawClient } from './fixtures/raw-client.js'
import type { LogEntry } from './log.js'
import type { SignalingServerOptions } from './server-options.js'
import { createSignalingServer, type SignalingServer } from './signaling-server.js'

const servers: SignalingServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function serve(options: SignalingServerOptions): Promise<SignalingServer> {
  const server = createSignalingServer(options)
  servers.push(server)
  await server.listen()
  return server
}

it('tells neither keys nor addresses', async () => {
  const entries: LogEntry[] = []
  const server = await serve({ log: (entry) => entries.push(entry), limits: { proveDeadlineMs: 20, heartbeatMs: 40 } })
  const { address } = server
  const client = await RawClient.connect(address)
  await client.closed
  await expect.poll(() => entries.length).toBe(2)
  await server.close()
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string
  expect(entries).toEqual([
    { time, level: 'info', event: 'listening', address },
    { time, level: 'info', event: 'refused', counts: { late: 1 }, sockets: 0, networks: 0 },
    { time, level: 'info', event: 'closed' },
  ])
})

it('tells who was refused, when asked to, and not without end', async () => {
  const entries: LogEntry[] = []
  const server = await serve({ log: (entry) => entries.push(entry), logAddresses: true, limits: { heartbeatMs: 1_000 } })
  const startedMs = performance.now()
  const refusals = Array.from({ length: 150 }, () => RawClient.connect(server.address.replace('/signal', '/chat')).catch(() => 'refused'))
  expect(await Promise.all(refusals)).toEqual(refusals.map(() => 'refused'))
  const secondsPassed = (performance.now() - startedMs) / 1000
  const single = expect.objectContaining({ event: 'turned away', why: '404', client: '127.0.0.1' }) as LogEntry
  expect(entries[1]).toEqual(single)
  const singles = entries.filter(({ event }) => event === 'turned away').length
  expect(singles).toBeLessThanOrEqual(100 + 10 * secondsPassed)
  const unlogged = () => entries.reduce((sum, entry) => sum + (entry.event === 'refused' ? (entry.unlogged ?? 0) : 0), 0)
  await expect.poll(unlogged, { timeout: 5_000 }).toBe(150 - singles)
})
