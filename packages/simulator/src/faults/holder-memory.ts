import { type Answer, compareRecords, type Key, type Message, type MessageId, type Record, recordId, type RecordKind } from '@hashtab/core'
import type { VirtualPeer } from '../virtual-peer.js'
import { seqOf } from './reader-memory.js'
import type { Violations } from './violation.js'

/** What a question is about: a record to be kept, or records that are asked for. */
type Asked = { readonly store: Record } | { readonly target: Key; readonly kind: RecordKind }

/** What each holder has said it took: it never serves an older version, nor hides what is in its storage. */
export class HolderMemory {
  readonly #violations: Violations
  /** The honest peer of this id, that is there. */
  readonly #honest: (idHex: string) => VirtualPeer | undefined
  readonly #asked = new Map<MessageId, Asked>()
  readonly #taken = new Map<string, Record>()

  constructor(violations: Violations, honest: (idHex: string) => VirtualPeer | undefined) {
    this.#violations = violations
    this.#honest = honest
  }

  sent(message: Message): void {
    if (message.type === 'seek') {
      const { id, target, want, store } = message
      if (store) this.#asked.set(id, { store: store.record })
      else if (want !== 'peers') this.#asked.set(id, { target, kind: want })
      return
    }
    if (message.type !== 'envelope') return
    const { payload, path } = message
    if (payload.type === 'request') {
      const { question } = payload
      if (question.type === 'store') this.#asked.set(payload.id, { store: question.record })
      if (question.type === 'find' && question.want !== 'peers')
        this.#asked.set(payload.id, { target: question.target, kind: question.want })
      return
    }
    // On its first hop an answer says itself whose it is.
    const holder = payload.type === 'response' && path.length === 1 ? this.#honest(path[0]!.hex) : undefined
    const asked = holder && payload.type === 'response' ? this.#asked.get(payload.id) : undefined
    if (holder && asked && payload.type === 'response') this.answered(holder, asked, payload.answer)
  }

  answered(holder: VirtualPeer, asked: Asked, answer: Answer): void {
    if ('store' in asked) {
      if (hasTaken(holder, answer)) this.#take(holder, asked.store)
      return
    }
    if (answer.type !== 'found') return
    for (const record of answer.records) this.#served(holder, record)
    if (answer.records.length > 0) return
    const name = asked.kind === 'open' ? `open ${asked.target.hex} ` : `${asked.kind} ${asked.target.hex}`
    for (const id of holder.storage?.keys() ?? [])
      if (id.startsWith(name)) this.#violations.found('holder', `peer ${holder.index} keeps ${id}, and answers that it has nothing there`)
  }

  #take({ index }: VirtualPeer, record: Record): void {
    const name = `${index} ${recordId(record)}`
    const before = this.#taken.get(name)
    if (!before || compareRecords(record, before) > 0) this.#taken.set(name, record)
  }

  #served({ index }: VirtualPeer, record: Record): void {
    const taken = this.#taken.get(`${index} ${recordId(record)}`)
    if (taken && compareRecords(record, taken) < 0)
      this.#violations.found('holder', `peer ${index} took seq ${seqOf(taken)} of ${recordId(record)}, and serves ${seqOf(record)}`)
  }
}

function hasTaken({ contact }: VirtualPeer, answer: Answer): boolean {
  const receipt =
    answer.type === 'receipt'
      ? answer.receipt
      : answer.type === 'placed'
        ? answer.replicas.find((replica) => replica.contact.id.equals(contact.id))?.receipt
        : undefined
  return receipt === 'stored' || receipt === 'same'
}
