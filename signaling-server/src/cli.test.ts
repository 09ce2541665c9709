import { randomBytes } from 'node:crypto'
import { generateSigner } from '@hashtab/peer'
import { WebSocketMeetingPoint } from '@hashtab/signaling'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { buildCommand, Running } from './fixtures/command.js'
import { RawClient } from './fixtures/raw-client.js'
import { Witness } from './fixtures/witness.js'

let command: Awaited<ReturnType<typeof buildCommand>>
beforeAll(async () => {
  command = await buildCommand()
})
afterAll(() => command.remove())

const running: Running[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.end('SIGKILL')))
})

function run(...args: string[]): Running {
  const one = new Running(command.file, args)
  running.push(one)
  return one
}

const newSigner = () => generateSigner((length) => new Uint8Array(randomBytes(length)))

describe('hashtab-signaling', () => {
  it('prints where it listens, and what was asked for', async () => {
    expect(await run('--port', '0').listening()).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/signal$/)
    const help = run('--help')
    expect(await help.ended).toBe(0)
    expect(help.lines.join('\n')).toContain('--reservoir')
  })

  it('ends with a plain sentence where the port is taken, or the arguments are wrong', async () => {
    const { port } = new URL(await run('--port', '0').listening())
    const second = run('--port', port)
    expect(await second.ended).toBe(1)
    expect(second.errors).toBe(`Port ${port} is taken at 127.0.0.1. Choose another, or stop what listens there.\n`)
    const wrong = run('--ice-server', 'https://example.org', '--port', '0')
    expect(await wrong.ended).toBe(1)
    expect(wrong.errors).toContain('not the address of an ICE server')
  })

  it.each([
    ['SIGTERM', 1012],
    ['SIGINT', 1001],
  ] as const)('takes leave of its sockets at a %s', async (signal, code) => {
    const server = run('--port', '0')
    const client = await RawClient.present(await server.listening(), 'app', newSigner())
    expect(await server.end(signal)).toBe(0)
    expect(await client.closed).toBe(code)
    expect(server.log.at(-1)).toMatchObject({ level: 'info', event: 'closed' })
    expect(server.errors).toBe('')
  })

  it('killed and started again: its peers come back by themselves', async () => {
    const first = run('--port', '0')
    const url = await first.listening()
    const [a, b] = [newSigner(), newSigner()]
    const point = new WebSocketMeetingPoint({ url, network: 'app', webSocket: WebSocket })
    const witness = new Witness(point, a)
    await witness.until(() => witness.state === 'open')
    expect(await first.end('SIGKILL')).toBe('SIGKILL')
    await witness.until(() => witness.states.includes('unreachable'))
    witness.forget()
    await run('--port', new URL(url).port).listening()
    await witness.until(() => witness.state === 'open')
    await RawClient.present(url, 'app', b)
    await witness.until(() => witness.events.some((event) => event.type === 'peers' && String(event.peers) === String(b.publicKey)))
    point.close()
    await witness.until(() => witness.state === 'closed')
  })
})
