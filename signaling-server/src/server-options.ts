import type { Server } from 'node:http'
import { isMalformed } from '@hashtab/core'
import type { IceServer } from '@hashtab/peer'
import { decodeServerMessage, encodeServerMessage } from '@hashtab/signaling/protocol'
import type { Commons } from './commons/commons.js'
import type { SignalingLimits } from './limits.js'
import type { LogEntry } from './log.js'
import { turnServer, type TurnOptions } from './turn.js'

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
  /** Also counts sockets from this machine's own addresses, by block. Default false: they are its own programs, or a proxy's. */
  readonly countOwnMachine?: boolean
  /** Handed out to everybody who has proved a key. Default: none. */
  readonly iceServers?: readonly IceServer[]
  /** A TURN server that shares a secret with this one: each peer is handed out a name and a password of its own, for a time. Default: none. */
  readonly turn?: TurnOptions
  /** What connects this server with others behind the same balancer: a `RedisCommons`. Started and closed by the server. Default: none. */
  readonly commons?: Commons
  readonly limits?: Partial<SignalingLimits>
  /** Takes an entry now and then, without a key, a network's name or a client's address in it. Default: nobody. */
  readonly log?: (entry: LogEntry) => void
  /** Writes down who was refused, with their addresses. Default false. */
  readonly logAddresses?: boolean
  /** The metrics tell of the process, too: memory, processor, event loop. Default false: a program around the server has its own. */
  readonly processMetrics?: boolean
}

export interface Health {
  /** `draining`, `closing`: send newcomers elsewhere. */
  readonly status: 'ok' | 'draining' | 'closing'
  readonly sockets: number
  readonly networks: number
  readonly uptimeS: number
  /** Where servers share. `shared` with so many, this one among them; or `alone`: the others are not reached, and this one serves its own. */
  readonly sharing?: 'shared' | 'alone'
  readonly servers?: number
}

/** Throws a `TypeError` for ICE servers that no client would take: what our own decoder refuses. */
export function checkIceServers({ iceServers = [], turn }: SignalingServerOptions): void {
  const all = [...iceServers, ...(turn === undefined ? [] : [turnServer(turn, '0'.repeat(40), 0)])]
  const welcome = decodeServerMessage(encodeServerMessage({ type: 'welcome', peers: [], iceServers: all }))
  if (isMalformed(welcome)) throw new TypeError(`These ICE servers cannot be handed out: ${welcome.malformed}.`)
}
