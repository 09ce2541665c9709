import type { Call, CallOutcome, OperationId, Outcome } from '@hashtab/core'
import type { Driver } from './driver.js'
import { PeerError } from './peer-error.js'

/** Every call takes a signal: aborted, it rejects with `signal.reason` and gives up what was under way. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

type CallNamed<Type extends Call['type']> = Omit<Extract<Call, { type: Type; operation: OperationId }>, 'operation'>
type OutcomeOf = Outcome | CallOutcome

/** Operations as promises. */
export class Calls {
  readonly #driver: Driver
  readonly #rejects = new Map<OperationId, (reason: unknown) => void>()

  constructor(driver: Driver) {
    this.#driver = driver
  }

  /** Begins an operation; resolves with its outcome. */
  begin<Type extends 'read' | 'write' | 'mail' | 'connect' | 'channelSend'>(call: CallNamed<Type>, signal: AbortSignal | undefined): Promise<OutcomeOf> {
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      let operation: OperationId | undefined
      const abort = () => {
        if (operation !== undefined) this.#driver.cancel(operation)
        settle()
        reject(signal!.reason as Error)
      }
      const settle = () => {
        signal?.removeEventListener('abort', abort)
        if (operation !== undefined) this.#rejects.delete(operation)
      }
      let finished = false
      signal?.addEventListener('abort', abort, { once: true })
      const begun = this.#driver.begin(call as never, (outcome) => {
        finished = true
        settle()
        resolve(outcome)
      })
      if (finished) return
      operation = begun
      this.#rejects.set(operation, (reason) => {
        settle()
        reject(reason as Error)
      })
    })
  }

  /** Rejects everything under way: the peer has left. */
  end(): void {
    for (const reject of [...this.#rejects.values()]) reject(new PeerError('left', 'This peer has left the table: join again.'))
    this.#rejects.clear()
  }
}
