/** Typed events: each name of `Events` with the one value its listeners get. A listener that throws does not keep others from hearing. */
export class Listeners<Events extends object> {
  readonly #byName = new Map<keyof Events, Set<(value: never) => void>>()

  /** Listens; answers with the call that stops it. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const listeners = this.#byName.get(name) ?? new Set()
    this.#byName.set(name, listeners)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of [...(this.#byName.get(name) ?? [])]) {
      try {
        ;(listener as (value: Events[Name]) => void)(value)
      } catch (error) {
        // The app's own fault: shown where uncaught errors are shown, and kept away from the protocol.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  clear(): void {
    this.#byName.clear()
  }
}
