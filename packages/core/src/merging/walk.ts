import type { Found } from '../lookups/lookup.js'
import type { Contact } from '../keys/public-key.js'
import { Key } from '../keys/key.js'
import { hopsMax } from '../wire/message.js'

/** A walk has arrived when this many of the closest it was told of have answered. */
export const arrivedCount = 3
/** Peers asked on one walk at most: 2 · log₈ of a million, and those who are silent. */
export const stepsMax = 16

type StepState = 'named' | 'asked' | 'answered' | 'silent'

interface Step extends Found {
  state: StepState
}

/**
 * A way through somebody else's overlay: from one peer to the closest to a target, asking only whom those on the way have named, so that
 * nothing this peer knows by itself mixes in. Kademlia's lookup (section 2.3) with one question at a time and one peer to begin with.
 */
export class Walk {
  readonly target: Key
  readonly #self: Key
  readonly #steps = new Map<string, Step>()
  #asked = 0

  constructor(self: Key, target: Key, start: Found) {
    this.#self = self
    this.target = target
    this.#steps.set(start.contact.id.hex, { ...start, state: 'named' })
  }

  /** Whom to ask next; undefined: the walk is over. */
  next(): Found | undefined {
    if (this.#asked >= stepsMax) return undefined
    const step = this.#closest(arrivedCount).find(({ state }) => state === 'named')
    if (!step) return undefined
    step.state = 'asked'
    this.#asked += 1
    return step
  }

  /** This peer is linked to those it names. */
  answered(from: Key, contacts: readonly Contact[]): void {
    const step = this.#steps.get(from.hex)
    if (step?.state !== 'asked') return
    step.state = 'answered'
    if (step.route.length >= hopsMax - 1) return
    const route = [...step.route, step.contact.id]
    for (const contact of contacts) {
      if (contact.id.equals(this.#self) || this.#steps.has(contact.id.hex)) continue
      this.#steps.set(contact.id.hex, { contact, route, state: 'named' })
    }
  }

  silent(from: Key): void {
    const step = this.#steps.get(from.hex)
    if (step) step.state = 'silent'
  }

  /** Whether anybody has named this peer. */
  hasMet(id: Key): boolean {
    return this.#steps.has(id.hex)
  }

  /** Those it was told of, the silent left out, the closest to the target first. */
  found(count = this.#steps.size): readonly Found[] {
    return this.#closest(count)
  }

  #closest(count: number): Step[] {
    const there = [...this.#steps.values()].filter(({ state }) => state !== 'silent')
    return there.sort((a, b) => Key.compare(this.target, a.contact.id, b.contact.id)).slice(0, count)
  }
}
