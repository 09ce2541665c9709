import type { Key, Message } from '@hashtab/core'
import { mean, percentile } from './lookup-tally.js'
import type { Finish, Watcher } from './watcher.js'
import type { VirtualPeer } from './virtual-peer.js'

/** One lookup that is watched. */
interface Probed {
  /** Where it is to arrive: at any of these. */
  readonly goals: readonly VirtualPeer[]
  readonly startedMs: number
  readonly succeeds: (outcome: Finish['outcome']) => boolean
}

/** Watches lookups: how many links their questions pass until they are where they should be, how long they take, whether they bring what they should. */
export class LookupProbe implements Watcher {
  /** By the target: a key object of its own for each lookup, which its messages carry along. */
  readonly #travelling = new Map<Key, readonly VirtualPeer[]>()
  readonly #underWay = new Map<number, Probed & { readonly target: Key }>()
  readonly hops: number[] = []
  readonly tookMs: number[] = []
  begun = 0
  succeeded = 0
  arrived = 0
  messages = 0
  bytes = 0
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** `target`: the very object that the call carries. */
  begin(operation: number, target: Key, goals: readonly VirtualPeer[], succeeds: Probed['succeeds']): void {
    this.begun += 1
    this.#travelling.set(target, goals)
    this.#underWay.set(operation, { goals, target, startedMs: this.#now(), succeeds })
  }

  sent(message: Message, to: VirtualPeer, bytes: number): void {
    this.messages += 1
    this.bytes += bytes
    const asked = questionIn(message)
    const goals = asked && this.#travelling.get(asked.target)
    if (!goals?.includes(to)) return
    this.#travelling.delete(asked!.target)
    this.arrived += 1
    this.hops.push(asked!.path.length)
  }

  finished(_peer: VirtualPeer, { operation, outcome }: Finish): void {
    const probed = this.#underWay.get(operation)
    if (!probed) return
    this.#underWay.delete(operation)
    // Its asker was itself where it was to arrive.
    if (this.#travelling.delete(probed.target) && outcome.type === 'read' && outcome.asked === 0) {
      this.arrived += 1
      this.hops.push(0)
    }
    if (probed.succeeds(outcome)) this.succeeded += 1
    this.tookMs.push(this.#now() - probed.startedMs)
  }

  get underWay(): number {
    return this.#underWay.size
  }

  get figures() {
    const share = (count: number) => (this.begun === 0 ? 1 : count / this.begun)
    return {
      count: this.begun,
      success: share(this.succeeded),
      arrived: share(this.arrived),
      hopsMean: mean(this.hops),
      hopsP99: percentile(this.hops, 0.99),
      medianMs: percentile(this.tookMs, 0.5),
      p95Ms: percentile(this.tookMs, 0.95),
      p99Ms: percentile(this.tookMs, 0.99),
      messages: this.messages / Math.max(1, this.begun),
      bytes: this.bytes / Math.max(1, this.begun),
    }
  }
}

/** The target of a question for a record, and the peers that it has passed. */
function questionIn(message: Message): { readonly target: Key; readonly path: readonly Key[] } | undefined {
  if (message.type === 'seek') return message
  if (message.type !== 'envelope' || message.payload.type !== 'request' || message.payload.question.type !== 'find') return undefined
  return { target: message.payload.question.target, path: message.path }
}
