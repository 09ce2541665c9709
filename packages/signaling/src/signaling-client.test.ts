import { encodeUtf8, Key, publicKey, signature } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { bytesToProve, decodeClientMessage, encodeServerMessage, type ServerMessage } from './protocol.js'
import {
  backOffMaxMs,
  goodMs,
  letterKeptMs,
  lettersKeptMax,
  pongTimeoutMs,
  restartWaitMs,
  SignalingClient,
  type SignalingClientEffect,
  type SignalingClientEvent,
  silenceMs,
  triesApartMs,
  welcomeTimeoutMs,
} from './signaling-client.js'

const self = publicKey(new Uint8Array(32).fill(1))
const other = publicKey(new Uint8Array(32).fill(2))
const otherId = Key.hash(other)
const nonce = new Uint8Array(32).fill(7)
const letter = encodeUtf8('a letter')

/** A client at a time of its own; what it orders is printed so that a reader sees it. */
class Stage {
  nowMs = 1_000_000
  fraction = 0.5
  readonly client = new SignalingClient({ network: 'app', publicKey: self, fraction: () => this.fraction })

  do(event: SignalingClientEvent): string[] {
    return this.client.handle(event, this.nowMs).map(print)
  }

  hear(socket: number, message: ServerMessage): string[] {
    return this.do({ type: 'heard', socket, bytes: encodeServerMessage(message) })
  }

  /** Lets the time pass until the client wants to be woken; answers what it ordered, and after how long. */
  tick(): [number | undefined, ...string[]] {
    const { wakeAtMs } = this.client
    const passedMs = wakeAtMs === undefined ? undefined : wakeAtMs - this.nowMs
    this.nowMs = wakeAtMs ?? this.nowMs
    return [passedMs, ...this.do({ type: 'ticked' })]
  }

  pass(ms: number): this {
    this.nowMs += ms
    return this
  }

  /** Runs to the welcome on this socket. */
  open(socket: number): string[] {
    this.hear(socket, { type: 'challenge', nonce })
    this.do({ type: 'signed', socket, signature: signature(new Uint8Array(64)) })
    return this.hear(socket, { type: 'welcome', peers: [other], iceServers: [] })
  }
}

function print(effect: SignalingClientEffect): string {
  switch (effect.type) {
    case 'send': {
      const message = decodeClientMessage(effect.bytes)
      return `send ${'type' in message ? message.type : message.malformed}`
    }
    case 'tell':
      return effect.event.type === 'state' ? `is ${effect.event.state}` : `tell ${effect.event.type}`
    case 'sign':
      expect(effect.message).toEqual(bytesToProve('app', nonce))
      return 'sign'
    case 'dial':
    case 'hang up':
      return `${effect.type} ${effect.socket}`
  }
}

