import type { MeetingPlace } from './meeting-place.js'
import type { Clock } from './ports/clock.js'
import type { Phase } from './status.js'

/** A peer that found nobody says so after this long, whatever its meeting points are doing: a second less than the ten that are promised. */
export const joiningMaxMs = 9_000
/** Once every meeting point has answered (or failed) and named nobody, it says so after this long. */
export const quietMs = 1_500

/** Whether the first link is still to be waited for. Calls made meanwhile wait with it. */
export class Joining {
  readonly clock: Clock
  #phase: Exclude<Phase, 'left'> = 'joining'
  #waiting: (() => void)[] = []
  #quiet: (() => void) | undefined
  readonly #cancelMax: () => void

  readonly #changed: () => void

  /** `changed` is called when the phase changes by itself, for want of answers. */
  constructor(clock: Clock, changed: () => void) {
    this.clock = clock
    this.#changed = changed
    this.#cancelMax = clock.wake(joiningMaxMs, () => this.#giveUp())
  }

  get phase(): Exclude<Phase, 'left'> {
    return this.#phase
  }

  /** Looks at how things are. */
  look(links: number, place: MeetingPlace): void {
    if (links > 0) return this.#settle('online')
    if (this.#phase === 'online') return this.#settle('alone')
    const answered = place.states.every(({ state }) => state !== 'connecting')
    if (this.#phase !== 'joining' || !answered || place.hasMet) {
      this.#quiet?.()
      this.#quiet = undefined
      return
    }
    this.#quiet ??= this.clock.wake(quietMs, () => this.#giveUp())
  }

  /** Resolves when the peer is online, or known to be alone. Rejects with the signal's reason. */
  settled(signal: AbortSignal | undefined): Promise<void> {
    if (this.#phase !== 'joining') return Promise.resolve()
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal!.reason as Error)
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.push(() => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
    })
  }

  end(): void {
    this.#settle('alone')
  }

  #giveUp(): void {
    this.#settle('alone')
    this.#changed()
  }

  #settle(phase: 'online' | 'alone'): void {
    this.#phase = phase
    this.#cancelMax()
    this.#quiet?.()
    this.#quiet = undefined
    for (const go of this.#waiting.splice(0)) go()
  }
}
