import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { encodeUtf8, Key } from '@hashtab/core'
import { generateSigner } from '@hashtab/peer'
import { WebSocketMeetingPoint } from '@hashtab/signaling'
import { bytesToProve } from '@hashtab/signaling/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { buildCommand, Running } from './fixtures/command.js'
import { frame, Intruder, request } from './fixtures/intruder.js'
import { RawClient } from './fixtures/raw-client.js'
import { Witness } from './fixtures/witness.js'

// Attacks on the real server, in a process of its own. Who attacks comes from 127.0.0.1, whoever should not feel it from another block of addresses.
const elsewhere = '127.0.1.1'
const isLinux = process.platform === 'linux'
const newSigner = () => generateSigner((length) => new Uint8Array(randomBytes(length)))
const idOf = (signer: { publicKey: Uint8Array }) => Key.hash(signer.publicKey)
const letter = encodeUtf8('a sealed letter')
const patience = { timeout: 15_000, interval: 50 }

let command: Awaited<ReturnType<typeof buildCommand>>
beforeAll(async () => {
  command = await buildCommand()
}, 60_000)
afterAll(() => command.remove())

const running: Running[] = []
const intruders: Intruder[] = []
afterEach(async () => {
  for (const { socket } of intruders.splice(0)) socket.destroy()
  await Promise.all(running.splice(0).map((one) => one.end('SIGKILL')))
})

/** The server, with these limits. */
async function serve(limits: Record<string, number> = {}, ...args: string[]): Promise<string> {
  const limited = Object.entries(limits).flatMap(([name, value]) => ['--limit', `${name}=${value}`])
  const server = new Running(command.file, ['--port', '0', ...limited, ...args])
  running.push(server)
  return server.listening()
}

