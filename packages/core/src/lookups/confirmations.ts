import { LateMap } from '../late-map.js'
import type { Key } from '../keys/key.js'
import { type VersionDigest, versionDigest } from '../records/record-version.js'
import type { Question, StoreOrder } from '../wire/message.js'
import type { Found } from './lookup.js'
import type { PlacedAnswer } from './storing.js'

export interface ConfirmationAsker {
  readonly for: 'confirmation'
  readonly confirmation: number
}

/** What a routed store came to, before anybody else was asked. */
export interface Claim {
  readonly order: StoreOrder
  readonly answer: PlacedAnswer
  /** The peers whom the store set out to, and who answered: the way to somebody else goes round them. */
  readonly passed: readonly Key[]
}

export type ConfirmationsEvent =
  | { type: 'claimed'; claim: Claim }
  /** A lookup round `passed` has ended, with the peers closest to the record's key; undefined: it is not believed. `asked`: paths that set out. */
  | { type: 'looked'; confirmation: number; closest: readonly Found[] | undefined; asked: number }
  /** What the peer that was asked lacks; undefined: it stays silent. */
  | { type: 'compared'; asker: ConfirmationAsker; lacking: readonly VersionDigest[] | undefined }

export type ConfirmationsEffect =
  | { type: 'look'; confirmation: number; target: Key; avoid: readonly Key[] }
  | { type: 'ask'; asker: ConfirmationAsker; to: Key; route: readonly Key[]; question: Question; tries: number }
  | { type: 'confirmed'; confirmation: number; claim: Claim }
  /** The record is not where it should be, or nobody could say so. `closest`: where it should be, if that is known. */
  | { type: 'refuted'; confirmation: number; claim: Claim; closest: readonly Found[] | undefined }

/** Peers that are asked whether they have a record: any of them may be a liar, like the one who said that all have it. None may lack it, and more than half must say they have it. */
export const witnessesMax = 3
/** Confirmations under way at one time: a lookup and a question each, which must not crowd out what the app asks. */
export const confirmationsMax = 32

interface Confirmation {
  readonly claim: Claim
  closest: readonly Found[]
  /** Witnesses that were asked, and those of them that have not answered yet. */
  witnesses: number
  awaited: number
  /** Those that have it. */
  agreed: number
}

/**
 * Whether what the end of one path says of a record is so: it brought all the receipts itself, and could have made them up, and the replicas as well. So the replicas are looked for on a path
 * that has no peer in common with the first, and some of them are asked whether they have the record. Better than signed receipts: peers that somebody made up near a key can sign, too.
 * Invariant: every claim is confirmed or refuted, once, unless it is forgotten. Beyond `confirmationsMax` they take turns.
 */
export class Confirmations {
  readonly #confirmations = new LateMap<number, Confirmation>()
  /** The oldest first. */
  readonly #waiting = new LateMap<number, Claim>()
  #last = 0

  /** The number of the claim that comes next. */
  get next(): number {
    return this.#last + 1
  }

  /** Nobody wants to know any more: the turn is another's. */
  forget(confirmation: number): ConfirmationsEffect[] {
    this.#waiting.delete(confirmation)
    return this.#confirmations.delete(confirmation) ? this.#begin() : []
  }

  handle(event: ConfirmationsEvent): ConfirmationsEffect[] {
    switch (event.type) {
      case 'claimed': {
        const { claim } = event
        this.#last += 1
        this.#waiting.set(this.#last, claim)
        return this.#begin()
      }
      case 'looked':
        return this.#looked(event)
      case 'compared':
        return this.#compared(event.asker.confirmation, event.lacking)
    }
  }

  /** One that lacks it is enough to write it anew. So is silence of half of them: whom two liars name are seldom all theirs, and those who are not cannot be reached. */
  #compared(confirmation: number, lacking: readonly VersionDigest[] | undefined): ConfirmationsEffect[] {
    const one = this.#confirmations.get(confirmation)
    if (!one) return []
    if (lacking && lacking.length > 0) return this.#end(confirmation, false)
    one.awaited -= 1
    if (lacking) one.agreed += 1
    return one.awaited > 0 ? [] : this.#end(confirmation, 2 * one.agreed > one.witnesses)
  }

  #looked({ confirmation, closest, asked }: Extract<ConfirmationsEvent, { type: 'looked' }>): ConfirmationsEffect[] {
    const one = this.#confirmations.get(confirmation)
    if (!one) return []
    // There is no other way to anybody, so nobody but the first could be asked.
    if (asked === 0) return this.#end(confirmation, true)
    const { claim } = one
    if (!closest) {
      this.#confirmations.delete(confirmation)
      return [{ type: 'refuted', confirmation, claim, closest: undefined }, ...this.#begin()]
    }
    one.closest = closest
    const placed = new Set(claim.answer.replicas.map(({ contact }) => contact.id.hex))
    const common = closest.filter(({ contact }) => placed.has(contact.id.hex)).length
    const witnesses = closest
      .filter(({ contact }) => !claim.passed.some((id) => id.equals(contact.id)))
      .sort((a, b) => a.route.length - b.route.length)
      .slice(0, witnessesMax)
    if (2 * common < closest.length) return this.#end(confirmation, false)
    if (witnesses.length === 0) return this.#end(confirmation, false)
    one.witnesses = witnesses.length
    one.awaited = witnesses.length
    const question: Question = { type: 'compare', versions: [versionDigest(claim.order.record)] }
    const asker: ConfirmationAsker = { for: 'confirmation', confirmation }
    return witnesses.map(({ contact, route }) => ({ type: 'ask', asker, to: contact.id, route, question, tries: 2 }))
  }

  #end(confirmation: number, isConfirmed: boolean): ConfirmationsEffect[] {
    const one = this.#confirmations.get(confirmation)
    this.#confirmations.delete(confirmation)
    if (!one) return []
    const { claim, closest } = one
    return [isConfirmed ? { type: 'confirmed', confirmation, claim } : { type: 'refuted', confirmation, claim, closest }, ...this.#begin()]
  }

  #begin(): ConfirmationsEffect[] {
    const [next] = this.#waiting
    if (!next || this.#confirmations.size >= confirmationsMax) return []
    const [confirmation, claim] = next
    this.#waiting.delete(confirmation)
    this.#confirmations.set(confirmation, { claim, closest: [], witnesses: 0, awaited: 0, agreed: 0 })
    return [{ type: 'look', confirmation, target: claim.order.record.key, avoid: claim.passed }]
  }
}
