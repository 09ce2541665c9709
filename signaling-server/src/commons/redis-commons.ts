import { randomBytes } from 'node:crypto'
import { isMalformed, Key, publicKey, publicKeyBytes, type PublicKey } from '@hashtab/core'
import { type ChainableCommander, Redis } from 'ioredis'
import { type CommonsMessage, decodeCommonsMessage, encodeCommonsMessage, serverNameBytes } from './commons-message.js'
import type { Commons, CommonsEvent, CommonsState, Stay } from './commons.js'

/** How long Redis may take to answer: it is next door. After that it counts as gone. */
const replyTimeoutMs = 1_000
/** Tries to reach Redis again are at most this far apart. */
const reconnectMaxMs = 1_000
/** A lease is renewed this many times before it would end. */
const renewalsPerLease = 3
/** Peers drawn from Redis for an introduction to 8: some are our own, or gone. */
const drawnMax = 24
/** Letters on their way to Redis: 4 MiB at most. More are dropped: letters are best effort. */
const lettersUnderwayMax = 1_024
/** Channels, or networks, in one request: so that the only thread is free again within milliseconds. */
const batchMax = 256
/** More than any network has: what Redis counts is not believed beyond it. */
const presentMax = 1_000_000

/** Names what the version of this protocol keeps in Redis: nobody of another version is met. */
const prefix = 'hashtab:1'
const serversKey = `${prefix}:servers`
const presentKey = (network: string): string => `${prefix}:present:${network}`
const channelOf = (network: string, id: string): string => `${prefix}:peer:${network}:${id}`

/**
 * Over Redis (6.2 or newer, for ZRANDMEMBER), on two connections.
 * 1. A peer that is here has a channel, which its server is subscribed to: letters go there. A subscription ends with its connection, so
 *    whoever is killed has no channel any more.
 * 2. For the sample there is one sorted set per network: public key and server, by the end of its lease in Redis's own time. Who is drawn
 *    and has no channel is removed at once, others go with their lease, and the set with the last.
 * 3. Of one key at two servers the later stay counts. The other hears `came` on the channel they share, and lets go; who hears of an
 *    earlier one says `came` again.
 */
export class RedisCommons implements Commons {
  readonly #leaseMs: number
  readonly #server = randomBytes(serverNameBytes)
  readonly #stays = new Map<string, Stay>()
  readonly #present = new Map<string, number>()
  readonly #commands: Redis
  readonly #ear: Redis
  #listener: (event: CommonsEvent) => void = () => {}
  /** Undefined until the first try has come to an end. */
  #state: CommonsState | undefined
  #servers = 1
  /** What Redis's clock says when our monotonic one says 0; undefined until it was asked. */
  #clockMs: number | undefined
  #lettersUnderway = 0
  #isRenewing = false
  #fault = 'not reached yet'
  #timer: NodeJS.Timeout | undefined

