/** Calls back once, soon, and returns how to call that off. */
export type Soon = (callback: () => void) => () => void

/** A hidden tab has no frames, yet its title counts what is unread: it is drawn after this time (ms). */
const hiddenDrawMs = 250

/** With the next frame, or a moment later where there are none. */
export const nextFrame: Soon = (callback) => {
  const callOff = () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
  const call = () => {
    callOff()
    callback()
  }
  const frame = requestAnimationFrame(call)
  const timer = setTimeout(call, hiddenDrawMs)
  return callOff
}

/** Makes one drawing of many wishes: the first one orders it, and all until then are seen to by it. */
export class DrawBatch {
  readonly #draw: () => void
  readonly #soon: Soon
  #callOff: (() => void) | undefined

  constructor(draw: () => void, soon: Soon = nextFrame) {
    this.#draw = draw
    this.#soon = soon
  }

  ask() {
    this.#callOff ??= this.#soon(() => {
      this.#callOff = undefined
      this.#draw()
    })
  }

  callOff() {
    this.#callOff?.()
    this.#callOff = undefined
  }
}
