import { type Clock, SystemClock } from '@hashtab/peer'
import { MemoryTransport } from './memory-transport.js'

export interface MemoryNetworkOptions {
  /** What runs latency and deadlines; default: the platform's. */
  readonly clock?: Pick<Clock, 'wake'>
  /** Milliseconds that everything takes from end to end; default 0: a microtask. */
  readonly latencyMs?: number
}

/** A network in memory, for tests and examples: its transports' descriptions lead to each other. Nothing is lost or changes places. */
export class MemoryNetwork {
  readonly #clock: Pick<Clock, 'wake'>
  readonly #latencyMs: number
  readonly #transports = new Map<number, MemoryTransport>()
  /** What waits for a cut path to heal, by pair. */
  readonly #held = new Map<string, (() => void)[]>()
  readonly #vanished = new Set<number>()

  constructor(options: MemoryNetworkOptions = {}) {
    this.#clock = options.clock ?? new SystemClock()
    this.#latencyMs = options.latencyMs ?? 0
  }

  /** One more place in the network. `clock`: for this transport's deadlines only. */
  transport(options: { readonly clock?: Pick<Clock, 'wake'> } = {}): MemoryTransport {
    const transport = new MemoryTransport(this, this.#transports.size, options.clock ?? this.#clock)
    this.#transports.set(transport.number, transport)
    return transport
  }

  /** From now on nothing passes between these two; what is under way still arrives. */
  cut(a: MemoryTransport, b: MemoryTransport): void {
    this.#held.set(pairOf(a.number, b.number), [])
    a.lose(b.number)
    b.lose(a.number)
  }

  /** The path between these two works again, and what was held arrives. */
  heal(a: MemoryTransport, b: MemoryTransport): void {
    const held = this.#held.get(pairOf(a.number, b.number)) ?? []
    this.#held.delete(pairOf(a.number, b.number))
    a.regain(b.number)
    b.regain(a.number)
    for (const deliver of held) this.#schedule(deliver)
  }

  /** For the transports: lets something happen at the other end. */
  carry(from: number, to: number, arrive: (there: MemoryTransport) => void): void {
    const deliver = () => {
      const there = this.#transports.get(to)
      if (there !== undefined) arrive(there)
    }
    const held = this.#held.get(pairOf(from, to))
    if (held === undefined) this.#schedule(deliver)
    else held.push(deliver)
  }

  /** For the transports: whether anything passes between these two. */
  reaches(a: number, b: number): boolean {
    return !this.#held.has(pairOf(a, b)) && !this.#vanished.has(a) && !this.#vanished.has(b)
  }

  /** For the transports: this one is gone without a word. */
  vanish(gone: number): void {
    this.#vanished.add(gone)
    for (const transport of this.#transports.values()) transport.lose(gone)
  }

  #schedule(deliver: () => void): void {
    if (this.#latencyMs === 0) queueMicrotask(deliver)
    else this.#clock.wake(this.#latencyMs, deliver)
  }
}

function pairOf(a: number, b: number): string {
  return `${Math.min(a, b)}-${Math.max(a, b)}`
}
