import type { Call, Message } from '@hashtab/core'
import type { Simulation } from './simulation.js'
import type { Finish, Watcher } from './watcher.js'
import type { VirtualPeer } from './virtual-peer.js'

/** No operation of an overlay takes longer than this. */
const patienceMs = 60_000

/** A call of an app, without the number that makes it an operation. */
export type Wish = Omitted<Extract<Call, { type: 'read' | 'write' | 'mail' | 'connect' | 'channelSend' }>>
type Omitted<T> = T extends unknown ? Omit<T, 'operation'> : never

/** Hands a call to a peer, and lets virtual time pass until it is finished. Throws an `Error` when it never is. */
export function outcomeOf(simulation: Simulation, peer: VirtualPeer, wish: Wish): Finish['outcome'] {
  const waiting = new Waiting(simulation.nextOperation(), simulation.watcher)
  simulation.watcher = waiting
  simulation.tell(peer, { ...wish, operation: waiting.operation })
  const untilMs = simulation.nowMs + patienceMs
  while (waiting.outcome === undefined && simulation.schedule.nextMs <= untilMs) simulation.runUntil(simulation.schedule.nextMs)
  simulation.watcher = waiting.before
  if (waiting.outcome === undefined) throw new Error(`The ${wish.type} never ended.`)
  return waiting.outcome
}

class Waiting implements Watcher {
  readonly operation: number
  readonly before: Watcher | undefined
  outcome: Finish['outcome'] | undefined

  constructor(operation: number, before: Watcher | undefined) {
    this.operation = operation
    this.before = before
  }

  finished(peer: VirtualPeer, finish: Finish): void {
    if (finish.operation === this.operation) this.outcome = finish.outcome
    else this.before?.finished(peer, finish)
  }

  sent(message: Message, to: VirtualPeer, bytes: number): void {
    this.before?.sent(message, to, bytes)
  }

  watched(...told: Parameters<NonNullable<Watcher['watched']>>): void {
    this.before?.watched?.(...told)
  }
}
