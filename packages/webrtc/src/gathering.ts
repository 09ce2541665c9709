import type { Clock } from '@hashtab/peer'
import { type Candidate, candidatesMax, parseCandidate } from './candidate.js'
import type { Description } from './description.js'

/** How long a description waits for candidates: on one machine and without STUN all come within 5 to 10 ms (measured). */
const descriptionWindowMs = 10
/** How long a late candidate waits for others: each batch is a message that strangers relay. */
const batchWindowMs = 50
/** Candidates of type host that are told: leaves room for those of STUN and TURN, which come later and reach farther. */
const hostCandidatesMax = 5

/** What a `Gathering` tells. `candidates` comes only after `described`. */
export interface GatheringListener {
  described(description: Description): void
  candidates(candidates: readonly Candidate[]): void
}

/** Collects what one end has to tell of itself, so that it takes few messages: one description with the early candidates, then batches. */
export class Gathering {
  readonly #clock: Pick<Clock, 'wake'>
  readonly #listener: GatheringListener
  readonly #known: Candidate[] = []
  #toldCount = 0
  #described: Omit<Description, 'candidates'> | undefined
  #toldDescription = false
  #complete = false
  #takeBackTimer: (() => void) | undefined

  constructor(clock: Pick<Clock, 'wake'>, listener: GatheringListener) {
    this.#clock = clock
    this.#listener = listener
  }

  describe(description: Omit<Description, 'candidates'>): void {
    if (this.#described !== undefined) return
    this.#described = description
    if (this.#complete) this.#tell()
    else this.#tellAfter(descriptionWindowMs)
  }

  /** Takes a candidate as the browser writes it. What the other end would refuse, or is known, is dropped here. */
  add(text: string): void {
    const candidate = parseCandidate(text)
    if (candidate === undefined || this.#known.length >= candidatesMax) return
    if (this.#known.some(({ address, port, type }) => address === candidate.address && port === candidate.port && type === candidate.type))
      return
    if (candidate.type === 'host' && this.#known.filter(({ type }) => type === 'host').length >= hostCandidatesMax) return
    this.#known.push(candidate)
    if (this.#toldDescription) this.#tellAfter(batchWindowMs)
  }

  /** There is nothing more to wait for. */
  complete(): void {
    this.#complete = true
    if (this.#takeBackTimer !== undefined) this.#tell()
  }

  stop(): void {
    this.#takeBackTimer?.()
    this.#takeBackTimer = undefined
  }

  #tellAfter(delayMs: number): void {
    this.#takeBackTimer ??= this.#clock.wake(delayMs, () => this.#tell())
  }

  #tell(): void {
    this.stop()
    const candidates = this.#known.slice(this.#toldCount)
    this.#toldCount = this.#known.length
    if (this.#toldDescription) {
      this.#listener.candidates(candidates)
    } else {
      this.#toldDescription = true
      this.#listener.described({ ...this.#described!, candidates })
    }
  }
}
