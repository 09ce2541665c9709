import type { RefuseCode } from '@hashtab/signaling/protocol'
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'

/** Asked for more often than this, the same text is given: making it takes milliseconds of the only thread. */
const keptMs = 1_000

/** What is true now, asked for whenever somebody looks. */
export interface Present {
  readonly sockets: number
  readonly networks: number
  /** Servers that share, this one among them; undefined: none was asked for. */
  readonly servers: number | undefined
  readonly isShared: boolean
}

/** `here`: to a peer of this server. `away`: handed to the other servers. `arrived`: from one of them. `dropped`: its reader is too slow, or not here. */
export type LetterWay = 'here' | 'away' | 'arrived' | 'dropped'

/** Counts what happens, and tells it to Prometheus. Neither names nor addresses, and nothing that tells one network from another. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #joins = this.#counter('joins_total', 'Peers that proved a key and were let in.')
  readonly #slow = this.#counter('slow_sockets_total', 'Sockets ended because they did not read.')
  readonly #malformed = this.#counter('commons_malformed_total', 'Messages of other servers that were none.')
  readonly #letters = this.#counter('letters_total', 'Letters carried, by way.', 'way')
  readonly #refused = this.#counter('refused_total', 'Sockets refused with a reason, by code.', 'code')
  readonly #turnedAway = this.#counter(
    'turned_away_total',
    'Requests for a socket that were not granted, by HTTP status; 0: connections cut at once.',
    'status',
  )
  #kept: { readonly untilMs: number; readonly text: Promise<string> } | undefined

  /** `isProcess`: also tells of the process (memory, processor, event loop), as Prometheus's clients do. */
  constructor(present: () => Present, isProcess: boolean) {
    this.#gauge('sockets', 'Sockets that are open.', () => present().sockets)
    this.#gauge('networks', 'Networks with a peer here.', () => present().networks)
    if (present().servers !== undefined) {
      this.#gauge('commons_shared', '1: the other servers are reached. 0: this one serves its own.', () => Number(present().isShared))
      this.#gauge('commons_servers', 'Servers that share, this one among them.', () => present().servers ?? 1)
    }
    if (isProcess) collectDefaultMetrics({ register: this.#registry })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  joined(): void {
    this.#joins.inc()
  }

  wasSlow(): void {
    this.#slow.inc()
  }

  wasMalformed(): void {
    this.#malformed.inc()
  }

  carried(way: LetterWay): void {
    this.#letters.inc({ way })
  }

  refused(code: RefuseCode): void {
    this.#refused.inc({ code })
  }

  turnedAway(status: number): void {
    this.#turnedAway.inc({ status })
  }

  /** In Prometheus's text format. */
  text(): Promise<string> {
    const nowMs = performance.now()
    if (this.#kept === undefined || nowMs >= this.#kept.untilMs) this.#kept = { untilMs: nowMs + keptMs, text: this.#registry.metrics() }
    return this.#kept.text
  }

  #counter<Label extends string = never>(name: string, help: string, ...labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `hashtab_signaling_${name}`, help, labelNames, registers: [this.#registry] })
  }

  #gauge(name: string, help: string, value: () => number): void {
    const gauge = new Gauge({
      name: `hashtab_signaling_${name}`,
      help,
      registers: [],
      collect() {
        this.set(value())
      },
    })
    this.#registry.registerMetric(gauge)
  }
}
