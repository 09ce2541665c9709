import { randomBytes } from 'node:crypto'
import { isMalformed, Key, type PublicKey, type Signature } from '@hashtab/core'
import { verify } from '@hashtab/peer'
import {
  bytesToProve,
  challengeBytes,
  decodeClientMessage,
  encodeServerMessage,
  type RefuseCode,
  type ServerMessage,
} from '@hashtab/signaling/protocol'
import type { WebSocket } from 'ws'
import { Allowance } from './allowance.js'
import type { Gathering } from './gathering.js'
import type { SignalingLimits } from './limits.js'

/** Random bytes in a heartbeat: a socket that does not read cannot know them, and so cannot seem alive. */
const heartbeatBytes = 8

/** What a visitor needs of the house. */
export interface House {
  readonly limits: SignalingLimits
  /** Whether there is time to check one more proof. */
  mayProve(): boolean
  /** Lets it into its network; undefined: no room. */
  admit(visitor: Visitor, network: string, id: string): Gathering | undefined
  refused(code: RefuseCode): void
  gone(visitor: Visitor): void
}

type State =
  | { readonly is: 'challenged'; readonly nonce: Uint8Array }
  | { readonly is: 'present'; readonly id: string; readonly gathering: Gathering }
  | { readonly is: 'leaving' }

/** One socket, from the challenge to its end. */
export class Visitor {
  readonly #socket: WebSocket
  readonly #house: House
  readonly #allowance: Allowance
  #state: State
  #publicKey: PublicKey | undefined
  /** The heartbeat that has not been answered. */
  #heartbeat: Buffer | undefined
  #deadline: NodeJS.Timeout

  constructor(socket: WebSocket, house: House) {
    this.#socket = socket
    this.#house = house
    const { messagesBurst, messagesPerS, proveDeadlineMs } = house.limits
    this.#allowance = new Allowance(messagesBurst, messagesPerS, performance.now())
    this.#state = { is: 'challenged', nonce: randomBytes(challengeBytes) }
    this.#deadline = setTimeout(() => this.refuse('late', `No proof within ${proveDeadlineMs / 1000} s.`), proveDeadlineMs).unref()
    socket.on('message', (data, isBinary) => this.#hear(data as Buffer, isBinary))
    socket.on('pong', (echo) => {
      if (this.#heartbeat?.equals(echo)) this.#heartbeat = undefined
    })
    // Too large, too many fragments, no WebSocket at all: the socket says why in its close frame, and goes.
    socket.on('error', () => this.#leave(() => {}))
    socket.on('close', () => this.#gone())
    this.send({ type: 'challenge', nonce: this.#state.nonce })
  }

  /** Undefined until it has proved it. */
  get publicKey(): PublicKey | undefined {
    return this.#publicKey
  }

  /** Dropped when too much waits already, or when the visitor is leaving. */
  send(message: ServerMessage): void {
    if (this.#state.is === 'leaving') return
    const bytes = encodeServerMessage(message)
    if (this.#socket.bufferedAmount + bytes.length <= this.#house.limits.bufferedBytesMax) this.#socket.send(bytes)
  }

  rest(): void {
    this.send({ type: 'rest' })
    this.#leave(() => this.#socket.close(1000, 'rest'))
  }

  refuse(code: RefuseCode, message: string): void {
    if (this.#state.is === 'leaving') return
    this.#house.refused(code)
    this.send({ type: 'refuse', code, message })
    this.#leave(() => this.#socket.close(code === 'full' ? 1013 : 1008, code))
  }

  /** Asks for a sign of life. Ends the socket when the last one was not given. */
  beat(): void {
    if (this.#state.is === 'leaving') return
    if (this.#heartbeat !== undefined) return this.#socket.terminate()
    this.#heartbeat = randomBytes(heartbeatBytes)
    this.#socket.ping(this.#heartbeat)
  }

  /** The server closes. */
  dismiss(): void {
    this.#leave(() => this.#socket.close(1001, 'the server is closing'))
  }

  #hear(data: Buffer, isBinary: boolean): void {
    if (this.#state.is === 'leaving') return
    const spending = this.#allowance.spend(performance.now())
    if (spending === 'abused') return this.refuse('too-fast', 'Far more messages than are allowed.')
    // Dropped unread: letters are best effort.
    if (spending === 'refused') return
    const message = isBinary ? decodeClientMessage(data) : { malformed: 'a text' }
    if (isMalformed(message)) return this.refuse('malformed', `Not this protocol: ${message.malformed}.`)
    if (message.type === 'prove') return this.#prove(message.network, message.publicKey, message.signature)
    if (this.#state.is !== 'present') return this.refuse('malformed', 'Not this protocol: no proof yet.')
    if (message.type === 'carry') return this.#state.gathering.carry(message.to.hex, message.letter)
    this.send({ type: 'pong' })
  }

  #prove(network: string, publicKey: PublicKey, signature: Signature): void {
    if (this.#state.is !== 'challenged') return this.refuse('malformed', 'Not this protocol: a second proof.')
    if (!this.#house.mayProve()) return this.refuse('full', 'Too many are coming at once.')
    if (!verify(signature, bytesToProve(network, this.#state.nonce), publicKey)) {
      return this.refuse('proof', 'The signature is not of that key over this challenge.')
    }
    clearTimeout(this.#deadline)
    this.#publicKey = publicKey
    const id = Key.hash(publicKey).hex
    const gathering = this.#house.admit(this, network, id)
    if (gathering === undefined) return this.refuse('full', 'No room in this network.')
    this.#state = { is: 'present', id, gathering }
  }

  #leave(close: () => void): void {
    const state = this.#state
    if (state.is === 'leaving') return
    this.#state = { is: 'leaving' }
    if (state.is === 'present') state.gathering.leave(this, state.id)
    close()
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => this.#socket.terminate(), this.#house.limits.closeDeadlineMs).unref()
  }

  #gone(): void {
    this.#leave(() => {})
    clearTimeout(this.#deadline)
    this.#house.gone(this)
  }
}
