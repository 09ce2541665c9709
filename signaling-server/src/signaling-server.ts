import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { isMalformed } from '@hashtab/core'
import type { IceServer } from '@hashtab/peer'
import {
  decodeServerMessage,
  encodeServerMessage,
  type RefuseCode,
  signalingMessageBytesMax,
  signalingSubprotocol,
} from '@hashtab/signaling/protocol'
import { WebSocketServer } from 'ws'
import { AddressBlocks } from './address-blocks.js'
import { Allowance } from './allowance.js'
import { Gathering } from './gathering.js'
import { healthHandler } from './health.js'
import { limitsWith, type SignalingLimits } from './limits.js'
import { addressOf, listenAt, stopListening } from './listening.js'
import { type House, Visitor } from './visitor.js'

/** Fragments of one message: ours come whole, a proxy may cut them. */
const fragmentsMax = 16
/** Pieces in which one message may trickle in: 64 bytes each, for the longest. */
const chunksMax = 256
/** Bytes of the request that opens a socket, cookies and all. */
const headerBytesMax = 8 * 1024
/** Requests that take too long are looked for this often. Node's own default, 30 s, would let them stay four times as long as they may. */
const requestCheckMs = 2_500
/** Connections beyond `socketsMax`: health checks, and those that are being told there is no room. */
const spareConnections = 64

export interface SignalingServerOptions {
  /** An HTTP server to share: sockets are taken at `path`, and whether it listens is its owner's affair. Default: one of our own. */
  readonly server?: Server
  /** Of our own HTTP server. Default 0: any free one. */
  readonly port?: number
  /** Of our own HTTP server. Default 127.0.0.1: whoever wants to be reached from elsewhere says so. */
  readonly host?: string
  /** Default '/signal'. */
  readonly path?: string
  /** Pages of these origins only; programs other than browsers send none and are let in. Default: all. */
  readonly origins?: readonly string[]
  /**
   * The header in which the proxy in front says whose request it is: 'x-forwarded-for', say; of several addresses the last counts, which is
   * what the proxy itself has added. Only where nobody gets past the proxy, for anybody can write a header. Default: none, the socket's own address counts.
   */
  readonly clientAddressHeader?: string
  /** Handed out to everybody who has proved a key. Default: none. */
  readonly iceServers?: readonly IceServer[]
  readonly limits?: Partial<SignalingLimits>
  /** Takes a line now and then, without a name or an IP address in it. Default: nobody. */
  readonly log?: (line: string) => void
}

export interface SignalingServer {
  /** Rejects with a `SignalingServerError` when the port cannot be had. With a shared `server`: resolves at once. */
  listen(): Promise<void>
  /** `ws://127.0.0.1:8787/signal`. Throws before it listens. */
  readonly address: string
  health(): Health
  /** Takes leave of every socket, waits for them up to `closeDeadlineMs`, and is gone. */
  close(): Promise<void>
}

export interface Health {
  readonly status: 'ok' | 'closing'
  readonly sockets: number
  readonly networks: number
  readonly uptimeS: number
}

/** Makes a signalling server. Throws a `TypeError` or `RangeError` for options that cannot be. */
export function createSignalingServer(options: SignalingServerOptions = {}): SignalingServer {
  return new ThinServer(options)
}

class ThinServer implements SignalingServer, House {
  readonly limits: SignalingLimits
  readonly #options: SignalingServerOptions
  readonly #path: string
  readonly #http: Server
  readonly #sockets: WebSocketServer
  readonly #visitors = new Set<Visitor>()
  readonly #networks = new Map<string, Gathering>()
  readonly #proves: Allowance
  readonly #blocks: AddressBlocks
  readonly #refusals = new Map<RefuseCode, number>()
  readonly #heart: NodeJS.Timeout
  readonly #startedMs = performance.now()
  #closing: Promise<void> | undefined
  #onLastGone = () => {}