  /** `url`: `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. Throws a `TypeError` at any other. */
  constructor(url: string, leaseMs: number) {
    if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) throw new TypeError('A Redis address begins with redis:// or rediss://.')
    this.#leaseMs = leaseMs
    const options = {
      lazyConnect: true,
      connectTimeout: replyTimeoutMs,
      disconnectTimeout: replyTimeoutMs,
      commandTimeout: replyTimeoutMs,
      // What cannot be said now is not said later: it would be stale.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      retryStrategy: (tries: number) => Math.min(50 * 2 ** Math.min(tries, 10), reconnectMaxMs) * (0.5 + Math.random() / 2),
    }
    this.#commands = new Redis(url, options)
    this.#ear = new Redis(url, options)
  }

  start(listener: (event: CommonsEvent) => void): void {
    this.#listener = listener
    this.#ear.on('messageBuffer', (channel: Buffer, message: Buffer) => this.#hear(channel.toString('latin1'), message))
    for (const line of [this.#commands, this.#ear]) {
      line.on('error', (fault: Error) => (this.#fault = fault.message))
      line.on('close', () => this.#lose(this.#fault))
      line.on('ready', () => void this.#renew())
      line.connect().catch(() => {})
    }
    this.#timer = setInterval(() => void this.#renew(), this.#leaseMs / renewalsPerLease).unref()
  }

  get state(): CommonsState {
    return this.#state ?? 'alone'
  }

  get servers(): number {
    return this.#servers
  }

  present(network: string): number {
    return this.#present.get(network) ?? 0
  }

  async enter(stay: Stay, count: number): Promise<readonly PublicKey[]> {
    const channel = channelOf(stay.network, stay.id)
    this.#stays.set(channel, stay)
    // Whoever comes before Redis's time is known is entered as soon as it is: a lease by another clock would have ended long ago.
    if (!this.#isReached || this.#clockMs === undefined) return []
    try {
      await this.#ear.subscribe(channel)
      const key = presentKey(stay.network)
      const replies = await done(
        this.#commands
          .pipeline()
          .zadd(key, this.#nowMs + this.#leaseMs, this.#memberOf(stay))
          .pexpire(key, this.#leaseMs)
          .publish(channel, this.#came(stay))
          .zcard(key)
          .zrandmemberBuffer(key, drawnMax, 'WITHSCORES'),
      )
      this.#count(stay.network, replies[3])
      return await this.#introduce(stay, this.#othersIn(replies[4]), count)
    } catch (fault) {
      this.#doubt(fault)
      return []
    }
  }

  leave(stay: Stay): void {
    const channel = channelOf(stay.network, stay.id)
    if (this.#stays.get(channel) !== stay) return
    this.#stays.delete(channel)
    if (!this.#isReached) return
    const doubt = (fault: unknown) => this.#doubt(fault)
    this.#ear.unsubscribe(channel).catch(doubt)
    this.#commands.zrem(presentKey(stay.network), this.#memberOf(stay)).catch(doubt)
  }

  carry(network: string, id: string, letter: Uint8Array): void {
    if (!this.#isReached || this.#lettersUnderway >= lettersUnderwayMax) return
    this.#lettersUnderway++
    this.#commands
      .publish(channelOf(network, id), bufferOf({ type: 'letter', letter }))
      .catch((fault: unknown) => this.#doubt(fault))
      .finally(() => this.#lettersUnderway--)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#listener = () => {}
    const farewell = this.#commands.pipeline().zrem(serversKey, this.#server)
    for (const stay of this.#stays.values()) farewell.zrem(presentKey(stay.network), this.#memberOf(stay))
    this.#stays.clear()
    // Unsaid, it is true a lease later all the same.
    if (this.#isReached) await done(farewell).catch(() => {})
    this.#ear.disconnect()
    this.#commands.disconnect()
  }

  get #isReached(): boolean {
    return this.#commands.status === 'ready' && this.#ear.status === 'ready'
  }

  /** Redis's time. */
  get #nowMs(): number {
    return Math.round((this.#clockMs ?? 0) + performance.now())
  }

  /** Makes those drawn and the newcomer known to each other, until `count` were reached. */
  async #introduce(stay: Stay, drawn: readonly Buffer[], count: number): Promise<PublicKey[]> {
    const keys = [...new Set(drawn.map((member) => member.toString('hex', 0, publicKeyBytes)))].map((digits) => Buffer.from(digits, 'hex'))
    const others = keys.filter((bytes) => !bytes.equals(stay.publicKey)).slice(0, count)
    if (others.length === 0) return []
    const message = bufferOf({ type: 'peers', peers: [stay.publicKey] })
    const asking = this.#commands.pipeline()
    for (const other of others) asking.publish(channelOf(stay.network, Key.hash(other).hex), message)
    const receivers = await done(asking)
    const gone = others.filter((_, i) => receivers[i] === 0)
    for (const member of drawn.filter((member) => gone.some((bytes) => bytes.equals(member.subarray(0, publicKeyBytes))))) {
      this.#commands.zrem(presentKey(stay.network), member).catch((fault: unknown) => this.#doubt(fault))
    }
    return others.filter((bytes) => !gone.includes(bytes)).map((bytes) => publicKey(new Uint8Array(bytes)))
  }

  /** Of members and scores in turn, those at other servers whose lease lasts. */
  #othersIn(reply: unknown): Buffer[] {
    if (!Array.isArray(reply)) return []
    return reply.flatMap((member: unknown, i) => {
      if (i % 2 === 1 || !(member instanceof Buffer)) return []
      if (member.length !== publicKeyBytes + serverNameBytes) return this.#malformed('a member that is none')
      const isOurs = member.subarray(publicKeyBytes).equals(this.#server)
      return isOurs || Number(String(reply[i + 1])) < this.#nowMs ? [] : [member]
    })
  }

  /** Says anew all that is true of this server, and learns what is of the others. The first time after a loss: makes up for what was missed. */
  async #renew(): Promise<void> {
    if (this.#isRenewing || !this.#isReached) return
    this.#isRenewing = true
    try {
      const isFirst = this.#state !== 'shared'
      await this.#ear.ping()
      const [time] = await done(this.#commands.pipeline().time())
      this.#setClock(time)
      if (isFirst) for (const batch of batches(this.#stays.keys())) await this.#ear.subscribe(...batch)
      await this.#renewServer()
      for (const batch of batches(byNetwork(this.#stays.values()))) await this.#renewNetworks(batch)
      if (isFirst) for (const batch of batches(this.#stays)) await this.#sayCame(batch)
      if (isFirst) this.#become('shared', 'Redis is reached')
      this.#listener({ type: 'counted' })
    } catch (fault) {
      this.#doubt(fault)
    } finally {
      this.#isRenewing = false
    }
  }

  async #renewServer(): Promise<void> {
    const servers = this.#commands.pipeline().zadd(serversKey, this.#nowMs + this.#leaseMs, this.#server)
    const replies = await done(
      servers.zremrangebyscore(serversKey, '-inf', this.#nowMs).pexpire(serversKey, this.#leaseMs).zcard(serversKey),
    )
    this.#servers = Math.max(1, Math.min(Number(replies[3]), presentMax))
  }

  async #renewNetworks(networks: readonly (readonly [string, readonly Stay[]])[]): Promise<void> {
    const renewal = this.#commands.pipeline()
    for (const [network, stays] of networks) {
      const key = presentKey(network)
      const endsMs = this.#nowMs + this.#leaseMs
      renewal.zadd(key, ...stays.flatMap((stay) => [endsMs, this.#memberOf(stay)]))
      renewal.zremrangebyscore(key, '-inf', this.#nowMs).pexpire(key, this.#leaseMs).zcard(key)
    }
    const replies = await done(renewal)
    networks.forEach(([network], i) => this.#count(network, replies[4 * i + 3]))
  }

  async #sayCame(stays: readonly (readonly [string, Stay])[]): Promise<void> {
    const saying = this.#commands.pipeline()
    for (const [channel, stay] of stays) saying.publish(channel, this.#came(stay))
    await done(saying)
  }

  #hear(channel: string, received: Buffer): void {
    const stay = this.#stays.get(channel)
    // Of one who has just left.
    if (stay === undefined) return
    const message = decodeCommonsMessage(new Uint8Array(received))
    if (isMalformed(message)) return void this.#malformed(message.malformed)
    const { network, id } = stay
    if (message.type !== 'came') return this.#listener({ ...message, network, id })
    const own = this.#server.toString('hex')
    if (message.server === own) return
    const sinceMs = this.#unixMs(stay)
    if (message.atMs > sinceMs || (message.atMs === sinceMs && message.server > own))
      return this.#listener({ type: 'replaced', network, id })
    this.#commands.publish(channel, this.#came(stay)).catch((fault: unknown) => this.#doubt(fault))
  }

  /** Something went wrong that may mean that Redis is gone, or hangs: both lines are made anew. */
  #doubt(fault: unknown): void {
    this.#fault = fault instanceof Error ? fault.message : String(fault)
    for (const line of [this.#commands, this.#ear]) if (line.status === 'ready') line.disconnect(true)
    this.#lose(this.#fault)
  }

  #lose(why: string): void {
    this.#servers = 1
    this.#present.clear()
    this.#become('alone', why)
  }

  #become(state: CommonsState, why: string): void {
    if (this.#state === state) return
    this.#state = state
    this.#listener({ type: 'state', state, why })
  }

  #setClock(time: unknown): void {
    const [seconds, microseconds] = Array.isArray(time) ? time.map(Number) : []
    const unixMs = (seconds ?? Number.NaN) * 1000 + (microseconds ?? Number.NaN) / 1000
    if (!(unixMs > 0 && unixMs < 2 ** 47)) throw new TypeError('Redis does not know the time.')
    this.#clockMs = unixMs - performance.now()
  }

  #count(network: string, reply: unknown): void {
    this.#present.set(network, Math.max(0, Math.min(Number(reply) || 0, presentMax)))
    // Nothing is known of networks without a peer here.
    if (this.#present.size > 2 * this.#stays.size + batchMax) {
      const live = new Set([...this.#stays.values()].map((stay) => stay.network))
      for (const known of this.#present.keys()) if (!live.has(known)) this.#present.delete(known)
    }
  }

  #memberOf(stay: Stay): Buffer {
    return Buffer.concat([stay.publicKey, this.#server])
  }

  #came(stay: Stay): Buffer {
    return bufferOf({ type: 'came', server: this.#server.toString('hex'), atMs: this.#unixMs(stay) })
  }

  #unixMs(stay: Stay): number {
    return Math.max(0, Math.round((this.#clockMs ?? 0) + stay.sinceMs))
  }

  #malformed(why: string): [] {
    this.#listener({ type: 'malformed', why })
    return []
  }
}

/** Sends these, and resolves with their replies; rejects with the first fault. */
async function done(commands: ChainableCommander): Promise<unknown[]> {
  const replies = (await commands.exec()) ?? []
  for (const [fault] of replies) if (fault !== null) throw fault
  return replies.map(([, reply]) => reply)
}

function bufferOf(message: CommonsMessage): Buffer {
  return Buffer.from(encodeCommonsMessage(message))
}

function byNetwork(stays: Iterable<Stay>): Map<string, Stay[]> {
  const networks = new Map<string, Stay[]>()
  for (const stay of stays) {
    const known = networks.get(stay.network)
    if (known === undefined) networks.set(stay.network, [stay])
    else known.push(stay)
  }
  return networks
}

/** These in lists of at most `batchMax`; taken down at once, for they change while one waits. */
function batches<T>(items: Iterable<T>): T[][] {
  const all = [...items]
  return Array.from({ length: Math.ceil(all.length / batchMax) }, (_, i) => all.slice(i * batchMax, (i + 1) * batchMax))
}
