import { type Storage, StorageFault, type StorageFaultCode } from './ports/storage.js'

/** Others' records are written together, this long after the first change: a burst of pushes is one transaction. */
export const relaxedDelayMs = 100

/**
 * What the driver wants kept, written in batches. A storage that fails is left alone, and the peer goes on in memory:
 * `fault` says why. When only the quota is used up, this peer's own records are still tried.
 */
export class Shelf {
  readonly #storage: Storage
  #changes = new Map<string, Uint8Array | undefined>()
  #strict = false
  #dueMs: number | undefined
  #writing: Promise<void> = Promise.resolve()
  #fault: StorageFaultCode | undefined

  constructor(storage: Storage) {
    this.#storage = storage
  }

  get fault(): StorageFaultCode | undefined {
    return this.#fault
  }

  get wakeAtMs(): number | undefined {
    return this.#dueMs
  }

  async load(): Promise<ReadonlyMap<string, Uint8Array>> {
    try {
      return await this.#storage.load()
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

  /** Resolves when everything noted so far is written, or has failed. */
  async flushed(): Promise<void> {
    this.#write()
    await this.#writing
  }

  async close(): Promise<void> {
    await this.flushed()
    await this.#storage.close()
  }

  #write(): void {
    this.#dueMs = undefined
    if (this.#changes.size === 0) return
    const changes = this.#changes
    const durability = this.#strict ? 'strict' : 'relaxed'
    this.#changes = new Map()
    this.#strict = false
    this.#writing = this.#writing.then(() => this.#storage.write(changes, durability)).catch((error: unknown) => this.#failed(error))
  }

  #failed(error: unknown): void {
    this.#fault = error instanceof StorageFault ? error.code : 'unavailable'
  }
}
