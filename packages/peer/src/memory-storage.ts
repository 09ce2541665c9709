import { StorageFault, type Storage } from './ports/storage.js'

/** Keeps in memory: for peers that want nothing to outlive them, and for tests. Opened twice over one `shelf`, it finds what it left there. */
export class MemoryStorage implements Storage {
  readonly #shelf: Map<string, Uint8Array>
  #closed = false

  constructor(shelf = new Map<string, Uint8Array>()) {
    this.#shelf = shelf
  }

  async load(): Promise<ReadonlyMap<string, Uint8Array>> {
    this.#mustBeOpen()
    return new Map([...this.#shelf].map(([name, value]) => [name, value.slice()]))
  }

  async write(changes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    this.#mustBeOpen()
    for (const [name, value] of changes) {
      if (value === undefined) this.#shelf.delete(name)
      else this.#shelf.set(name, value.slice())
    }
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #mustBeOpen() {
    if (this.#closed) throw new StorageFault('closed', 'This storage was closed: open another over the same shelf.')
  }
}
