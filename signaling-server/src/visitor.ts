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
import type { Metrics } from './metrics.js'

/** Random bytes in a heartbeat: a socket that does not read cannot know them, and so cannot seem alive. */
const heartbeatBytes = 8

/** What a visitor needs of the house. */
export interface House {
  readonly limits: SignalingLimits
  readonly metrics: Metrics
  /** Whether there is time to check one more proof. */
  mayProve(): boolean
  /** Lets it into its network; undefined: no room. */
  admit(visitor: Visitor, network: string, id: string, publicKey: PublicKey): Gathering | undefined
  refused(visitor: Visitor, code: RefuseCode): void
  gone(visitor: Visitor): void
}

type State =
  | { readonly is: 'challenged'; readonly nonce: Uint8Array }
  | { readonly is: 'present'; readonly id: string; readonly gathering: Gathering }
  | { readonly is: 'leaving' }

/** One socket, from the challenge to its end. */
export class Visitor {
  /** The how many-th of this server. */
  readonly number: number
  /** Where it comes from; undefined where nobody asked for addresses. */
  readonly address: string | undefined
  readonly #socket: WebSocket
  readonly #house: House
  readonly #allowance: Allowance
  #state: State
  /** The heartbeat that has not been answered. */
  #heartbeat: Buffer | undefined
  /** When something last left the buffer of the socket, or came into an empty one. */
  #movedAtMs = performance.now()
  #deadline: NodeJS.Timeout

  constructor(socket: WebSocket, house: House, number: number, address: string | undefined) {
    this.number = number
    this.address = address
    this.#socket = socket
    this.#house = house
    const { messagesBurst, messagesPerS, proveDeadlineMs } = house.limits
    this.#allowance = new Allowance(messagesBurst, messagesPerS, performance.now())
    this.#state = { is: 'challenged', nonce: randomBytes(challengeBytes) }
    this.#deadline = setTimeout(() => this.refuse('late', `No proof within ${proveDeadlineMs / 1000} s.`), proveDeadlineMs).unref()
    socket.on('message', (data, isBinary) => this.#hear(data as Buffer, isBinary))
    socket.on('ping', (data) => this.#echo(data))
    socket.on('pong', (echo) => {
      if (this.#heartbeat?.equals(echo)) this.#heartbeat = undefined
      else this.#mayBeHeard()
    })
    // Too large, too many fragments, no WebSocket at all: the socket says why in its close frame, and goes.
    socket.on('error', () => this.#leave(() => {}))
    socket.on('close', () => this.#gone())
    this.send({ type: 'challenge', nonce: this.#state.nonce })
  }

  get isLeaving(): boolean {
    return this.#state.is === 'leaving'
  }

  /** Answers false where it was dropped: too much waits already, or the visitor is leaving. Ends the socket when nothing has moved for long. */
  send(message: ServerMessage): boolean {
    if (this.#state.is === 'leaving') return false
    const bytes = encodeServerMessage(message)
    if (!this.#hasRoom(bytes.length)) return false
    this.#socket.send(bytes, this.#moved)
    return true
  }

  rest(): void {
    this.send({ type: 'rest' })
    this.#leave(() => this.#socket.close(1000, 'rest'))
  }

  refuse(code: RefuseCode, message: string): void {
    if (this.#state.is === 'leaving') return
    this.#house.refused(this, code)
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

  /** `closing`: the server is going. `restarting`: it will be back, or others are there: come again, but not all at once. */
  dismiss(why: 'closing' | 'restarting'): void {
    this.#leave(() => this.#socket.close(why === 'closing' ? 1001 : 1012, `the server is ${why}`))
  }

  readonly #moved = (): void => {
    this.#movedAtMs = performance.now()
  }

  #hasRoom(bytes: number): boolean {
    const { bufferedBytesMax, slowDeadlineMs } = this.#house.limits
    const waiting = this.#socket.bufferedAmount
    if (waiting === 0) this.#moved()
    if (waiting + bytes <= bufferedBytesMax) return true
    if (performance.now() - this.#movedAtMs > slowDeadlineMs) {
      this.#house.metrics.wasSlow()
      this.#leave(() => this.#socket.terminate())
    }
    return false
  }

  /** Whether it may be listened to once more. What is over the allowance is dropped unread: letters are best effort. */
  #mayBeHeard(): boolean {
    if (this.#state.is === 'leaving') return false
    const spending = this.#allowance.spend(performance.now())
    if (spending === 'abused') this.refuse('too-fast', 'Far more messages than are allowed.')
    return spending === 'granted'
  }

  /** Not left to the socket, which would answer any number of pings of who reads the answers: they cost what messages cost. */
  #echo(data: Buffer): void {
    if (this.#mayBeHeard() && this.#hasRoom(data.length)) this.#socket.pong(data, undefined, this.#moved)
  }

  #hear(data: Buffer, isBinary: boolean): void {
    if (!this.#mayBeHeard()) return
    const message = isBinary ? decodeClientMessage(data) : { malformed: 'a text' }
    if (isMalformed(message)) return this.refuse('malformed', `Not this protocol: ${message.malformed}.`)
    if (message.type === 'prove') return this.#prove(message.network, message.publicKey, message.signature)
    if (this.#state.is !== 'present') return this.refuse('malformed', 'Not this protocol: no proof yet.')
    if (message.type === 'carry') return this.#state.gathering.carry(message.to.hex, message.letter)
    if (message.type === 'look') return this.#state.gathering.look(this.#state.id)
    this.send({ type: 'pong' })
  }

  #prove(network: string, publicKey: PublicKey, signature: Signature): void {
    if (this.#state.is !== 'challenged') return this.refuse('malformed', 'Not this protocol: a second proof.')
    if (!this.#house.mayProve()) return this.refuse('full', 'Too many are coming at once.')
    if (!verify(signature, bytesToProve(network, this.#state.nonce), publicKey)) {
      return this.refuse('proof', 'The signature is not of that key over this challenge.')
    }
    clearTimeout(this.#deadline)
    const id = Key.hash(publicKey).hex
    const gathering = this.#house.admit(this, network, id, publicKey)
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
