import type { Key, Message, MessageId } from '@hashtab/core'

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
  /** Bytes of all their messages, hop by hop. */
  bytes = 0

  begin(reader: Key, target: Key): void {
    this.#underWay.set(nameOf(reader, target), { messages: 0, questions: [] })
  }

  /** One hop of a question for a record, of its acknowledgement, or of the answer to one. */
  sent(message: Message, bytes: number): void {
    const lookup = this.#lookupOf(message)
    if (!lookup) return
    lookup.messages += 1
    this.bytes += bytes
  }

  #lookupOf(message: Message): UnderWay | undefined {
    switch (message.type) {
      case 'seek':
        return message.want === 'peers' ? undefined : this.#asked(message.id, message.path, message.target)
      case 'taken':
      case 'declined':
        return this.#questions.get(message.id)
      case 'envelope': {
        const { payload, path } = message
        if (payload.type === 'response') return this.#questions.get(payload.id)
        if (payload.type !== 'request' || payload.question.type !== 'find' || payload.question.want === 'peers') return undefined
        return this.#asked(payload.id, path, payload.question.target)
      }
      default:
        return undefined
    }
  }

  /** One hop of a question: on its first it is noted whose it is. */
  #asked(id: MessageId, path: readonly Key[], target: Key): UnderWay | undefined {
    const isFirst = path.length === 1
    const lookup = isFirst ? this.#underWay.get(nameOf(path[0]!, target)) : this.#questions.get(id)
    if (!lookup) return undefined
    this.questionHops += 1
    if (isFirst && !this.#questions.has(id)) {
      lookup.questions.push(id)
      this.#questions.set(id, lookup)
    }
    return lookup
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
