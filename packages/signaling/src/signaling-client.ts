import { introductionLetterBytesMax, isMalformed, type Key, type PublicKey, type Signature } from '@hashtab/core'
import type { MeetingPointEvent, MeetingPointState } from '@hashtab/peer'
import { bytesToProve } from './proof.js'
import { decodeServerMessage, encodeClientMessage } from './signaling-codec.js'
import type { ClientMessage, ServerMessage } from './signaling-message.js'

/** From dialling to the welcome. A handshake over a bad mobile network takes 3 s; a peer says after 9 s that it is alone, and is to have heard why. */
export const welcomeTimeoutMs = 8_000
/** After this long without a word from the server, it is asked. A page is not shown WebSocket pings, so only asking tells. */
export const silenceMs = 30_000
/** How long an answer may take. Two in a row must be missing: after a laptop's sleep the first deadline has always passed. */
export const pongTimeoutMs = 10_000
/** The first wait between tries is up to this long; it doubles with each failure. */
export const backOffMs = 1_000
/** The longest wait: a whole network whose server is gone then knocks once a minute and peer at most. */
export const backOffMaxMs = 60_000
/**
 * Sent away by a server that restarts, a peer waits up to this long: thousands are sent away with it, and what is left of the servers
 * checks some hundred proofs a second. (The registry of close codes has 5 to 30 s for 1012.)
 */
export const restartWaitMs = 15_000
/** A connection that held this long was a good one: the waits begin anew. */
export const goodMs = 60_000
/** Tries are never closer than this, however often `wake` is called. */
export const triesApartMs = 1_000
/** Letters kept while there is no connection: a burst of dials, 64 × 4 KiB of memory at most. */
export const lettersKeptMax = 64
/** A letter kept longer than this is dropped: the knock in it has been given up (8 s). */
export const letterKeptMs = 8_000

/** What happens to a client. `socket` counts the dials: what an older socket says is ignored. */
export type SignalingClientEvent =
  | { readonly type: 'started' }
  | { readonly type: 'woken' }
  | { readonly type: 'stopped' }
  | { readonly type: 'asked to carry'; readonly to: Key; readonly letter: Uint8Array }
  | { readonly type: 'heard'; readonly socket: number; readonly bytes: Uint8Array }
  | { readonly type: 'signed'; readonly socket: number; readonly signature: Signature }
  /** The socket is gone, could not be made, or says what no server would. `isRestart`: the server sent us away, to come back later. */
  | { readonly type: 'failed'; readonly socket: number; readonly detail: string; readonly isRestart?: boolean }
  /** Time has passed. */
  | { readonly type: 'ticked' }

/** What a client orders. */
export type SignalingClientEffect =
  | { readonly type: 'dial'; readonly socket: number }
  | { readonly type: 'sign'; readonly socket: number; readonly message: Uint8Array }
  | { readonly type: 'send'; readonly socket: number; readonly bytes: Uint8Array }
  | { readonly type: 'hang up'; readonly socket: number }
  | { readonly type: 'tell'; readonly event: MeetingPointEvent }

export interface SignalingClientOptions {
  readonly network: string
  readonly publicKey: PublicKey
  /** A random number from 0 to below 1. */
  readonly fraction: () => number
}

type State =
  | { readonly is: 'idle' }
  | { readonly is: 'waiting'; readonly untilMs: number }
  /** `challenged`: the proof is on its way. */
  | { readonly is: 'dialling'; readonly deadlineMs: number; readonly challenged: boolean }
  /** `asked`: pings without an answer, the last of them at `askedAtMs`. */
  | { readonly is: 'open'; readonly sinceMs: number; readonly heardAtMs: number; readonly askedAtMs: number; readonly asked: number }
  | { readonly is: 'resting' }
  | { readonly is: 'stopped' }

interface KeptLetter {
  readonly to: Key
  readonly letter: Uint8Array
  readonly atMs: number
}

/**
 * One peer's side of the talk with a signalling server: when to dial, to prove, to ask for a sign of life, to give up, to wait and to stay away.
 * 1. At most one socket counts: the one numbered `#socket`.
 * 2. After `stopped` nothing is ordered any more.
 */
