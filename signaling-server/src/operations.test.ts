import { randomBytes } from 'node:crypto'
import { encodeUtf8, Key } from '@hashtab/core'
import { generateSigner } from '@hashtab/peer'
import { WebSocketMeetingPoint } from '@hashtab/signaling'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { Balancer } from './fixtures/balancer.js'
import { buildCommand, Running } from './fixtures/command.js'
import { RawClient } from './fixtures/raw-client.js'
import { Witness } from './fixtures/witness.js'

const newSigner = () => generateSigner((length) => new Uint8Array(randomBytes(length)))
const patience = { timeout: 10_000, interval: 20 }

let command: Awaited<ReturnType<typeof buildCommand>>
beforeAll(async () => {
  command = await buildCommand()
}, 60_000)
afterAll(() => command.remove())

const running: Running[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.end('SIGKILL')))
})

function run(...args: string[]): Running {
  const server = new Running(command.file, ['--port', '0', ...args])
  running.push(server)
  return server
}

const pageOf = (address: string, path: string) => fetch(address.replace('ws:', 'http:').replace('/signal', path))

describe('/metrics', () => {
  it('counts what happens, in the form that Prometheus reads', async () => {
    const address = await run('--limit', 'proveDeadlineMs=100').listening()
    const [a, b] = [newSigner(), newSigner()]
    const first = await RawClient.present(address, 'app', a)
    const second = await RawClient.present(address, 'app', b)
    const letter = encodeUtf8('a sealed letter')
    first.say({ type: 'carry', to: Key.hash(b.publicKey), letter })
    await second.next('letter')
    first.say({ type: 'carry', to: Key.hash(newSigner().publicKey), letter })
    const late = await RawClient.connect(address)
    await late.closed
    await expect(RawClient.connect(address.replace('/signal', '/chat'))).rejects.toThrow('404')
    const answer = await pageOf(address, '/metrics')
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const lines = (await answer.text()).split('\n')
    for (const line of [
      '# TYPE hashtab_signaling_sockets gauge',
      'hashtab_signaling_sockets 2',
      'hashtab_signaling_networks 1',
      'hashtab_signaling_joins_total 2',
      'hashtab_signaling_letters_total{way="here"} 1',
      'hashtab_signaling_letters_total{way="dropped"} 1',
      'hashtab_signaling_refused_total{code="late"} 1',
      'hashtab_signaling_turned_away_total{status="404"} 1',
    ]) {
      expect(lines).toContain(line)
    }
    expect(lines.some((line) => line.startsWith('process_resident_memory_bytes '))).toBe(true)
    // No Redis was asked for.
    expect(lines.filter((line) => line.includes('commons_s'))).toEqual([])
  })
})

describe('a server that is told to end', () => {
  it('sends its sockets away one after the other, takes nobody, says so, and ends in time', async () => {
    const server = run('--drain', '2', '--limit', 'closeDeadlineMs=500')
    const address = await server.listening()
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.present(address, 'app', newSigner())))
    const deaf = await RawClient.present(address, 'app', newSigner())
    deaf.socket.pause()
    const startedMs = performance.now()
    const ended = server.end('SIGTERM')
    const closings = Promise.all(clients.map(async ({ closed }) => ({ code: await closed, atMs: performance.now() - startedMs })))
    await server.logged(({ event }) => event === 'draining')
    const health = await pageOf(address, '/health')
    expect(health.status).toBe(503)
    expect(await health.json()).toMatchObject({ status: 'draining' })
    await expect(RawClient.connect(address)).rejects.toThrow('503')
    const times = (await closings).map(({ code, atMs }) => (expect(code).toBe(1012), atMs)).toSorted((a, b) => a - b)
    // Twenty over two seconds: the first half is gone a second before the last.
    expect(times.at(-1)! - times[9]!).toBeGreaterThan(700)
    expect(await ended).toBe(0)
    expect(performance.now() - startedMs).toBeLessThan(10_000)
  })

  it('ends at once at a SIGINT, also while it drains', async () => {
    const server = run('--drain', '300', '--limit', 'closeDeadlineMs=300', '--limit', 'provesPerS=1000')
    const address = await server.listening()
    // Ten a second, at the least, are sent away: these would take 15 s.
    const clients = await Promise.all(Array.from({ length: 150 }, () => RawClient.present(address, 'app', newSigner())))
    server.process.kill('SIGTERM')
    await server.logged(({ event }) => event === 'draining')
    const startedMs = performance.now()
    expect(await server.end('SIGINT')).toBe(0)
    expect(performance.now() - startedMs).toBeLessThan(8_000)
    await Promise.all(clients.map(({ closed }) => closed))
  })

  it.each([
    ['told to end', 'SIGTERM', '1012'],
    ['killed', 'SIGKILL', 'the line was cut'],
  ] as const)('behind a balancer, and %s: its peers come back to the other by themselves', async (_, signal, why) => {
    const [one, two] = [run('--drain', '1'), run('--drain', '1')]
    const balancer = await Balancer.start([await one.listening(), await two.listening()])
    const crowd = Array.from({ length: 10 }, () => {
      const signer = newSigner()
      // At the lower end of the waits, which are a random share of so many seconds.
      const random = (length: number) => new Uint8Array(length)
      const point = new WebSocketMeetingPoint({ url: balancer.address, network: 'app', webSocket: WebSocket, random })
      return { signer, point, witness: new Witness(point, signer) }
    })
    await Promise.all(crowd.map(({ witness }) => witness.until(() => witness.state === 'open')))
    const address = await two.listening()
    const socketsAtTwo = async () => ((await (await pageOf(address, '/health')).json()) as { sockets: number }).sockets
    expect(await socketsAtTwo()).toBe(5)
    await one.end(signal)
    await expect.poll(socketsAtTwo, patience).toBe(10)
    await Promise.all(crowd.map(({ witness }) => witness.until(() => witness.state === 'open')))
    const away = crowd.filter(({ witness }) => witness.events.some((event) => event.type === 'state' && event.detail?.includes(why)))
    expect(away).toHaveLength(5)
    const letter = encodeUtf8('a sealed letter')
    crowd[0]!.point.carry(Key.hash(crowd[1]!.signer.publicKey), letter)
    expect((await crowd[1]!.witness.event('letter')).letter).toEqual(letter)
    for (const { point } of crowd) point.close()
    await balancer.close()
  })
})
