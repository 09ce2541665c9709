import type { Key } from '../keys/key.js'
import { avoidMax, type MessageId, type Want } from '../wire/message.js'
import { closestOf, type PathAnswer } from './path-answer.js'

/** Paths of one routed lookup at most: DESIGN, "Asking without dialling": d = 4 for what looks wrong. */
export const pathsMax = 4
/** When so many peers have said, over distinct paths, that they have not got a record, others are asked with care: who spoke is only what they say. */
export const denialsNeeded = 3

type PathState = 'underWay' | 'answered' | 'silent'

interface Path {
  readonly id: MessageId
  state: PathState
  answer: PathAnswer | undefined
  /** The peers it set out to: one, or more where those before did not acknowledge it. */
  readonly vias: Key[]
  readonly deadlineMs: number
}

export type RoutedLookupEvent =
  | { type: 'started' }
  | { type: 'answered'; id: MessageId; answer: PathAnswer }
  /** It is on its way to this linked peer. */
  | { type: 'setOut'; id: MessageId; via: Key }
  /** No link to set out on, but those to be avoided. */
  | { type: 'nowhere'; id: MessageId }
  /** None of the peers it set out to acknowledged it. */
  | { type: 'lost'; id: MessageId }
  | { type: 'woke' }

export type RoutedLookupEffect =
  | { type: 'seek'; id: MessageId; target: Key; want: Want; avoid: readonly Key[] }
  /** `believed`: by the rules of this lookup; else it looks wrong, and is to be asked for with care. `asked`: paths that set out. */
  | { type: 'finish'; believed: boolean; answers: readonly PathAnswer[]; asked: number }

export interface RoutedLookupOptions {
  readonly target: Key
  readonly want: Want
  /** Peers that no path is to pass. */
  readonly avoid: readonly Key[]
  readonly newId: () => MessageId
  /** How long the answer of most paths takes: nine of ten are quicker. */
  readonly slowMs: number
  /** How long a path is waited for. */
  readonly timeoutMs: number
}

/**
 * The routed lookup: one seek that peers pass on to whoever is closest to the target, and others on disjoint paths where that one is slow, brings nothing,
 * or looks wrong. Values prove themselves, so the quick way is safe to try first: a hostile hop can hide a record, and not forge one.
 * Invariants: 1. at most `pathsMax` paths; 2. no path begins with a peer that another began with, or passes one that an answered path has passed; 3. it finishes exactly once.
 */
export class RoutedLookup {
  readonly #options: RoutedLookupOptions
  readonly #paths: Path[] = []
  #hedgeAtMs: number | undefined
  /** Paths to begin, one after the other: each must know where those before it went. */
  #toBegin = 0
  /** The peers to avoid leave no link to set out on: more paths there are not. */
  #isExhausted = false
  #finished = false

  constructor(options: RoutedLookupOptions) {
    this.#options = options
  }

