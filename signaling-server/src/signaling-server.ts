import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { encodeUtf8, Key, type PublicKey } from '@hashtab/core'
import type { IceServer } from '@hashtab/peer'
import { type RefuseCode, signalingMessageBytesMax, signalingSubprotocol } from '@hashtab/signaling/protocol'
import { WebSocketServer } from 'ws'
import { Allowance } from './allowance.js'
import type { CommonsEvent } from './commons/commons.js'
import { Door, turnAway } from './door.js'
import { Gathering } from './gathering.js'
import { limitsWith, type SignalingLimits } from './limits.js'
import { addressOf, listenAt, stopListening } from './listening.js'
import { Log } from './log.js'
import { Metrics } from './metrics.js'
import { checkIceServers, type Health, type SignalingServerOptions } from './server-options.js'
import { statusPages } from './status-pages.js'
import { turnServer } from './turn.js'
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
/** A heartbeat goes through the sockets in so many steps, at least `beatStepMs` apart: ten thousand at once would hold up every letter. */
const beatStepsMax = 30
const beatStepMs = 10
/** While draining, a share of the sockets is dismissed this often. */
const drainStepMs = 100

export interface SignalingServer {
  /** Rejects with a `SignalingServerError` when the port cannot be had. With a shared `server`: resolves at once. */
  listen(): Promise<void>
  /** `ws://127.0.0.1:8787/signal`. Throws before it listens. */
  readonly address: string
  health(): Health
  /** The metrics, in Prometheus's text format. */
  metricsText(): Promise<string>
  /** Takes no more newcomers, dismisses its sockets bit by bit over this time (they come back to other servers, each when it likes), and closes. */
  drain(overMs: number): Promise<void>
  /** Takes leave of every socket, waits for them up to `closeDeadlineMs`, and is gone. */
  close(): Promise<void>
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
  readonly #door: Door
  readonly #sockets: WebSocketServer
  readonly #visitors = new Set<Visitor>()
  /** By the key of the network's name: the names themselves are not kept. */
  readonly #networks = new Map<string, Gathering>()
  readonly #proves: Allowance
  readonly metrics: Metrics
  readonly #log: Log
  readonly #heart: NodeJS.Timeout
  readonly #beatSteps: number
  #beats = 0
  readonly #startedMs = performance.now()
  /** How many visitors came so far. */
  #came = 0
  #draining: Promise<void> | undefined
  #closing: Promise<void> | undefined
  #onLastGone = () => {}

