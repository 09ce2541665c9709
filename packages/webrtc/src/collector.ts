import type { Clock } from '@hashtab/peer'

/** Bytes of each buffer that is dropped at once, and how many: what brought Chromium's collector within a second (measured). */
const bufferBytes = 64 * 1024 * 1024
const buffers = 4

/** Times that buffers are dropped before it has come, and how far apart: after one time alone no slot was free within 20 s (measured). */
export const pressures = 10
export const pressureApartMs = 100
/** After that it is left alone: each time takes a quarter of a GiB for a moment, and what ten times did not free, more will not. */
export const collectorRestMs = 60_000

/** Brings the browser's garbage collector, once a minute at most. */
export class Collector {
  readonly #clock: Pick<Clock, 'wake'>
  readonly #press: () => void
  #cancelNext: (() => void) | undefined

  constructor(clock: Pick<Clock, 'wake'>, press = raisePressure) {
    this.#clock = clock
    this.#press = press
  }

  /** Called when a connection could not be made. */
  call(): void {
    if (this.#cancelNext === undefined) this.#raise(pressures)
  }

  /** Lets go of its timer. */
  close(): void {
    this.#cancelNext?.()
  }

  #raise(left: number): void {
    const goOn = () => (left > 1 ? this.#raise(left - 1) : (this.#cancelNext = undefined))
    this.#cancelNext = this.#clock.wake(left > 1 ? pressureApartMs : collectorRestMs, goOn)
    this.#press()
  }
}

/**
 * Chromium frees the slot of a closed `RTCPeerConnection` only when it is collected, an idle page
 * collects nothing, and the 500th construction throws 'Cannot create so many PeerConnections': dropped buffers raise the pressure.
 */
function raisePressure(): void {
  for (let i = 0; i < buffers; i++) {
    try {
      // Reading the length keeps minifiers from dropping a buffer that nobody uses.
      if (new ArrayBuffer(bufferBytes).byteLength === 0) return
    } catch {
      return // No memory left: that is pressure enough.
    }
  }
}