export class SignalingClient {
  readonly #options: SignalingClientOptions
  #state: State = { is: 'idle' }
  #socket = 0
  #dialledAtMs = -Infinity
  /** Failures since the last good connection. */
  #failures = 0
  #letters: KeptLetter[] = []
  #effects: SignalingClientEffect[] = []

  constructor(options: SignalingClientOptions) {
    this.#options = options
  }

  handle(event: SignalingClientEvent, nowMs: number): SignalingClientEffect[] {
    this.#effects = []
    if (this.#state.is !== 'stopped') {
      this.#note(event, nowMs)
      this.#decide(nowMs)
    }
    return this.#effects
  }

  /** When to be called with `ticked`; undefined: waiting for nothing. */
  get wakeAtMs(): number | undefined {
    const state = this.#state
    switch (state.is) {
      case 'waiting':
        return state.untilMs
      case 'dialling':
        return state.deadlineMs
      case 'open':
        return state.asked === 0 ? state.heardAtMs + silenceMs : state.askedAtMs + pongTimeoutMs
      case 'idle':
      case 'resting':
      case 'stopped':
        return undefined
    }
  }

  #note(event: SignalingClientEvent, nowMs: number): void {
    switch (event.type) {
      case 'started':
        return this.#come(nowMs)
      case 'woken':
        return this.#wake(nowMs)
      case 'stopped':
        return this.#stop()
      case 'asked to carry':
        return this.#carry(event.to, event.letter, nowMs)
      case 'ticked':
        return
      case 'heard':
      case 'signed':
      case 'failed':
        if (event.socket !== this.#socket || !this.#connected) return
        if (event.type === 'failed') return this.#fail(event.detail, nowMs, event.isRestart)
        if (event.type === 'heard') return this.#hear(event.bytes, nowMs)
        const { network, publicKey } = this.#options
        return this.#send({ type: 'prove', network, publicKey, signature: event.signature })
    }
  }

