import { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import { sourceOf } from '../links/relay.js'
import type { RoutingTable } from '../links/routing-table.js'
import type { Record } from '../records/record.js'
import type { RecordRoom, RecordRoomEffect } from '../records/record-room.js'
import { recordsThatFit } from '../records/records-that-fit.js'
import { type Answer, type Envelope, type Question, replicas, type Seek, type WatchQuestion } from '../wire/message.js'

/** What others ask, answered from what is known and kept here. */
export class Answering {
  readonly #self: Contact
  readonly #table: RoutingTable
  readonly #records: RecordRoom

  constructor(self: Contact, table: RoutingTable, records: RecordRoom) {
    this.#self = self
    this.#table = table
    this.#records = records
  }

  /**
   * What a seek for this is answered with where it ends: the closest peers that are known here, this one included, and the records.
   * `cached`: what was passed on to others not long ago, for when it is not kept here.
   */
  answerSeek({ target, want, path }: Seek, cached: { readonly record: Record; readonly links: number } | undefined, unixS: number): Answer {
    // A leaf is none of the closest, unless it is the one that is looked for.
    const self = this.#table.role === 'full' || this.#self.id.equals(target) ? [this.#self] : []
    const sought = this.#table.linkTo(target)
    const leaf = sought?.role === 'leaf' ? [sought.contact] : []
    const known = [...self, ...leaf, ...this.#records.closest(target, replicas + 1)].filter(({ id }) => !id.equals(path[0]!))
    const contacts = known.sort((a, b) => Key.compare(target, a.id, b.id)).slice(0, replicas)
    const here = recordsThatFit(this.#records.here(target, want, unixS))
    if (here.length > 0 || !cached) return { type: 'found', contacts, records: here }
    return { type: 'found', contacts, records: [cached.record], links: cached.links }
  }

  /** The answer to a question that came in an envelope for us. */
  answer(
    question: Exclude<Question, WatchQuestion>,
    envelope: Envelope,
    nowMs: number,
    unixS: number,
  ): { answer: Answer; effects: readonly RecordRoomEffect[] } {
    switch (question.type) {
      case 'ping':
        return { answer: { type: 'pong' }, effects: [] }
      case 'find': {
        const asker = sourceOf(envelope)
        const contacts = this.#table.closestLinks(question.target, replicas + 1).filter(({ contact }) => !contact.id.equals(asker))
        const records = recordsThatFit(this.#records.here(question.target, question.want, unixS))
        return { answer: { type: 'found', contacts: contacts.slice(0, replicas).map(({ contact }) => contact), records }, effects: [] }
      }
      case 'store': {
        const { record, ifSeq } = question
        if (this.#table.role === 'leaf') return { answer: { type: 'receipt', receipt: 'full' }, effects: [] }
        const kept = this.#records.keep(record, { from: envelope.path.at(-1)!, ...(ifSeq !== undefined && { ifSeq }) }, nowMs, unixS)
        return { answer: { type: 'receipt', receipt: kept.receipt, ...(kept.newer && { newer: kept.newer }) }, effects: kept.effects }
      }
      case 'compare':
        return { answer: { type: 'compared', lacking: this.#records.lacking(question.versions) }, effects: [] }
    }
  }
}