/** As many sockets as are asked for, or as the server grants; answers how many there are of each HTTP status. */
async function open(address: string, count: number): Promise<Map<number, number>> {
  const statuses = new Map<number, number>()
  const atOnce = 100
  for (let i = 0; i < count; i += atOnce) {
    const batch = await Promise.all(Array.from({ length: Math.min(atOnce, count - i) }, () => Intruder.open(address)))
    for (const { intruder, status } of batch) {
      intruders.push(intruder)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  return statuses
}

/** A page of the server, asked for from another block than the attacks. */
async function pageOf(address: string, path: string): Promise<{ headers: IncomingHttpHeaders; text: string }> {
  const { port } = new URL(address)
  const asking = get({ port, path, host: '127.0.0.1', agent: false, ...(isLinux && { localAddress: elsewhere }) })
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  return { headers: answer.headers, text: (await answer.toArray()).join('') }
}

async function metric(address: string, name: string): Promise<number> {
  const { text } = await pageOf(address, '/metrics')
  return Number(new RegExp(`^${name.replaceAll(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
}

const health = async (address: string) => JSON.parse((await pageOf(address, '/health')).text) as { sockets: number; networks: number }

/** Comes from elsewhere, proves a key and is answered. */
async function visit(address: string, localAddress?: string): Promise<void> {
  const client = await RawClient.present(address, 'app', newSigner(), localAddress)
  client.say({ type: 'ping' })
  await client.next('pong')
  client.socket.close()
  await client.closed
}

describe('requests that trickle in', () => {
  it.runIf(isLinux)('take no place but those of their own block', async () => {
    const limits = { socketsMax: 100, blockSocketsMax: 50, blockOpensBurst: 1_000, requestDeadlineMs: 60_000 }
    const address = await serve(limits, '--count-own-machine')
    // More than the server takes at all: without a limit for each block, nobody else would get in.
    const loris = await Promise.all(Array.from({ length: 300 }, () => Intruder.connect(address)))
    intruders.push(...loris)
    for (const { socket } of loris) socket.write('GET /signal HTTP/1.1\r\nHost: localhost\r\nX-A: ')
    await expect.poll(() => loris.filter(({ isCut }) => isCut).length, patience).toBe(250)
    await visit(address, elsewhere)
  })

  it('are cut off in time', async () => {
    const address = await serve({ requestDeadlineMs: 1_000 })
    const loris = await Promise.all(Array.from({ length: 100 }, () => Intruder.connect(address)))
    intruders.push(...loris)
    for (const { socket } of loris) socket.write('GET /signal HTTP/1.1\r\nHost: localhost\r\nX-A: ')
    const trickle = setInterval(() => loris.forEach(({ socket }) => socket.writable && socket.write('a')), 100)
    await visit(address)
    await expect.poll(() => loris.filter(({ isCut }) => isCut).length, patience).toBe(100)
    clearInterval(trickle)
  })

  it('and are refused keep no connection, though the other end does not close it', async () => {
    const address = await serve({ socketsMax: 100 })
    const strays = await Promise.all(Array.from({ length: 150 }, () => Intruder.connect(address, undefined, true)))
    intruders.push(...strays)
    for (const { socket } of strays) socket.write(request('/chat'))
    await expect.poll(() => strays.filter(({ heard }) => heard.includes('404 Not Found')).length, patience).toBe(150)
    const others = await Promise.all(Array.from({ length: 90 }, () => Intruder.open(address)))
    intruders.push(...others.map(({ intruder }) => intruder))
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set([101]))
  })

  it('and sockets that never prove a key, whole or by halves, are cut off in time', async () => {
    const address = await serve({ proveDeadlineMs: 1_000, closeDeadlineMs: 200 })
    const statuses = await open(address, 200)
    expect([...statuses]).toEqual([[101, 200]])
    // Half a proof: the frame says 100 bytes, and one comes now and then.
    for (const { socket } of intruders) socket.write(frame(2, encodeUtf8('d3:key32:'), { length: 100n }))
    const trickle = setInterval(() => intruders.forEach(({ socket }) => socket.writable && socket.write('a')), 100)
    await visit(address)
    await expect.poll(() => intruders.filter(({ isCut }) => isCut).length, patience).toBe(200)
    clearInterval(trickle)
    expect(await metric(address, 'hashtab_signaling_refused_total{code="late"}')).toBe(200)
  })
})

describe('messages that are none', () => {
  it('a message in fragments of a byte ends the socket at the seventeenth', async () => {
    const address = await serve({ proveDeadlineMs: 600_000 })
    const { intruder } = await Intruder.open(address)
    intruders.push(intruder)
    const fragments = Array.from({ length: 17 }, (_, i) => frame(i === 0 ? 2 : 0, new Uint8Array(1), { isFinal: false }))
    intruder.socket.write(Buffer.concat(fragments))
    await intruder.ended
    expect(intruder.closeCode).toBe(1008)
  })

  it('a frame that comes byte by byte ends the socket before it is half there', async () => {
    const address = await serve()
    const { intruder } = await Intruder.open(address)
    intruders.push(intruder)
    intruder.socket.setNoDelay(true)
    const whole = frame(2, new Uint8Array(16 * 1024))
    let sent = 0
    // One by one, each read for itself: a byte whenever the last was taken.
    while (!intruder.isCut && sent < whole.length / 2) {
      await new Promise<void>((resolve) => intruder.socket.write(whole.subarray(sent, ++sent), () => setTimeout(resolve, 1)))
    }
    await intruder.ended
    expect(sent).toBeLessThan(whole.length / 4)
  })

  it('a frame that says it is longer than a message may be is not waited for', async () => {
    const address = await serve()
    for (const length of [16n * 1024n + 1n, 2n ** 31n, 2n ** 53n, 2n ** 63n - 1n]) {
      const { intruder } = await Intruder.open(address)
      intruders.push(intruder)
      intruder.socket.write(frame(2, new Uint8Array(64), { length }))
      await intruder.ended
      expect([1009, 1002]).toContain(intruder.closeCode)
    }
    const frames = frame(2, Buffer.alloc(4 * 1024 * 1024))
    const flood = () =>
      Promise.all(
        Array.from({ length: 20 }, async () => {
          const { intruder } = await Intruder.open(address)
          intruders.push(intruder)
          intruder.socket.write(frames)
          await intruder.ended
        }),
      )
    const residentBytes = async () => {
      // /metrics is kept for a second.
      await new Promise((resolve) => setTimeout(resolve, 1_100))
      return metric(address, 'process_resident_memory_bytes')
    }
    // What Node takes for a first load is no matter.
    await flood()
    const beforeBytes = await residentBytes()
    for (let i = 0; i < 3; i++) await flood()
    expect((await residentBytes()) - beforeBytes).toBeLessThan(32 * 1024 * 1024)
    await visit(address)
  })

  it('pings cost what messages cost, answered or not', async () => {
    const address = await serve()
    for (const opcode of [9, 10]) {
      const { intruder } = await Intruder.open(address)
      intruders.push(intruder)
      for (let i = 0; i < 400; i++) intruder.socket.write(frame(opcode, new Uint8Array(4)))
      await intruder.ended
      expect(intruder.closeCode).toBe(1008)
    }
    expect(await metric(address, 'hashtab_signaling_refused_total{code="too-fast"}')).toBe(2)
  })
})

describe('ten thousand sockets', () => {
  /** Files that may be open here, at both ends: what is attacked with is scaled to that. */
  const filesMax = isLinux ? Number(execFileSync('sh', ['-c', 'ulimit -Hn']).toString().replace('unlimited', '1000000')) : 2_048
  const count = Math.min(10_000, filesMax - 500)
  const socketsMax = Math.min(8_192, Math.floor(count * 0.8))

  it('are as many as the server takes, and no more; it answers meanwhile, and others come in when they are gone', async () => {
    const address = await serve({ socketsMax, proveDeadlineMs: 600_000 })
    const statuses = await open(address, count)
    // The server takes a few connections more, to say no; beyond those it cuts them.
    expect(statuses.get(101)).toBe(socketsMax)
    expect((statuses.get(503) ?? 0) + (statuses.get(0) ?? 0)).toBe(count - socketsMax)
    await expect(visit(address)).rejects.toThrow(/503|hang up|ECONNRESET/)
    intruders.find(({ isCut }) => !isCut)!.socket.destroy()
    await expect.poll(() => health(address), patience).toMatchObject({ sockets: socketsMax - 1 })
    await visit(address)
  }, 120_000)

  it.runIf(isLinux)(
    'and two thousand from one block are as many as one block may have, and others do not feel them',
    async () => {
      const address = await serve({ blockOpensBurst: 100_000, proveDeadlineMs: 600_000 }, '--count-own-machine')
      const statuses = await open(address, 2_000)
      expect(statuses.get(101)).toBe(512)
      expect(statuses.get(0)).toBe(2_000 - 512)
      await visit(address, elsewhere)
    },
    120_000,
  )

  it.runIf(isLinux)(
    'and two thousand from one block come no faster than its burst allows',
    async () => {
      const address = await serve({}, '--count-own-machine')
      const startedMs = performance.now()
      const statuses = await open(address, 2_000)
      const secondsPassed = (performance.now() - startedMs) / 1000
      expect(statuses.get(101)).toBeGreaterThanOrEqual(256)
      expect(statuses.get(101)).toBeLessThanOrEqual(256 + 8 * secondsPassed + 1)
    },
    60_000,
  )
})

describe("another's id", () => {
  it('is not had by a signature of another key, nor by one that was seen elsewhere', async () => {
    const address = await serve()
    const [victim, squatter] = [newSigner(), newSigner()]
    const present = await RawClient.present(address, 'app', victim)
    const forged = await RawClient.connect(address)
    await forged.prove('app', { publicKey: victim.publicKey, sign: (message) => squatter.sign(message) })
    expect((await forged.next('refuse')).code).toBe('proof')
    // What a hostile server had the victim sign over its own challenge.
    const replayed = await RawClient.connect(address)
    const stolen = await victim.sign(bytesToProve('app', randomBytes(32)))
    await replayed.prove('app', { publicKey: victim.publicKey, sign: async () => stolen })
    expect((await replayed.next('refuse')).code).toBe('proof')
    const friend = await RawClient.present(address, 'app', newSigner())
    friend.say({ type: 'carry', to: idOf(victim), letter })
    expect((await present.next('letter')).letter).toEqual(letter)
  })
})

describe('a flood of networks', () => {
  it.runIf(isLinux)('from one block ends with its share of sockets, others do not feel it, and nothing stays of it', async () => {
    const address = await serve({ blockSocketsMax: 100, provesPerS: 1_000, blockOpensBurst: 300 }, '--count-own-machine')
    const flood = await Promise.allSettled(
      Array.from({ length: 200 }, (_, i) => RawClient.present(address, `${'n'.repeat(250)}${i}`, newSigner())),
    )
    const inside = flood.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    expect(inside).toHaveLength(100)
    expect(await health(address)).toMatchObject({ networks: 100 })
    await visit(address, elsewhere)
    for (const { socket } of inside) socket.terminate()
    await expect.poll(() => health(address), patience).toMatchObject({ sockets: 0, networks: 0 })
  })

  it('by one socket is none: it proves one key, for one network', async () => {
    const address = await serve()
    const signer = newSigner()
    const client = await RawClient.present(address, 'one', signer)
    client.say({ type: 'prove', network: 'two', publicKey: signer.publicKey, signature: await signer.sign(letter) })
    expect((await client.next('refuse')).code).toBe('malformed')
    await expect.poll(() => health(address), patience).toMatchObject({ networks: 0 })
  })
})

describe('a socket that does not read', () => {
  it('is dropped when its buffer is full and nothing leaves it; one that reads slowly stays', async () => {
    const address = await serve({ messagesBurst: 10_000_000, slowDeadlineMs: 3_000 })
    const [stalled, slow] = [newSigner(), newSigner()]
    const [stalledClient, slowClient] = [await RawClient.present(address, 'app', stalled), await RawClient.present(address, 'app', slow)]
    const flooder = await RawClient.present(address, 'app', newSigner())
    stalledClient.socket.pause()
    // Reads for a moment now and then.
    slowClient.socket.pause()
    let pausing: NodeJS.Timeout | undefined
    const reading = setInterval(() => {
      slowClient.socket.resume()
      pausing = setTimeout(() => slowClient.socket.pause(), 5)
    }, 200)
    const big = new Uint8Array(4_096)
    const readers = [stalled, slow]
    const flooding = setInterval(() => {
      for (let i = 0; i < 100; i++) for (const to of readers) flooder.say({ type: 'carry', to: idOf(to), letter: big })
    }, 20)
    await expect.poll(() => metric(address, 'hashtab_signaling_slow_sockets_total'), patience).toBe(1)
    // From now on what is dropped is dropped because the slow one's buffer is full.
    readers.shift()
    const dropped = () => metric(address, 'hashtab_signaling_letters_total{way="dropped"}')
    const droppedBefore = await dropped()
    await expect.poll(dropped, patience).toBeGreaterThan(droppedBefore + 1_000)
    clearInterval(flooding)
    clearInterval(reading)
    clearTimeout(pausing)
    slowClient.socket.resume()
    expect(await health(address)).toMatchObject({ sockets: 2 })
    slowClient.heard.length = 0
    // Answers, too, are dropped while the buffer is full.
    const asking = setInterval(() => slowClient.say({ type: 'ping' }), 50)
    await slowClient.next('pong')
    clearInterval(asking)
  }, 60_000)
})

describe('a page of another origin', () => {
  it('is let in nowhere, where there is a list', async () => {
    const address = await serve({}, '--origin', 'https://chat.example.org')
    for (const origin of ['https://evil.example.org', 'https://chat.example.org.evil.org', 'http://chat.example.org', 'null']) {
      await expect(RawClient.connect(address, origin)).rejects.toThrow('403')
    }
    await RawClient.connect(address, 'https://chat.example.org')
  })
})

describe('who is there', () => {
  it('is told nobody beyond eight names at the welcome: not by a page, not by an answer, not by its absence', async () => {
    const address = await serve({ provesPerS: 1_000 })
    const signers = Array.from({ length: 30 }, newSigner)
    const present = await Promise.all(signers.map((signer) => RawClient.present(address, 'a-secret-name', signer)))
    const names = signers.flatMap(({ publicKey }) => [Buffer.from(publicKey).toString('hex'), idOf({ publicKey }).hex])
    for (const path of [
      '/',
      '/health',
      '/metrics',
      '/signal',
      '/peers',
      '/networks',
      '/health/a-secret-name',
      '/metrics?network=a-secret-name',
    ]) {
      const answer = await pageOf(address, path)
      const text = `${JSON.stringify(answer.headers)} ${answer.text}`
      expect(names.filter((name) => text.toLowerCase().includes(name))).toEqual([])
      expect(text).not.toContain('a-secret-name')
    }
    const curious = await RawClient.connect(address)
    await curious.prove('a-secret-name', newSigner())
    expect((await curious.next('welcome')).peers).toHaveLength(8)
    // To one who is here, and to one who is not: neither is answered.
    for (const signer of [signers[0]!, newSigner()]) curious.say({ type: 'carry', to: idOf(signer), letter })
    curious.say({ type: 'ping' })
    await curious.next('pong')
    expect(curious.heard).toEqual([])
    for (const { socket } of present) socket.terminate()
  })
})

describe('a server that is killed and started again', () => {
  it('has its peers back, by and by, and they reach each other', async () => {
    const address = await serve()
    const { port } = new URL(address)
    const crowd = Array.from({ length: 40 }, () => {
      const signer = newSigner()
      const point = new WebSocketMeetingPoint({ url: address, network: 'app', webSocket: WebSocket })
      return { signer, point, witness: new Witness(point, signer) }
    })
    await Promise.all(crowd.map(({ witness }) => witness.until(() => witness.state === 'open')))
    await running[0]!.end('SIGKILL')
    await Promise.all(crowd.map(({ witness }) => witness.until(() => witness.state !== 'open')))
    for (const { witness } of crowd) witness.forget()
    const again = new Running(command.file, ['--port', port])
    running.push(again)
    await again.listening()
    await Promise.all(crowd.map(({ witness }) => witness.until(() => witness.state === 'open')))
    const [first, last] = [crowd[0]!, crowd.at(-1)!]
    first.point.carry(idOf(last.signer), letter)
    expect((await last.witness.event('letter')).letter).toEqual(letter)
    for (const { point } of crowd) point.close()
  }, 60_000)
})
