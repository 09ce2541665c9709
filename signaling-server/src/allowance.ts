/** `granted`: within the allowance. `refused`: beyond it. `abused`: so far beyond it that as much again was refused. */
export type Spending = 'granted' | 'refused' | 'abused'

/** How much one may do: `burst` at once, `perS` a second after that. Pure; the time is given. */
export class Allowance {
  readonly #burst: number
  readonly #perMs: number
  #spent = 0
  #refused = 0
  #atMs: number

  constructor(burst: number, perS: number, nowMs: number) {
    this.#burst = burst
    this.#perMs = perS / 1000
    this.#atMs = nowMs
  }

  /** Asks for one. */
  spend(nowMs: number): Spending {
    const forgiven = Math.max(0, nowMs - this.#atMs) * this.#perMs
    this.#atMs = nowMs
    this.#spent = Math.max(0, this.#spent - forgiven)
    this.#refused = Math.max(0, this.#refused - forgiven)
    if (this.#spent + 1 <= this.#burst) {
      this.#spent++
      return 'granted'
    }
    if (this.#refused + 1 > this.#burst) return 'abused'
    this.#refused++
    return 'refused'
  }
}