  constructor(options: SignalingServerOptions) {
    this.#options = options
    this.#path = options.path ?? '/signal'
    this.limits = limitsWith(options.limits ?? {})
    checkIceServers(options.iceServers ?? [])
    this.#proves = new Allowance(this.limits.provesPerS, this.limits.provesPerS, performance.now())
    this.#blocks = new AddressBlocks(this.limits)
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: signalingMessageBytesMax,
      maxFragments: fragmentsMax,
      maxBufferedChunks: chunksMax,
      perMessageDeflate: false,
      handleProtocols: () => signalingSubprotocol,
    })
    this.#http = options.server ?? this.#ownServer()
    this.#http.on('upgrade', this.#upgrade)
    this.#heart = setInterval(() => this.#beat(), this.limits.heartbeatMs).unref()
  }

  async listen(): Promise<void> {
    if (this.#options.server !== undefined) return
    await listenAt(this.#http, this.#options.port ?? 0, this.#options.host ?? '127.0.0.1')
    // Out of file descriptors, say: a connection that could not be taken is no reason to end.
    this.#http.on('error', (fault) => this.#options.log?.(`a connection failed: ${fault.message}`))
    this.#options.log?.(`listening at ${this.address}`)
  }

  get address(): string {
    return `ws://${addressOf(this.#http)}${this.#path}`
  }

  health(): Health {
    return {
      status: this.#closing === undefined ? 'ok' : 'closing',
      sockets: this.#visitors.size,
      networks: this.#networks.size,
      uptimeS: Math.floor((performance.now() - this.#startedMs) / 1000),
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  mayProve(): boolean {
    return this.#proves.spend(performance.now()) === 'granted'
  }

  admit(visitor: Visitor, network: string, id: string): Gathering | undefined {
    const known = this.#networks.get(network)
    const gathering = known ?? this.#newGathering(network)
    return gathering.enter(visitor, id) ? gathering : undefined
  }

  refused(code: RefuseCode): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1)
  }

  gone(visitor: Visitor): void {
    this.#visitors.delete(visitor)
    if (this.#visitors.size === 0) this.#onLastGone()
  }

  #newGathering(network: string): Gathering {
    const gathering = new Gathering({
      limits: this.limits,
      iceServers: this.#options.iceServers ?? [],
      onEmpty: () => this.#networks.delete(network),
    })
    this.#networks.set(network, gathering)
    return gathering
  }

  #ownServer(): Server {
    const { requestDeadlineMs } = this.limits
    const server = createServer(
      {
        maxHeaderSize: headerBytesMax,
        headersTimeout: requestDeadlineMs,
        requestTimeout: requestDeadlineMs,
        connectionsCheckingInterval: Math.min(requestCheckMs, requestDeadlineMs),
      },
      healthHandler(() => this.health()),
    )
    server.maxConnections = this.limits.socketsMax + spareConnections
    return server
  }

  /** Cheap checks first: nothing is kept of a request that is refused. */
  readonly #upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // A shared server may serve other sockets, at other paths.
    const isOurs = request.url?.split('?', 1)[0] === this.#path
    if (!isOurs && this.#http.listenerCount('upgrade') > 1) return
    socket.on('error', () => socket.destroy())
    const { origin } = request.headers
    const { origins } = this.#options
    if (!isOurs) return refuseUpgrade(socket, '404 Not Found')
    if (origins !== undefined && origin !== undefined && !origins.includes(origin)) return refuseUpgrade(socket, '403 Forbidden')
    if (!offersSubprotocol(request)) return refuseUpgrade(socket, '400 Bad Request')
    if (this.#closing !== undefined || this.#visitors.size >= this.limits.socketsMax)
      return refuseUpgrade(socket, '503 Service Unavailable')
    const leave = this.#blocks.enter(clientAddress(request, this.#options.clientAddressHeader), performance.now())
    if (leave === undefined) return refuseUpgrade(socket, '429 Too Many Requests')
    socket.once('close', leave)
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#visitors.add(new Visitor(webSocket, this)))
  }

  #beat(): void {
    for (const visitor of this.#visitors) visitor.beat()
    if (this.#refusals.size === 0) return
    const counts = [...this.#refusals].map(([code, count]) => `${code} ${count}`).join(', ')
    this.#refusals.clear()
    this.#options.log?.(
      `refused since the last heartbeat: ${counts}; open: ${this.#visitors.size} sockets in ${this.#networks.size} networks`,
    )
  }

  async #close(): Promise<void> {
    clearInterval(this.#heart)
    this.#http.off('upgrade', this.#upgrade)
    const stopped = this.#options.server === undefined ? stopListening(this.#http) : Promise.resolve()
    if (this.#visitors.size > 0) {
      const lastGone = new Promise<void>((resolve) => (this.#onLastGone = resolve))
      for (const visitor of this.#visitors) visitor.dismiss()
      await lastGone
    }
    await stopped
    this.#options.log?.('closed')
  }
}

function offersSubprotocol(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? ''
  return offered.split(',').some((name) => name.trim() === signalingSubprotocol)
}

function clientAddress(request: IncomingMessage, header: string | undefined): string | undefined {
  if (header === undefined) return request.socket.remoteAddress
  const said = request.headers[header.toLowerCase()]
  return (Array.isArray(said) ? said.at(-1) : said)?.split(',').at(-1)?.trim()
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** What our own decoder refuses, no client would take. */
function checkIceServers(iceServers: readonly IceServer[]): void {
  const welcome = decodeServerMessage(encodeServerMessage({ type: 'welcome', peers: [], iceServers }))
  if (isMalformed(welcome)) throw new TypeError(`These ICE servers cannot be handed out: ${welcome.malformed}.`)
}
