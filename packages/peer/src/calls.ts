import type { CallOutcome, OperationId, Outcome } from '@hashtab/core'
import type { Driver } from './driver.js'
import { PeerError } from './peer-error.js'

/** Every call takes a signal: aborted, it rejects with `signal.reason` and gives up what was under way. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** An operation, without the number that the driver gives it. */
type Begun = Parameters<Driver['begin']>[0]

/** Operations as promises. */
export class Calls {
  readonly #driver: Driver
  readonly #rejects = new Set<(reason: unknown) => void>()

  constructor(driver: Driver) {
    this.#driver = driver
  }

  /** Begins an operation; resolves with its outcome. */
  begin(call: Begun, signal: AbortSignal | undefined): Promise<Outcome | CallOutcome> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = withResolvers<Outcome | CallOutcome>()
    this.#rejects.add(reject)
    const operation: OperationId = this.#driver.begin(call, resolve)
    const abort = () => {
      this.#driver.cancel(operation)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    return promise.finally(() => {
      signal?.removeEventListener('abort', abort)
      this.#rejects.delete(reject)
    })
  }

  /** Rejects everything under way: the peer has left. */
  end(): void {
    for (const reject of this.#rejects) reject(new PeerError('left', 'This peer has left the table: join again.'))
  }
}

/** As `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<T>() {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
