import type { Envelope, Key, Message, MessageId, Seek } from '@hashtab/core'

/** How one lookup ended. `stale`: with an older version than was confirmed before it began. */
export interface LookupEnd {
  readonly verdict: 'found' | 'stale' | 'missing'
  readonly asked: number
  readonly tookMs: number
  readonly recordId: string
}

/** Lookups that failed, told one by one: the first of them are enough to find out why. */
const failuresMax = 50

/** What lookups for records cost, and how they ended. */
export class LookupTally {
  /** By reader and target. */
  readonly #underWay = new Map<string, UnderWay>()
  /** Whom a question under way belongs to, by its id. */
  readonly #questions = new Map<string, UnderWay>()
  readonly tookMs: number[] = []
  readonly messages: number[] = []
  readonly failures: string[] = []
  found = 0
  stale = 0
  missing = 0
  asked = 0
  questionHops = 0

  begin(reader: Key, target: Key): void {
    this.#underWay.set(nameOf(reader, target), { messages: 0, questions: [] })
  }

  /** One hop of a question for a record, of its acknowledgement, or of the answer to one. */
  sent(message: Message): void {
    switch (message.type) {
      case 'seek':
        return this.#sought(message)
      case 'taken':
      case 'declined': {
        const lookup = this.#questions.get(message.id)
        if (lookup) lookup.messages += 1
        return
      }
      case 'envelope':
        return this.#enveloped(message)
    }
  }

  #sought({ id, target, path }: Seek): void {
    const lookup = this.#underWay.get(nameOf(path[0]!, target))
    if (!lookup) return
    lookup.messages += 1
    this.questionHops += 1
    if (path.length > 1) return
    lookup.questions.push(id)
    this.#questions.set(id, lookup)
  }

  #enveloped({ payload, path }: Envelope): void {
    if (payload.type === 'request' && payload.question.type === 'find' && payload.question.want !== 'peers') {
      const lookup = this.#underWay.get(nameOf(path[0]!, payload.question.target))
      if (!lookup) return
      lookup.messages += 1
      this.questionHops += 1
      if (path.length > 1) return
      lookup.questions.push(payload.id)
      this.#questions.set(payload.id, lookup)
    } else if (payload.type === 'response') {
      const lookup = this.#questions.get(payload.id)
      if (lookup) lookup.messages += 1
    }
  }

  end(reader: Key, target: Key, end: LookupEnd): void {
    const name = nameOf(reader, target)
    const lookup = this.#underWay.get(name)
    this.#underWay.delete(name)
    for (const id of lookup?.questions ?? []) this.#questions.delete(id)
    this[end.verdict] += 1
    this.asked += end.asked
    this.tookMs.push(end.tookMs)
    this.messages.push(lookup?.messages ?? 0)
    if (end.verdict === 'found' || this.failures.length >= failuresMax) return
    this.failures.push(`${end.verdict}: ${end.recordId}, asked for by ${reader.hex}, after ${Math.round(end.tookMs)} ms`)
  }

  get count(): number {
    return this.found + this.stale + this.missing
  }

  /** Hops that one question took, on average. */
  get hops(): number {
    return this.asked === 0 ? 0 : this.questionHops / this.asked
  }
}

interface UnderWay {
  messages: number
  readonly questions: MessageId[]
}

function nameOf(reader: Key, target: Key): string {
  return reader.hex + target.hex
}

/** The value below which this share of the values lies; 0 when there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