describe('SignalingClient', () => {
  it('dials, proves its key and is welcome', () => {
    const stage = new Stage()
    expect(stage.do({ type: 'started' })).toEqual(['is connecting', 'dial 1'])
    expect(stage.hear(1, { type: 'challenge', nonce })).toEqual(['sign'])
    expect(stage.do({ type: 'signed', socket: 1, signature: signature(new Uint8Array(64)) })).toEqual(['send prove'])
    expect(stage.hear(1, { type: 'welcome', peers: [other], iceServers: [] })).toEqual(['is open', 'tell iceServers', 'tell peers'])
    expect(stage.hear(1, { type: 'letter', letter })).toEqual(['tell letter'])
    expect(stage.hear(1, { type: 'draw', count: 2 })).toEqual(['tell draw'])
  })

  it('waits longer with each failure, a random share of 1 s, 2 s, 4 s … 60 s', () => {
    const stage = new Stage()
    stage.fraction = 1 - 2 ** -32
    stage.do({ type: 'started' })
    const waits: number[] = []
    for (let socket = 1; socket <= 9; socket++) {
      expect(stage.do({ type: 'failed', socket, detail: 'refused' })).toEqual([`hang up ${socket}`, 'is unreachable'])
      const [waitedMs, ...orders] = stage.tick()
      expect(orders).toEqual([`dial ${socket + 1}`])
      waits.push(Math.round(waitedMs!))
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, backOffMaxMs, backOffMaxMs, backOffMaxMs])
  })

  it('takes any share of the wait, but never tries twice within a second', () => {
    const stage = new Stage()
    stage.do({ type: 'started' })
    for (let socket = 1; socket <= 5; socket++) {
      stage.do({ type: 'failed', socket, detail: '' })
      stage.tick()
    }
    stage.fraction = 0.25
    stage.do({ type: 'failed', socket: 6, detail: '' })
    expect(stage.tick()[0]).toBe(8_000)
    stage.fraction = 0
    stage.do({ type: 'failed', socket: 7, detail: '' })
    expect(stage.tick()[0]).toBe(triesApartMs)
  })

  it('begins the waits anew after a good minute, and only then', () => {
    const after = (openMs: number) => {
      const stage = new Stage()
      stage.do({ type: 'started' })
      for (let socket = 1; socket <= 5; socket++) {
        stage.do({ type: 'failed', socket, detail: '' })
        stage.tick()
      }
      stage.open(6)
      stage.pass(openMs)
      expect(stage.do({ type: 'failed', socket: 6, detail: 'gone' })).toEqual(['hang up 6', 'is connecting'])
      return stage.tick()[0]
    }
    expect(after(goodMs - 1)).toBe(16_000)
    expect(after(goodMs)).toBe(500)
  })

  it('comes back at any time of a quarter of a minute when the server restarts, and sooner when it is woken', () => {
    const stage = new Stage()
    stage.fraction = 0.75
    stage.do({ type: 'started' })
    stage.open(1)
    stage.pass(goodMs)
    expect(stage.do({ type: 'failed', socket: 1, detail: 'restarting', isRestart: true })).toEqual(['hang up 1', 'is connecting'])
    expect(stage.client.wakeAtMs).toBe(stage.nowMs + 0.75 * restartWaitMs)
    expect(stage.pass(triesApartMs).do({ type: 'woken' })).toEqual(['dial 2'])
  })

  it('gives up a server that does not welcome it in time', () => {
    const stage = new Stage()
    stage.do({ type: 'started' })
    stage.hear(1, { type: 'challenge', nonce })
    expect(stage.tick()).toEqual([welcomeTimeoutMs, 'hang up 1', 'is unreachable'])
  })

  it('asks a silent server twice before it gives it up', () => {
    const stage = new Stage()
    stage.do({ type: 'started' })
    stage.open(1)
    expect(stage.tick()).toEqual([silenceMs, 'send ping'])
    expect(stage.pass(5).hear(1, { type: 'pong' })).toEqual([])
    expect(stage.tick()).toEqual([silenceMs, 'send ping'])
    expect(stage.tick()).toEqual([pongTimeoutMs, 'send ping'])
    expect(stage.tick()).toEqual([pongTimeoutMs, 'hang up 1', 'is connecting'])
  })

  it('does not take an hour of sleep for the silence of the server', () => {
    const stage = new Stage()
    stage.do({ type: 'started' })
    stage.open(1)
    stage.tick()
    expect(stage.pass(3_600_000).do({ type: 'ticked' })).toEqual(['send ping'])
    expect(stage.hear(1, { type: 'pong' })).toEqual([])
    expect(stage.tick()).toEqual([silenceMs, 'send ping'])
  })

  it('rests when told so, and comes back when woken', () => {
    const stage = new Stage()
    stage.do({ type: 'started' })
    stage.open(1)
    expect(stage.hear(1, { type: 'rest' })).toEqual(['hang up 1', 'is resting'])
    expect(stage.do({ type: 'failed', socket: 1, detail: 'closed' })).toEqual([])
    expect(stage.client.wakeAtMs).toBeUndefined()
    expect(stage.do({ type: 'asked to carry', to: otherId, letter })).toEqual([])
    expect(stage.pass(triesApartMs).do({ type: 'woken' })).toEqual(['is connecting', 'dial 2'])
    expect(stage.open(2)).toEqual(['is open', 'tell iceServers', 'tell peers'])
  })

  it('looks who else is there when it is woken with its socket open', () => {
    const stage = new Stage()
    stage.do({ type: 'started' })
    stage.open(1)
    expect(stage.do({ type: 'woken' })).toEqual(['send look'])
    expect(stage.hear(1, { type: 'peers', peers: [other] })).toEqual(['tell peers'])
  })

  it('stays away when another tab came in with its key', () => {
    const stage = new Stage()
    stage.do({ type: 'started' })
    stage.open(1)
    expect(stage.hear(1, { type: 'refuse', code: 'replaced', message: 'twice' })).toEqual(['hang up 1', 'is resting'])
  })

  it('tries at once when woken, but not twice within a second', () => {
    const stage = new Stage()
    stage.fraction = 1
    stage.do({ type: 'started' })
    for (let socket = 1; socket <= 5; socket++) {
      stage.do({ type: 'failed', socket, detail: '' })
      stage.tick()
    }
    stage.do({ type: 'failed', socket: 6, detail: '' })
    expect(stage.pass(triesApartMs - 1).do({ type: 'woken' })).toEqual([])
    expect(stage.tick()).toEqual([1, 'dial 7'])
    expect(stage.do({ type: 'woken' })).toEqual([])
  })

  it('keeps letters until it is welcome, and none that is stale', () => {
    const stage = new Stage()
    stage.do({ type: 'started' })
    stage.do({ type: 'asked to carry', to: otherId, letter })
    expect(stage.tick()).toEqual([welcomeTimeoutMs, 'hang up 1', 'is unreachable'])
    expect(stage.tick()).toEqual([triesApartMs / 2, 'dial 2'])
    expect(welcomeTimeoutMs + triesApartMs / 2).toBeGreaterThan(letterKeptMs)
    stage.do({ type: 'asked to carry', to: otherId, letter })
    expect(stage.open(2).filter((order) => order === 'send carry')).toHaveLength(1)
  })

  it('keeps the latest letters, and carries none that is too long', () => {
    const stage = new Stage()
    stage.do({ type: 'started' })
    for (let i = 0; i < lettersKeptMax + 9; i++) stage.do({ type: 'asked to carry', to: otherId, letter })
    expect(stage.open(1).filter((order) => order === 'send carry')).toHaveLength(lettersKeptMax)
    expect(stage.do({ type: 'asked to carry', to: otherId, letter })).toEqual(['send carry'])
    expect(stage.do({ type: 'asked to carry', to: otherId, letter: new Uint8Array(4_097) })).toEqual([])
  })

  it.each<[string, ServerMessage]>([
    ['a letter', { type: 'letter', letter }],
    ['a welcome', { type: 'welcome', peers: [], iceServers: [] }],
    ['a rest', { type: 'rest' }],
    ['a refusal', { type: 'refuse', code: 'full', message: 'No room.' }],
  ])('hangs up on %s before the challenge', (_, message) => {
    const stage = new Stage()
    stage.do({ type: 'started' })
    expect(stage.hear(1, message)).toEqual(['hang up 1', 'is unreachable'])
  })

  it('signs one challenge a socket', () => {
    const stage = new Stage()
    stage.do({ type: 'started' })
    stage.hear(1, { type: 'challenge', nonce })
    expect(stage.hear(1, { type: 'challenge', nonce })).toEqual(['hang up 1', 'is unreachable'])
  })

  it('hangs up on what is no message', () => {
    const stage = new Stage()
    stage.do({ type: 'started' })
    expect(stage.do({ type: 'heard', socket: 1, bytes: encodeUtf8('hello') })).toEqual(['hang up 1', 'is unreachable'])
  })

  it('ignores what comes of an older socket', () => {
    const stage = new Stage()
    stage.do({ type: 'started' })
    stage.do({ type: 'failed', socket: 1, detail: '' })
    stage.tick()
    expect(stage.hear(1, { type: 'challenge', nonce })).toEqual([])
    expect(stage.do({ type: 'signed', socket: 1, signature: signature(new Uint8Array(64)) })).toEqual([])
    expect(stage.do({ type: 'failed', socket: 1, detail: '' })).toEqual([])
  })

  it('orders nothing once stopped', () => {
    const stage = new Stage()
    stage.do({ type: 'started' })
    expect(stage.do({ type: 'stopped' })).toEqual(['hang up 1', 'is closed'])
    expect(stage.do({ type: 'woken' })).toEqual([])
    expect(stage.client.wakeAtMs).toBeUndefined()
  })
})