  handle(event: RoutedLookupEvent, nowMs: number): RoutedLookupEffect[] {
    if (this.#finished) return []
    switch (event.type) {
      case 'started':
        return this.#more(this.#isMutable ? 2 : 1, nowMs)
      case 'setOut': {
        const path = this.#paths.find(({ id }) => id === event.id)
        path?.vias.push(event.via)
        return this.#begin(nowMs)
      }
      case 'answered': {
        const path = this.#paths.find(({ id }) => id === event.id)
        if (!path || path.state === 'answered') return []
        path.state = 'answered'
        path.answer = event.answer
        return this.#decide(nowMs)
      }
      case 'nowhere':
      case 'lost': {
        const path = this.#paths.find(({ id }) => id === event.id)
        if (path?.state !== 'underWay') return []
        if (event.type === 'nowhere') this.#isExhausted = true
        path.state = 'silent'
        return this.#decide(nowMs)
      }
      case 'woke': {
        const late = this.#paths.filter(({ state, deadlineMs }) => state === 'underWay' && deadlineMs <= nowMs)
        for (const path of late) path.state = 'silent'
        const isHedged = this.#hedgeAtMs !== undefined && this.#hedgeAtMs <= nowMs
        if (isHedged) this.#hedgeAtMs = undefined
        if (late.length > 0) return this.#decide(nowMs)
        return isHedged ? this.#more(1, nowMs) : []
      }
    }
  }

  get wakeAtMs(): number | undefined {
    if (this.#finished) return undefined
    let earliest = this.#hedgeAtMs ?? Infinity
    for (const { state, deadlineMs } of this.#paths) if (state === 'underWay') earliest = Math.min(earliest, deadlineMs)
    return earliest === Infinity ? undefined : earliest
  }

  #decide(nowMs: number): RoutedLookupEffect[] {
    if (this.#isEnough()) return [this.#finish(true)]
    if (this.#isDenied) return [this.#finish(false)]
    const underWay = this.#underWay
    if (!this.#isOver) return this.#more(this.#wanted - underWay, nowMs)
    return underWay > 0 ? [] : [this.#finish(false)]
  }

  /** Whether what was answered may be believed. */
  #isEnough(): boolean {
    const answers = this.#answers
    const { want, target } = this.#options
    if (want === 'peers') return answers.some(({ isPlausible }) => isPlausible)
    // Whoever is none of the closest that anybody named was a replica once, or takes itself for one: it may have missed what has come since.
    const replicas = this.#isMutable ? closestOf(target, answers) : undefined
    const isReplica = ({ from }: PathAnswer) => !replicas || replicas.some(({ contact }) => contact.id.equals(from))
    const found = distinct(answers.filter((answer) => answer.hasRecord && isReplica(answer)))
    // Of what changes, another holder may have a newer version, or, of an open key, records that this one has missed; content is there or not.
    if (found > 0 && !this.#isMutable) return true
    if (found === 0) return false
    return found >= 2 || (this.#underWay === 0 && (this.#isExhausted || (this.#isOver && this.#denials === 0)))
  }

  /** Nobody has it, as far as may be learnt from answers that whoever stood on their way could have made up: he could have stood on all the ways. */
  get #isDenied(): boolean {
    return this.#options.want !== 'peers' && !this.#answers.some(({ hasRecord }) => hasRecord) && this.#denials >= denialsNeeded
  }

  get #denials(): number {
    return distinct(this.#answers.filter(({ hasRecord, isPlausible }) => isPlausible && !hasRecord))
  }

  get #isMutable(): boolean {
    return this.#options.want === 'open' || this.#options.want === 'owned'
  }

  /** No more paths may begin. */
  get #isOver(): boolean {
    return this.#paths.length >= pathsMax || this.#isExhausted
  }

  /** How many paths should be under way, after what was answered: one more than was, as long as nothing is denied; all that are needed to deny it at once then. */
  get #wanted(): number {
    const { want } = this.#options
    if (want === 'peers') return 1
    const answers = this.#answers
    const found = answers.some(({ hasRecord }) => hasRecord)
    if (found) return 1
    return answers.length > 0 ? denialsNeeded - distinct(answers.filter(({ isPlausible }) => isPlausible)) : 2
  }

  get #answers(): PathAnswer[] {
    return this.#paths.flatMap(({ answer }) => answer ?? [])
  }

  get #underWay(): number {
    return this.#paths.filter(({ state }) => state === 'underWay').length
  }

  #more(count: number, nowMs: number): RoutedLookupEffect[] {
    this.#toBegin = Math.min(count, pathsMax - this.#paths.length)
    this.#hedgeAtMs = this.#paths.length < pathsMax && !this.#isExhausted ? nowMs + this.#options.slowMs : undefined
    return this.#begin(nowMs)
  }

  #begin(nowMs: number): RoutedLookupEffect[] {
    if (this.#toBegin <= 0 || this.#isExhausted) return []
    this.#toBegin -= 1
    const { target, want, newId, timeoutMs } = this.#options
    const id = newId()
    this.#paths.push({ id, state: 'underWay', answer: undefined, vias: [], deadlineMs: nowMs + timeoutMs })
    return [{ type: 'seek', id, target, want, avoid: this.#visited() }]
  }

  /** Peers that paths set out to, that answered, and that answered paths have passed: the next path goes round them. */
  #visited(): Key[] {
    const begun = this.#paths.flatMap(({ vias }) => vias)
    const visited = [...this.#options.avoid, ...begun, ...this.#answers.flatMap(({ from, route }) => [from, ...route])]
    return visited.filter((id, i) => visited.findIndex((other) => other.equals(id)) === i).slice(0, avoidMax)
  }

  #finish(believed: boolean): RoutedLookupEffect {
    this.#finished = true
    this.#hedgeAtMs = undefined
    return { type: 'finish', believed, answers: this.#answers, asked: this.#paths.filter(({ vias }) => vias.length > 0).length }
  }
}

/** Two paths may end at one peer: it says no more the second time. */
function distinct(answers: readonly PathAnswer[]): number {
  return new Set(answers.map(({ from }) => from.hex)).size
}
