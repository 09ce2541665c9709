/**
 * What outlives the tab: named byte strings. The driver decides what they mean.
 * Every method may reject with a `StorageFault`; the driver then goes on in memory and says so in `status`.
 */
export interface Storage {
  /** Everything kept, by name. Called once, first. */
  load(): Promise<ReadonlyMap<string, Uint8Array>>
  /** Keeps (bytes) and drops (`undefined`) in one transaction: all of it or nothing. `strict`: on disk before it resolves. */
  write(changes: ReadonlyMap<string, Uint8Array | undefined>, durability: 'relaxed' | 'strict'): Promise<void>
  /** Waits for writes that are under way, and lets go. A call after it rejects with `closed`. */
  close(): Promise<void>
}

/** `quota`: no room left. `closed`: the connection is gone (site data cleared, storage evicted). `unavailable`: there never was one (private mode). */
export type StorageFaultCode = 'quota' | 'closed' | 'unavailable'

export class StorageFault extends Error {
  override readonly name = 'StorageFault'
  readonly code: StorageFaultCode
  constructor(code: StorageFaultCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
