import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { signalingSubprotocol } from '@hashtab/signaling/protocol'
import { AddressBlocks, type BlockLimits } from './address-blocks.js'

export interface DoorOptions {
  readonly path: string
  readonly origins: readonly string[] | undefined
  readonly clientAddressHeader: string | undefined
  readonly countOwnMachine: boolean
  readonly limits: BlockLimits
}

export type Judgement =
  /** `leave` is to be called when the socket is gone. */
  { readonly type: 'admitted'; readonly leave: () => void } | { readonly type: 'refused'; readonly status: 400 | 403 | 404 | 429 | 503 }

const reasons = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}

/** Who may open a socket. Cheap checks first: nothing is kept of who is refused. */
export class Door {
  readonly #options: DoorOptions
  readonly #blocks: AddressBlocks
  /** Of connections that were counted when they came: their requests are not counted again. */
  readonly #counted = new WeakSet<Duplex>()

  constructor(options: DoorOptions) {
    this.#options = options
    this.#blocks = new AddressBlocks(options.limits, options.countOwnMachine)
  }

  /** Counts a connection before it has said a word; false: its block has too many. Not for connections of a proxy: those stand for everybody. */
  mayConnect(socket: Socket): boolean {
    const leave = this.#blocks.enter(socket.remoteAddress, performance.now())
    if (leave === undefined) return false
    this.#counted.add(socket)
    socket.once('close', leave)
    return true
  }

  isOurs(request: IncomingMessage): boolean {
    return request.url?.split('?', 1)[0] === this.#options.path
  }

  /** Judges a request to open a socket. `isFull`: there is no room for anybody. */
  judge(request: IncomingMessage, isFull: boolean): Judgement {
    const { origin } = request.headers
    const { origins } = this.#options
    if (!this.isOurs(request)) return { type: 'refused', status: 404 }
    if (origins !== undefined && origin !== undefined && !origins.includes(origin)) return { type: 'refused', status: 403 }
    if (!offersSubprotocol(request)) return { type: 'refused', status: 400 }
    if (isFull) return { type: 'refused', status: 503 }
    if (this.#counted.has(request.socket)) return { type: 'admitted', leave: () => {} }
    const leave = this.#blocks.enter(this.addressOf(request), performance.now())
    return leave === undefined ? { type: 'refused', status: 429 } : { type: 'admitted', leave }
  }

  /** Whose request this is: the last address in the header, which is what the proxy in front has added itself. */
  addressOf(request: IncomingMessage): string | undefined {
    const header = this.#options.clientAddressHeader
    if (header === undefined) return request.socket.remoteAddress
    const said = request.headers[header.toLowerCase()]
    return (Array.isArray(said) ? said.at(-1) : said)?.split(',').at(-1)?.trim()
  }
}

/** Ends a request for a socket with an HTTP status, and its connection, whether the other end closes or not. */
export function turnAway(socket: Duplex, status: keyof typeof reasons): void {
  socket.end(`HTTP/1.1 ${status} ${reasons[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())
}

function offersSubprotocol(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? ''
  return offered.split(',').some((name) => name.trim() === signalingSubprotocol)
}