  #decide(nowMs: number): void {
    const state = this.#state
    if (this.wakeAtMs === undefined || nowMs < this.wakeAtMs) return
    if (state.is === 'waiting') this.#dial(nowMs)
    if (state.is === 'dialling') this.#fail(`no welcome within ${welcomeTimeoutMs / 1000} s`, nowMs)
    if (state.is === 'open') {
      if (state.asked === 2) return this.#fail('the server fell silent', nowMs)
      this.#state = { ...state, askedAtMs: nowMs, asked: state.asked + 1 }
      this.#send({ type: 'ping' })
    }
  }

  #hear(bytes: Uint8Array, nowMs: number): void {
    const message = decodeServerMessage(bytes)
    if (isMalformed(message)) return this.#fail(`not the protocol of a signalling server (${message.malformed})`, nowMs)
    if (message.type === 'refuse') return this.#refused(message, nowMs)
    const state = this.#state
    if (state.is === 'open') {
      this.#state = { ...state, heardAtMs: nowMs, asked: 0 }
      return this.#obey(message, nowMs)
    }
    if (state.is !== 'dialling') return
    if (message.type === 'challenge' && !state.challenged) {
      this.#state = { ...state, challenged: true }
      return this.#order({ type: 'sign', socket: this.#socket, message: bytesToProve(this.#options.network, message.nonce) })
    }
    if (message.type === 'welcome' && state.challenged) return this.#open(message, nowMs)
    this.#fail(`the server said "${message.type}" out of turn`, nowMs)
  }

  #obey(message: Exclude<ServerMessage, { type: 'refuse' }>, nowMs: number): void {
    switch (message.type) {
      case 'peers':
      case 'letter':
      case 'draw':
        return this.#order({ type: 'tell', event: message })
      case 'pong':
        return
      case 'rest':
        return this.#rest()
      case 'challenge':
      case 'welcome':
        return this.#fail(`the server said "${message.type}" out of turn`, nowMs)
    }
  }

  #refused(refusal: ServerMessage & { type: 'refuse' }, nowMs: number): void {
    // Two tabs with one identity would push each other out for ever: the one that was pushed stays away.
    if (refusal.code === 'replaced') return this.#rest(refusal.message)
    this.#fail(refusal.message, nowMs)
  }

  #open(welcome: ServerMessage & { type: 'welcome' }, nowMs: number): void {
    this.#state = { is: 'open', sinceMs: nowMs, heardAtMs: nowMs, askedAtMs: nowMs, asked: 0 }
    this.#tellState('open')
    this.#order({ type: 'tell', event: { type: 'iceServers', servers: welcome.iceServers } })
    this.#order({ type: 'tell', event: { type: 'peers', peers: welcome.peers } })
    for (const { to, letter, atMs } of this.#letters) {
      if (nowMs - atMs <= letterKeptMs) this.#send({ type: 'carry', to, letter })
    }
    this.#letters = []
  }

  #carry(to: Key, letter: Uint8Array, nowMs: number): void {
    if (letter.length === 0 || letter.length > introductionLetterBytesMax) return
    if (this.#state.is === 'open') return this.#send({ type: 'carry', to, letter })
    if (this.#state.is === 'resting') return
    const fresh = this.#letters.filter(({ atMs }) => nowMs - atMs <= letterKeptMs)
    this.#letters = [...fresh, { to, letter, atMs: nowMs }].slice(-lettersKeptMax)
  }

  #wake(nowMs: number): void {
    if (this.#state.is === 'resting') return this.#come(nowMs)
    if (this.#state.is === 'waiting') this.#wait(0, nowMs)
    if (this.#state.is === 'open') this.#send({ type: 'look' })
  }

  #come(nowMs: number): void {
    this.#tellState('connecting')
    this.#wait(0, nowMs)
  }

  #wait(delayMs: number, nowMs: number): void {
    this.#state = { is: 'waiting', untilMs: Math.max(nowMs + delayMs, this.#dialledAtMs + triesApartMs) }
  }

  #dial(nowMs: number): void {
    this.#socket++
    this.#dialledAtMs = nowMs
    this.#state = { is: 'dialling', deadlineMs: nowMs + welcomeTimeoutMs, challenged: false }
    this.#order({ type: 'dial', socket: this.#socket })
  }

  /** Waits with full jitter: a random share of 1 s, 2 s, 4 s … 60 s, so that a network whose server restarts does not come back in step. */
  #fail(detail: string, nowMs: number, isRestart = false): void {
    const wasOpen = this.#state.is === 'open'
    if (this.#state.is === 'open' && nowMs - this.#state.sinceMs >= goodMs) this.#failures = 0
    const backOff = Math.min(backOffMaxMs, backOffMs * 2 ** Math.min(this.#failures, 16))
    const longestMs = isRestart ? Math.max(restartWaitMs, backOff) : backOff
    this.#failures++
    this.#order({ type: 'hang up', socket: this.#socket })
    this.#tellState(wasOpen ? 'connecting' : 'unreachable', detail)
    this.#wait(longestMs * this.#options.fraction(), nowMs)
  }

  #rest(detail?: string): void {
    this.#order({ type: 'hang up', socket: this.#socket })
    this.#state = { is: 'resting' }
    this.#letters = []
    this.#tellState('resting', detail)
  }

  #stop(): void {
    if (this.#connected) this.#order({ type: 'hang up', socket: this.#socket })
    this.#state = { is: 'stopped' }
    this.#letters = []
    this.#tellState('closed')
  }

  get #connected(): boolean {
    return this.#state.is === 'dialling' || this.#state.is === 'open'
  }

  #send(message: ClientMessage): void {
    this.#order({ type: 'send', socket: this.#socket, bytes: encodeClientMessage(message) })
  }

  #tellState(state: MeetingPointState, detail?: string): void {
    this.#order({ type: 'tell', event: { type: 'state', state, ...(detail !== undefined && { detail }) } })
  }

  #order(effect: SignalingClientEffect): void {
    this.#effects.push(effect)
  }
}
