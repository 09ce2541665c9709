import { compareRecords, decodeStored, isMalformed, type Message, type Record, recordId, type RecordKind } from '@hashtab/core'
import type { Conduct } from './conduct.js'
import type { Gang } from './gang.js'
import type { HostileOverlay } from './hostile-overlay.js'
import { closestContacts } from './closest-contacts.js'

/** Keeps the oldest version that it ever saw of each record, and gives that to everybody who asks; a newer one it says it has kept. */
export class Replayer implements Conduct {
  readonly #gang: Gang
  readonly #oldest = new Map<string, Record>()

  constructor(gang: Gang) {
    this.#gang = gang
  }

  hears(event: Parameters<NonNullable<Conduct['hears']>>[0], self: HostileOverlay): typeof event | undefined {
    if (event.type === 'restored') for (const bytes of event.stored.values()) this.#restore(bytes)
    if (event.type !== 'received') return event
    const { link, message } = event
    const isReplaced = recordsIn(message).some((record) => this.#isNewer(record))
    for (const record of recordsIn(message)) this.#remember(record)
    if (message.type === 'seek') {
      const { id, target, path, store } = message
      const contacts = closestContacts(target, [...this.#gang.closest(target), ...self.links.values()])
      if (store && isReplaced) {
        self.say(link, { type: 'taken', id })
        self.answer(link, id, path, { type: 'placed', replicas: contacts.map((contact) => ({ contact, receipt: 'stored' })) })
        return undefined
      }
      const records = message.want === 'peers' ? [] : this.#recordsOf(target.hex, message.want)
      if (store || records.length === 0) return event
      self.say(link, { type: 'taken', id })
      self.answer(link, id, path, { type: 'found', contacts, records })
      return undefined
    }
    if (message.type !== 'envelope' || message.payload.type !== 'request' || !message.destination.equals(self.self)) return event
    const { payload, path } = message
    const { question } = payload
    if (question.type === 'store' && isReplaced) {
      self.answer(link, payload.id, path, { type: 'receipt', receipt: 'stored' })
      return undefined
    }
    if (question.type !== 'find' || question.want === 'peers') return event
    const contacts = closestContacts(question.target, [...self.links.values()])
    self.answer(link, payload.id, path, { type: 'found', contacts, records: this.#recordsOf(question.target.hex, question.want) })
    return undefined
  }

  #restore(bytes: Uint8Array): void {
    const stored = decodeStored(bytes)
    if (!isMalformed(stored)) this.#remember(stored.record)
  }

  #isNewer(record: Record): boolean {
    const before = this.#oldest.get(recordId(record))
    return before !== undefined && compareRecords(record, before) > 0
  }

  #remember(record: Record): void {
    const id = recordId(record)
    const before = this.#oldest.get(id)
    if (!before || compareRecords(record, before) < 0) this.#oldest.set(id, record)
  }

  #recordsOf(keyHex: string, kind: RecordKind): Record[] {
    return [...this.#oldest.values()].filter((record) => record.kind === kind && record.key.hex === keyHex).slice(0, recordsMax)
  }
}

/** In one answer: well below its bounds. */
const recordsMax = 8

function recordsIn(message: Message): readonly Record[] {
  if (message.type === 'seek') return message.store ? [message.store.record] : []
  if (message.type !== 'envelope') return []
  const { payload } = message
  if (payload.type === 'request') return payload.question.type === 'store' ? [payload.question.record] : []
  return payload.type === 'response' && payload.answer.type === 'found' ? payload.answer.records : []
}
