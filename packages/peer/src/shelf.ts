import type { Clock } from './ports/clock.js'
import { type Storage, StorageFault, type StorageFaultCode } from './ports/storage.js'

/** Others' records are written together, this long after the first change: a burst of pushes is one transaction. */
export const relaxedDelayMs = 100
/** A storage that has not answered by then is taken for gone: a blocked IndexedDB never does. A slow disk answers within tens of ms. */
export const storageTimeoutMs = 5_000

/**
 * What the driver wants kept, written in batches. A storage that fails, or stays silent, is left alone, and the peer goes on in memory:
 * `fault` says why. When only the quota is used up, this peer's own records are still tried.
 */
export class Shelf {
  readonly #storage: Storage
  readonly #clock: Clock
  #changes = new Map<string, Uint8Array | undefined>()
  #strict = false
  #dueMs: number | undefined
  #writing: Promise<void> = Promise.resolve()
  #fault: StorageFaultCode | undefined

  constructor(storage: Storage, clock: Clock) {
    this.#storage = storage
    this.#clock = clock
  }

  get fault(): StorageFaultCode | undefined {
    return this.#fault
  }

  get wakeAtMs(): number | undefined {
    return this.#dueMs
  }

  async load(): Promise<ReadonlyMap<string, Uint8Array>> {
    try {
      return await this.#inTime(this.#storage.load())
    } catch (error) {
      this.#failed(error)
      return new Map()
    }
  }

  /** Notes a change. `own`: at once, and on disk before `flushed` resolves. */
  change(name: string, bytes: Uint8Array | undefined, own: boolean, nowMs: number): void {
    if (this.#fault === 'quota' ? !own && bytes : this.#fault) return
    this.#changes.set(name, bytes)
    this.#strict ||= own
    this.#dueMs = Math.min(this.#dueMs ?? Infinity, own ? nowMs : nowMs + relaxedDelayMs)
  }

  /** Writes what is due. */
  woke(nowMs: number): void {
    if (this.#dueMs !== undefined && nowMs >= this.#dueMs) this.#write()
  }

  /** Resolves when everything noted so far is written, or has failed: after `storageTimeoutMs` at the latest. */
  async flushed(): Promise<void> {
    this.#write()
    await this.#writing
  }

  async close(): Promise<void> {
    await this.flushed()
    await this.#inTime(this.#storage.close()).catch((error: unknown) => this.#failed(error))
  }

  #write(): void {
    this.#dueMs = undefined
    if (this.#changes.size === 0) return
    const changes = this.#changes
    const durability = this.#strict ? 'strict' : 'relaxed'
    this.#changes = new Map()
    this.#strict = false
    const written = this.#writing.then(() => (this.#isGone ? undefined : this.#storage.write(changes, durability)))
    this.#writing = this.#inTime(written).catch((error: unknown) => this.#failed(error))
  }

  get #isGone(): boolean {
    return this.#fault !== undefined && this.#fault !== 'quota'
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const takeBack = this.#clock.wake(storageTimeoutMs, () => reject(new StorageFault('unavailable', 'The storage does not answer.')))
      answer.then(resolve, reject).finally(takeBack)
    })
  }

  #failed(error: unknown): void {
    this.#fault = error instanceof StorageFault ? error.code : 'unavailable'
  }
}
