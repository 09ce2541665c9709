import type { Key } from '@hashtab/core'
import { signature } from '@hashtab/core'
import {
  checkedNetwork,
  type Clock,
  type MeetingPoint,
  type MeetingPointEvent,
  PeerError,
  type Random,
  type Signer,
  SystemClock,
  systemRandom,
} from '@hashtab/peer'
import { SignalingClient, type SignalingClientEffect, type SignalingClientEvent } from './signaling-client.js'
import { signalingSubprotocol } from './signaling-message.js'
import type { Socket, SocketConstructor, SocketEvent } from './socket.js'

/** Letters are dropped while this much waits in the socket: a line so slow brings none in time. */
export const bufferedBytesMax = 64 * 1024

/** The code with which a server that restarts closes (IANA's registry of WebSocket close codes). */
const serviceRestart = 1012

export interface WebSocketMeetingPointOptions {
  /** Where the signalling server is: `wss://signal.example.org`, or `ws://` for one on this machine. */
  readonly url: string
  readonly network: string
  /** Default: the platform's. Node 20 has none: pass the one of the `ws` package. */
  readonly webSocket?: SocketConstructor
  readonly clock?: Clock
  readonly random?: Random
}

/** Meets peers at a signalling server, proves its key there, and comes back by itself when the server was gone. */
export class WebSocketMeetingPoint implements MeetingPoint {
  readonly name: string
  readonly #url: string
  readonly #network: string
  readonly #webSocket: SocketConstructor
  readonly #clock: Clock
  readonly #random: Random
  #self: Signer | undefined
  #listener: (event: MeetingPointEvent) => void = () => {}
  #client: SignalingClient | undefined
  #socket: Socket | undefined
  #takeBackWake = () => {}

  /** Throws a `PeerError` (`invalid`) where the address is no WebSocket's or the network's name is none, and a `TypeError` where the platform has no WebSocket. */
  constructor(options: WebSocketMeetingPointOptions) {
    this.#url = checkedUrl(options.url)
    this.#network = checkedNetwork(options.network)
    this.name = this.#url
    this.#webSocket = options.webSocket ?? platformWebSocket()
    this.#clock = options.clock ?? new SystemClock()
    this.#random = options.random ?? systemRandom
  }

  start(self: Signer, listener: (event: MeetingPointEvent) => void): void {
    if (this.#client !== undefined) return
    this.#self = self
    this.#listener = listener
    this.#client = new SignalingClient({ network: this.#network, publicKey: self.publicKey, fraction: () => this.#fraction() })
    this.#handle({ type: 'started' })
  }

  carry(to: Key, letter: Uint8Array): void {
    this.#handle({ type: 'asked to carry', to, letter })
  }

  wake(): void {
    this.#handle({ type: 'woken' })
  }

  close(): void {
    this.#handle({ type: 'stopped' })
  }

  #handle(event: SignalingClientEvent): void {
    const client = this.#client
    if (client === undefined) return
    this.#takeBackWake()
    for (const effect of client.handle(event, this.#clock.nowMs())) this.#perform(effect)
    if (client.wakeAtMs === undefined) return
    this.#takeBackWake = this.#clock.wake(Math.max(0, client.wakeAtMs - this.#clock.nowMs()), () => this.#handle({ type: 'ticked' }))
  }

  #perform(effect: SignalingClientEffect): void {
    switch (effect.type) {
      case 'dial':
        return this.#dial(effect.socket)
      case 'sign':
        return this.#sign(effect.socket, effect.message)
      case 'send':
        if (this.#socket !== undefined && this.#socket.bufferedAmount <= bufferedBytesMax) this.#socket.send(new Uint8Array(effect.bytes))
        return
      case 'hang up':
        this.#socket?.close(1000)
        this.#socket = undefined
        return
      case 'tell':
        // Not from inside a call of ours: the listener may call back.
        return queueMicrotask(() => this.#listener(effect.event))
    }
  }

  #dial(number: number): void {
    const failed = (detail: string) => this.#handle({ type: 'failed', socket: number, detail })
    let socket: Socket
    try {
      socket = new this.#webSocket(this.#url, [signalingSubprotocol])
    } catch (fault) {
      // A page that came over https may open no ws: address, and is told so by a throw.
      queueMicrotask(() => failed(fault instanceof Error ? fault.message : String(fault)))
      return
    }
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('message', ({ data }) => {
      if (data instanceof ArrayBuffer) this.#handle({ type: 'heard', socket: number, bytes: new Uint8Array(data) })
      else failed('not the protocol of a signalling server (a text)')
    })
    // Browsers say nothing in an error, and follow it with a close.
    socket.addEventListener('error', () => {})
    socket.addEventListener('close', (event) => {
      this.#handle({ type: 'failed', socket: number, detail: closeDetail(event), isRestart: event.code === serviceRestart })
    })
    this.#socket = socket
  }

  #sign(number: number, message: Uint8Array): void {
    this.#self!.sign(message).then(
      (signed) => this.#handle({ type: 'signed', socket: number, signature: signature(signed) }),
      (fault: unknown) => this.#handle({ type: 'failed', socket: number, detail: `the key could not sign: ${String(fault)}` }),
    )
  }

  /** 32 random bits, as a number from 0 to below 1. */
  #fraction(): number {
    const bytes = this.#random(4)
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32
  }
}

function closeDetail({ code, reason }: SocketEvent): string {
  if (code === undefined || code === 1006) return 'no answer, or the line was cut'
  return `closed by the server (${code}${reason ? `, ${reason}` : ''})`
}

function checkedUrl(url: string): string {
  if (!/^wss?:\/\//.test(url) || !URL.canParse(url)) {
    throw new PeerError(
      'invalid',
      `"${url}" is no signalling server: give an address like wss://signal.example.org/signal (ws:// on this machine only).`,
    )
  }
  return url
}

function platformWebSocket(): SocketConstructor {
  if (typeof WebSocket === 'function') return WebSocket
  throw new TypeError('No WebSocket here: pass that of the package "ws" as the option `webSocket`.')
}
