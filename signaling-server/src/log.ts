import type { RefuseCode } from '@hashtab/signaling/protocol'
import { Allowance } from './allowance.js'
import type { CommonsState } from './commons/commons.js'

/** Entries about single sockets: this many at once, and a second after that. Whoever is refused a thousand times a second does not fill the disk. */
const singlesBurst = 100
const singlesPerS = 10

export type LogEvent =
  | { readonly event: 'listening'; readonly address: string }
  /** What was refused since the last heartbeat, by code; `unlogged`: entries left out because there were too many. */
  | {
      readonly event: 'refused'
      readonly counts: { readonly [Code in RefuseCode]?: number }
      readonly sockets: number
      readonly networks: number
      readonly unlogged?: number
    }
  /** One socket; only when addresses are asked for. `why`: a code, or an HTTP status; 0: cut at once. */
  | { readonly event: 'turned away'; readonly why: string; readonly client: string }
  | { readonly event: 'connection failed'; readonly why: string }
  | { readonly event: 'sharing'; readonly state: CommonsState; readonly why: string }
  | { readonly event: 'draining'; readonly sockets: number; readonly overMs: number }
  | { readonly event: 'closed' }

/** One line of the log: `JSON.stringify` makes it one. */
export type LogEntry = { readonly time: string; readonly level: 'info' | 'warning' } & LogEvent

/** Writes down what happens, without a key, a network's name or a client's address in it; the latter only when asked for. */
export class Log {
  readonly #write: (entry: LogEntry) => void
  readonly #withAddresses: boolean
  readonly #singles = new Allowance(singlesBurst, singlesPerS, performance.now())
  #counts: { [Code in RefuseCode]?: number } = {}
  #unlogged = 0

  constructor(write: ((entry: LogEntry) => void) | undefined, withAddresses: boolean) {
    this.#write = write ?? (() => {})
    this.#withAddresses = withAddresses && write !== undefined
  }

  note(event: LogEvent): void {
    const isBad = event.event === 'connection failed' || (event.event === 'sharing' && event.state === 'alone')
    this.#write({ time: new Date().toISOString(), level: isBad ? 'warning' : 'info', ...event })
  }

  refused(code: RefuseCode, client: string | undefined): void {
    this.#counts[code] = (this.#counts[code] ?? 0) + 1
    this.turnedAway(code, client)
  }

  turnedAway(why: string, client: string | undefined): void {
    if (!this.#withAddresses) return
    if (this.#singles.spend(performance.now()) === 'granted') this.note({ event: 'turned away', why, client: client ?? 'unknown' })
    else this.#unlogged++
  }

  /** Sums up what was refused, if anything was. */
  beat(sockets: number, networks: number): void {
    if (Object.keys(this.#counts).length === 0 && this.#unlogged === 0) return
    this.note({ event: 'refused', counts: this.#counts, sockets, networks, ...(this.#unlogged > 0 && { unlogged: this.#unlogged }) })
    this.#counts = {}
    this.#unlogged = 0
  }
}