  constructor(options: SignalingServerOptions) {
    this.#options = options
    this.#path = options.path ?? '/signal'
    this.limits = limitsWith(options.limits ?? {})
    checkIceServers(options)
    this.#proves = new Allowance(this.limits.provesPerS, this.limits.provesPerS, performance.now())
    this.#door = new Door({
      path: this.#path,
      origins: options.origins,
      clientAddressHeader: options.clientAddressHeader,
      countOwnMachine: options.countOwnMachine ?? false,
      limits: this.limits,
    })
    this.#log = new Log(options.log, options.logAddresses ?? false)
    this.metrics = new Metrics(() => this.#present, options.processMetrics ?? false)
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: signalingMessageBytesMax,
      maxFragments: fragmentsMax,
      maxBufferedChunks: chunksMax,
      perMessageDeflate: false,
      autoPong: false,
      handleProtocols: () => signalingSubprotocol,
    })
    this.#http = options.server ?? this.#ownServer()
    this.#http.on('upgrade', this.#upgrade)
    this.#beatSteps = Math.max(1, Math.min(beatStepsMax, Math.floor(this.limits.heartbeatMs / beatStepMs)))
    this.#heart = setInterval(() => this.#beat(), this.limits.heartbeatMs / this.#beatSteps).unref()
    options.commons?.start((event) => this.#heard(event))
  }

  async listen(): Promise<void> {
    if (this.#options.server !== undefined) return
    try {
      await listenAt(this.#http, this.#options.port ?? 0, this.#options.host ?? '127.0.0.1')
    } catch (fault) {
      await this.close()
      throw fault
    }
    // Out of file descriptors, say: a connection that could not be taken is no reason to end.
    this.#http.on('error', (fault) => this.#log.note({ event: 'connection failed', why: fault.message }))
    this.#log.note({ event: 'listening', address: this.address })
  }

  get address(): string {
    return `ws://${addressOf(this.#http)}${this.#path}`
  }

  health(): Health {
    const { commons } = this.#options
    return {
      status: this.#closing !== undefined ? 'closing' : this.#draining !== undefined ? 'draining' : 'ok',
      sockets: this.#visitors.size,
      networks: this.#networks.size,
      uptimeS: Math.floor((performance.now() - this.#startedMs) / 1000),
      ...(commons !== undefined && { sharing: commons.state, servers: commons.servers }),
    }
  }

  metricsText(): Promise<string> {
    return this.metrics.text()
  }

  drain(overMs: number): Promise<void> {
    this.#draining ??= this.#drain(overMs)
    return this.#draining
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  mayProve(): boolean {
    return this.#proves.spend(performance.now()) === 'granted'
  }

  admit(visitor: Visitor, name: string, id: string, publicKey: PublicKey): Gathering | undefined {
    const network = Key.hash(encodeUtf8(name)).hex
    const gathering = this.#networks.get(network) ?? this.#newGathering(network)
    return gathering.enter(visitor, id, publicKey) ? gathering : undefined
  }

  refused(visitor: Visitor, code: RefuseCode): void {
    this.metrics.refused(code)
    this.#log.refused(code, visitor.address)
  }

  gone(visitor: Visitor): void {
    this.#visitors.delete(visitor)
    if (this.#visitors.size === 0) this.#onLastGone()
  }

  get #present() {
    const { commons } = this.#options
    return {
      sockets: this.#visitors.size,
      networks: this.#networks.size,
      servers: commons?.servers,
      isShared: commons?.state === 'shared',
    }
  }

  #newGathering(network: string): Gathering {
    const gathering = new Gathering({
      network,
      limits: this.limits,
      metrics: this.metrics,
      commons: this.#options.commons,
      iceServersFor: (id) => this.#iceServersFor(id),
      onEmpty: () => this.#networks.delete(network),
    })
    this.#networks.set(network, gathering)
    return gathering
  }

  #iceServersFor(id: string): readonly IceServer[] {
    const { iceServers = [], turn } = this.#options
    return turn === undefined ? iceServers : [...iceServers, turnServer(turn, id, Date.now() / 1000)]
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
      statusPages({ health: () => this.health(), metrics: () => this.metricsText(), metricsType: this.metrics.contentType }),
    )
    server.maxConnections = this.limits.socketsMax + spareConnections
    // Counted before they have said a word, so that connections that never do take nobody else's place.
    if (this.#options.clientAddressHeader === undefined) {
      server.on('connection', (socket) => {
        if (this.#door.mayConnect(socket)) return
        this.#turnedAway(0, socket.remoteAddress)
        socket.destroy()
      })
    }
    return server
  }

  readonly #upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // A shared server may serve other sockets, at other paths.
    if (!this.#door.isOurs(request) && this.#http.listenerCount('upgrade') > 1) return
    socket.on('error', () => socket.destroy())
    const isFull = this.#draining !== undefined || this.#closing !== undefined || this.#visitors.size >= this.limits.socketsMax
    const judgement = this.#door.judge(request, isFull)
    const address = this.#options.logAddresses ? this.#door.addressOf(request) : undefined
    if (judgement.type === 'refused') {
      this.#turnedAway(judgement.status, address)
      return turnAway(socket, judgement.status)
    }
    socket.once('close', judgement.leave)
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) =>
      this.#visitors.add(new Visitor(webSocket, this, ++this.#came, address)),
    )
  }

  #turnedAway(status: number, address: string | undefined): void {
    this.metrics.turnedAway(status)
    this.#log.turnedAway(String(status), address)
  }

  #heard(event: CommonsEvent): void {
    switch (event.type) {
      case 'letter':
        return this.#networks.get(event.network)?.arrived(event.id, event.letter)
      case 'peers':
        return this.#networks.get(event.network)?.cameElsewhere(event.id, event.peers)
      case 'replaced':
        return this.#networks.get(event.network)?.replacedElsewhere(event.id)
      case 'malformed':
        return this.metrics.wasMalformed()
      case 'state':
        this.#log.note({ event: 'sharing', state: event.state, why: event.why })
        return this.#counted()
      case 'counted':
        return this.#counted()
    }
  }

  #counted(): void {
    for (const gathering of this.#networks.values()) gathering.counted()
  }

  #beat(): void {
    const step = this.#beats++ % this.#beatSteps
    for (const visitor of this.#visitors) if (visitor.number % this.#beatSteps === step) visitor.beat()
    if (step === 0) this.#log.beat(this.#visitors.size, this.#networks.size)
  }

  async #drain(overMs: number): Promise<void> {
    this.#log.note({ event: 'draining', sockets: this.#visitors.size, overMs })
    for (let stepsLeft = Math.max(1, Math.ceil(overMs / drainStepMs)); stepsLeft > 0 && this.#closing === undefined; stepsLeft--) {
      const staying = [...this.#visitors].filter((visitor) => !visitor.isLeaving)
      if (staying.length === 0) break
      for (const visitor of staying.slice(0, Math.ceil(staying.length / stepsLeft))) visitor.dismiss('restarting')
      await new Promise((resolve) => setTimeout(resolve, drainStepMs))
    }
    return this.close()
  }

  async #close(): Promise<void> {
    clearInterval(this.#heart)
    this.#http.off('upgrade', this.#upgrade)
    const stopped = this.#options.server === undefined ? stopListening(this.#http) : Promise.resolve()
    if (this.#visitors.size > 0) {
      const lastGone = new Promise<void>((resolve) => (this.#onLastGone = resolve))
      for (const visitor of this.#visitors) visitor.dismiss('closing')
      await lastGone
    }
    await stopped
    await this.#options.commons?.close()
    this.#log.note({ event: 'closed' })
  }
}
