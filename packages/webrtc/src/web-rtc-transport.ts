import { isMalformed } from '@hashtab/core'
import {
  type Clock,
  type CloseReason,
  type IceServer,
  type LinkId,
  SystemClock,
  type Transport,
  type TransportEvent,
  type TransportOptions,
} from '@hashtab/peer'
import { Collector } from './collector.js'
import { Connection, type Role, type WebRtcImplementation } from './connection.js'
import { decodeDescription } from './description.js'
import { chooseIceServers } from './ice-servers.js'
import { Link } from './link.js'

export interface WebRtcTransportOptions extends TransportOptions {
  /** What makes connections; default: the browser. */
  readonly wrtc?: WebRtcImplementation
  /** What runs the deadlines; default: the platform's. */
  readonly clock?: Pick<Clock, 'wake'>
  /** Whether other ends may have this machine send packets to itself, where its own services listen. Default: only if the page comes from it. */
  readonly loopback?: boolean
}

/**
 * The `Transport` over WebRTC data channels, one simple-peer a link. Source: RFC 8825 to 8835; limits: the package's README.
 * Throws a `TypeError` where there is no WebRTC (workers, Node without `@hashtab/webrtc/node`).
 */
export class WebRtcTransport implements Transport {
  readonly #wrtc: WebRtcImplementation
  readonly #clock: Pick<Clock, 'wake'>
  readonly #loopback: boolean
  readonly #collector: Collector
  readonly #links = new Map<LinkId, Link>()
  /** Links that are over, and whose `closed` is not told yet. */
  readonly #ending = new Set<LinkId>()
  /** Those of this end, whatever a meeting point hands out. */
  readonly #ownIceServers: readonly IceServer[]
  #iceServers: RTCIceServer[]
  #listener: ((event: TransportEvent) => void) | undefined
  #connectionsMade = 0

  constructor(options: WebRtcTransportOptions = {}) {
    this.#wrtc = options.wrtc ?? browserWebRtc()
    this.#clock = options.clock ?? new SystemClock()
    this.#loopback = options.loopback ?? isPageOfThisMachine()
    this.#collector = new Collector(this.#clock)
    this.#ownIceServers = options.iceServers ?? []
    this.#iceServers = chooseIceServers(this.#ownIceServers)
  }

  get connectionsMade(): number {
    return this.#connectionsMade
  }

  start(listener: (event: TransportEvent) => void): void {
    this.#listener = listener
  }

  offer(link: LinkId): void {
    if (this.#accepts(link)) this.#begin(link, 'offering')
  }

  answer(link: LinkId, bytes: Uint8Array): void {
    if (!this.#accepts(link)) return
    const description = decodeDescription(bytes)
    if (!isMalformed(description) && description.setup === 'actpass') return this.#begin(link, 'answering').describeRemote(description)
    // No connection is made for a bad description: each holds a slot in the browser.
    this.#closed(link, 'abused')
  }

  accept(link: LinkId, bytes: Uint8Array): void {
    const known = this.#links.get(link)
    if (known === undefined) return
    const description = decodeDescription(bytes)
    if (isMalformed(description)) known.abuse()
    else known.describeRemote(description)
  }

  addCandidates(link: LinkId, candidates: Uint8Array): void {
    this.#links.get(link)?.addCandidates(candidates)
  }

  /** Throws a `RangeError` for a message that is empty or longer than `messageBytesMax`. Before `opened` it is ignored. */
  send(link: LinkId, message: Uint8Array): void {
    this.#links.get(link)?.send(message)
  }

  bufferedBytes(link: LinkId): number {
    return this.#links.get(link)?.bufferedBytes ?? 0
  }

  end(link: LinkId): void {
    const known = this.#links.get(link)
    this.#links.delete(link)
    this.#ending.delete(link)
    known?.end()
  }

  /** Of many, the first two of STUN and the first two of TURN are used, the transport's own before these. */
  useIceServers(servers: readonly IceServer[]): void {
    this.#iceServers = chooseIceServers([...this.#ownIceServers, ...servers])
  }

  close(): void {
    this.#listener = undefined
    for (const link of [...this.#links.keys()]) this.end(link)
    this.#ending.clear()
    this.#collector.close()
  }

  #accepts(link: LinkId): boolean {
    return this.#listener !== undefined && !this.#links.has(link) && !this.#ending.has(link)
  }

  #begin(id: LinkId, role: Role): Link {
    const link = new Link(id, role, this.#clock, this.#loopback, {
      tell: (event) => this.#tell(event),
      closed: (closed, reason) => this.#closed(closed, reason),
    })
    this.#links.set(id, link)
    const connection = Connection.make(this.#wrtc, this.#iceServers, role, link)
    if (connection === undefined) this.#collector.call()
    else this.#connectionsMade++
    link.begin(connection)
    return link
  }

  #closed(link: LinkId, reason: CloseReason): void {
    this.#links.delete(link)
    this.#ending.add(link)
    queueMicrotask(() => {
      if (this.#ending.delete(link)) this.#listener?.({ type: 'closed', link, reason })
    })
  }

  #tell(event: TransportEvent): void {
    if (this.#links.has(event.link)) this.#listener?.(event)
  }
}

/** In Node there is no page: false. */
function isPageOfThisMachine(): boolean {
  const { location } = globalThis as { location?: Location }
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(location?.hostname ?? '')
}

function browserWebRtc(): WebRtcImplementation {
  if (typeof RTCPeerConnection !== 'function') {
    throw new TypeError('No WebRTC here: in Node use createNodeTransport() of @hashtab/webrtc/node; workers have none.')
  }
  return { RTCPeerConnection, RTCSessionDescription, RTCIceCandidate }
}
