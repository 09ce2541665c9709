import { LateMap } from '../late-map.js'
import type { Attempt, AttemptState } from './attempt.js'
import type { DialBudget } from './dial-budget.js'
import { setUpsMax } from './dial-budget.js'
import type { Admission, Guest } from './doorkeeper.js'
import type { FreshIds } from '../fresh-ids.js'
import type { Key } from '../keys/key.js'
import type { Carriage, Introduction, RefusalReason, Why } from '../wire/letter.js'
import type { Contact } from '../keys/public-key.js'
import type { IntroductionSeal, Sealing } from './introduction-seal.js'
import type { LinkId } from './routing-table.js'

/** Knocks that wait for an offer at one time. */
export const knocksMax = 8
/** A knock goes out over its next carriage, if there is another, after this long without an offer. */
export const nextCarriageMs = 3_000
/** A knock is silent after this long: the other end may have to wait for its turn to set up a connection. */
export const knockTimeoutMs = 8_000
/** From agreement to an open link, at either end. The transport gives up after 8 s; one round of letters comes on top. */
export const setUpTimeoutMs = 12_000
/** Attempts in all, those of others included: what is over is refused as busy. */
export const attemptsMax = 64
/** After standing still, what comes in for so long was written before: whoever knocked then has given up, and a set-up with it would block others for seconds. */
export const backlogMs = 1_000
/**
 * A knock is as old as it says when the clocks of both ends differ by no more than this: with time zones set wrong aside, those of most devices do, and what was
 * recorded is worthless soon. Whose clock is off by more is let in as well, but never in place of what is under way, and such knocks have one trust together: see `trustInOffClocks`.
 */
export const knockSkewMaxS = 600
/** Batches of candidates that came before the description they belong to. */
const earlyMax = 4
/** A peer told to come back later comes back after this long. */
export const busyRetryS = 10
export const fullRetryS = 300

export type IntroductionsEvent =
  | { type: 'begin'; contact: Contact; why: Why; carriages: readonly Carriage[] }
  | { type: 'letter'; from: Contact; body: Introduction; back: Carriage }
  | { type: 'undeliverable'; to: Key }
  | { type: 'described'; link: LinkId; description: Uint8Array }
  | { type: 'candidates'; link: LinkId; candidates: Uint8Array }
  | { type: 'opened'; link: LinkId }
  | { type: 'closed'; link: LinkId }
  /** This peer stood still for a while: whoever it was making a link to has given up, and more letters wait that are as old. */
  | { type: 'stoodStill' }
  /** For a peer that began without: see `OverlayOptions`. */
  | { type: 'sealing'; sealing: Sealing }
  | { type: 'woke' }

type Knock = Extract<Introduction, { type: 'knock' }>
/** Of an attempt that begins with our own knock. */
const ours = { theirKey: undefined, knockedUnixS: undefined } as const

export type IntroductionsEffect =
  | { type: 'write'; to: Key; body: Introduction; carriage: Carriage }
  | { type: 'offer'; link: LinkId }
  | { type: 'answer'; link: LinkId; description: Uint8Array }
  | { type: 'accept'; link: LinkId; description: Uint8Array }
  | { type: 'addCandidates'; link: LinkId; candidates: Uint8Array }
  | { type: 'end'; link: LinkId }
  | { type: 'linked'; contact: Contact; link: LinkId }
  /** `silent`: nobody answered the knock. `failed`: agreed, but the connection did not come about. */
  | { type: 'failed'; contact: Contact; why: Why; reason: 'silent' | 'failed' }
  | { type: 'refused'; contact: Contact; why: Why; reason: RefusalReason; retryAfterMs: number }

/**
 * How two peers without a link get one: knock, offer, answer, late candidates, or a refusal, carried by anyone.
 * Invariants: 1. no connection is made before the other end has agreed; 2. at most `setUpsMax` are being made at one time, each paid
 * from the budget; 3. one attempt per peer: of two crossing knocks, that of the smaller id stands; 4. every attempt ends by its deadline;
 * 5. what does not carry the nonces of the attempt, or was not sealed for it, changes nothing, nor does a knock that is refused, was heard before or is older; 6. nothing that the transport says of this end
 * goes out unsealed: without `Sealing` nobody is knocked at, and who knocks waits.
 */
export class Introductions {
  readonly #self: Key
  readonly #ids: FreshIds
  readonly #budget: DialBudget
  readonly #admits: (guest: Guest, nowMs: number) => Admission
  readonly #isWantedHere: (id: Key) => boolean
  readonly #attempts = new LateMap<string, Attempt>()
  #sealing: Sealing | undefined
  #stoodStillMs = -Infinity
  /** As of the event that is handled. */
  #unixS = 0

  /** `isWantedHere`: whether this peer would be our sibling, or our own app wants it: by our own knowledge, whatever it says of itself. */
  constructor(
    self: Key,
    ids: FreshIds,
    budget: DialBudget,
    admits: (guest: Guest, nowMs: number) => Admission,
    isWantedHere: (id: Key) => boolean,
    sealing: Sealing | undefined,
  ) {
    this.#self = self
    this.#ids = ids
    this.#budget = budget
    this.#admits = admits
    this.#isWantedHere = isWantedHere
    this.#sealing = sealing
  }

  /** `unixS`: the wall clock, which knocks bear. */
  handle(event: IntroductionsEvent, nowMs: number, unixS: number): IntroductionsEffect[] {
    this.#unixS = unixS
    switch (event.type) {
      case 'begin':
        return this.#begin(event, nowMs)
      case 'letter':
        return this.#letter(event, nowMs)
      case 'undeliverable': {
        const attempt = this.#attempts.get(event.to.hex)
        return attempt?.state === 'knocking' ? this.#knockOn(attempt, nowMs) : []
      }
      case 'described':
      case 'candidates':
      case 'opened':
      case 'closed':
        return this.#transport(event, nowMs)
      case 'stoodStill':
        this.#stoodStillMs = nowMs
        return this.#abandon()
      case 'sealing': {
        if (this.#sealing) return []
        this.#sealing = event.sealing
        const waiting = [...this.#attempts.values()].filter(({ state }) => state === 'knocking')
        return [...waiting.flatMap((attempt) => this.#knockOn(attempt, nowMs)), ...this.#makeReady(nowMs)]
      }
      case 'woke':
        return this.#expire(nowMs)
    }
  }

  get wakeAtMs(): number | undefined {
    let earliest: number | undefined
    for (const { deadlineMs } of this.#attempts.values()) if (earliest === undefined || deadlineMs < earliest) earliest = deadlineMs
    return earliest
  }

  /** The peers to which a link is being made. */
  get contacts(): readonly Contact[] {
    return [...this.#attempts.values()].map(({ contact }) => contact)
  }

  /** Whether a link to this peer is being made. */
  includes(id: Key): boolean {
    return this.#attempts.has(id.hex)
  }

  /** How many more knocks may go out now. */
  get knocksLeft(): number {
    return Math.max(0, Math.min(knocksMax - this.#count('knocking'), attemptsMax - this.#attempts.size))
  }

  #begin(event: Extract<IntroductionsEvent, { type: 'begin' }>, nowMs: number): IntroductionsEffect[] {
    const { contact, why, carriages } = event
    if (contact.id.equals(this.#self) || this.includes(contact.id)) return []
    if (this.knocksLeft === 0 || carriages.length === 0) return [{ type: 'failed', contact, why, reason: 'silent' }]
    const attempt = this.#newAttempt({ contact, why, nonce: this.#ids.nonce(), state: 'knocking', carriages, ...ours }, nowMs)
    if (this.#sealing) return this.#knockOn(attempt, nowMs)
    attempt.deadlineMs = nowMs + knockTimeoutMs
    return []
  }

  #knockOn(attempt: Attempt, nowMs: number): IntroductionsEffect[] {
    const [carriage, ...rest] = attempt.carriages
    if (!carriage || !this.#sealing) return this.#fail(attempt, 'silent', nowMs)
    attempt.carriages = rest
    attempt.deadlineMs = nowMs + (rest.length > 0 ? nextCarriageMs : knockTimeoutMs)
    const { nonce, why } = attempt
    const body: Introduction = { type: 'knock', nonce, key: this.#sealOf(attempt).ownKey, writtenUnixS: this.#unixS, why }
    return [{ type: 'write', to: attempt.contact.id, body, carriage }]
  }

  #letter(event: Extract<IntroductionsEvent, { type: 'letter' }>, nowMs: number): IntroductionsEffect[] {
    const { from, body, back } = event
    if (body.type === 'knock') return this.#knocked(from, body, back, nowMs)
    const attempt = this.#attempts.get(from.id.hex)
    if (!attempt || attempt.nonce !== body.nonce) return []
    switch (body.type) {
      case 'refusal':
        return attempt.state === 'knocking' ? this.#refused(attempt, body) : []
      case 'offer':
        return attempt.state === 'knocking' ? this.#offered(attempt, body, back, nowMs) : []
      case 'answer': {
        if (!attempt.offering || attempt.offerNonce !== body.offerNonce || attempt.described || attempt.state !== 'settingUp') return []
        const description = attempt.seal?.open('answer', body.sealed)
        if (!description) return []
        attempt.described = true
        return [{ type: 'accept', link: attempt.link, description }, ...addEarly(attempt)]
      }
      case 'candidates':
        if (attempt.offerNonce !== undefined && attempt.offerNonce !== body.offerNonce) return []
        if (attempt.described) return addCandidates(attempt, body.sealed)
        if (attempt.early.length < earlyMax) attempt.early.push(body)
        return []
    }
  }

  #offered(attempt: Attempt, offer: Extract<Introduction, { type: 'offer' }>, back: Carriage, nowMs: number): IntroductionsEffect[] {
    const { seal } = attempt
    const description = seal?.agree(offer.key, offer.offerNonce) && seal.open('offer', offer.sealed)
    if (!description) return []
    attempt.offerNonce = offer.offerNonce
    attempt.description = description
    attempt.carriages = [back]
    attempt.state = 'ready'
    attempt.deadlineMs = nowMs + setUpTimeoutMs
    return this.#makeReady(nowMs)
  }

  #knocked(from: Contact, knock: Knock, back: Carriage, nowMs: number): IntroductionsEffect[] {
    const before = this.#attempts.get(from.id.hex)
    if (before) {
      if (before.nonce === knock.nonce) return []
      // Crossing knocks: theirs may come late, when ours has long been answered.
      const oursStands = !before.offering && this.#self.isBefore(from.id)
      if (oursStands) return []
      // Kept by a carrier since.
      if (before.knockedUnixS !== undefined && knock.writtenUnixS < before.knockedUnixS) return []
    }
    const admission = this.#admission(from, knock, back, before, nowMs)
    if (admission === 'heardBefore') return []
    if (admission !== 'yes') {
      const retryAfterS = admission === 'busy' ? busyRetryS : fullRetryS
      const body: Introduction = { type: 'refusal', nonce: knock.nonce, reason: admission, retryAfterS }
      return [{ type: 'write', to: from.id, body, carriage: back }]
    }
    // They knock anew: whatever was being made is lost at their end.
    if (before) this.#attempts.delete(from.id.hex)
    const ended: IntroductionsEffect[] = before?.state === 'settingUp' ? [{ type: 'end', link: before.link }] : []
    const { nonce, why, key: theirKey, writtenUnixS: knockedUnixS } = knock
    const attempt = this.#newAttempt({ contact: from, why, nonce, state: 'ready', carriages: [back], theirKey, knockedUnixS }, nowMs)
    attempt.offerNonce = this.#ids.nonce()
    return [...ended, ...this.#makeReady(nowMs)]
  }

  #admission(contact: Contact, knock: Knock, back: Carriage, before: Attempt | undefined, nowMs: number): Admission {
    const { nonce, why, writtenUnixS } = knock
    const isClockOff = Math.abs(this.#unixS - writtenUnixS) > knockSkewMaxS
    const isOld = nowMs - this.#stoodStillMs < backlogMs
    if (isOld || (before ? isClockOff : this.#attempts.size >= attemptsMax)) return 'busy'
    return this.#admits({ contact, why, nonce, back, isClockOff, isAwaited: before?.offering === false }, nowMs)
  }

  /** Gives the attempts that wait their turn, as far as set-ups and budget allow. */
  #makeReady(nowMs: number): IntroductionsEffect[] {
    const effects: IntroductionsEffect[] = []
    if (!this.#sealing) return effects
    for (const attempt of [...this.#attempts.values()]) {
      if (attempt.state !== 'ready') continue
      if (this.#count('settingUp') >= setUpsMax) break
      if (!this.#budget.spend(this.#isOnCredit(attempt), nowMs)) {
        effects.push(...this.#tooBusy(attempt, nowMs))
        continue
      }
      attempt.state = 'settingUp'
      attempt.deadlineMs = nowMs + setUpTimeoutMs
      if (attempt.offering) {
        effects.push({ type: 'offer', link: attempt.link })
      } else {
        attempt.described = true
        effects.push({ type: 'answer', link: attempt.link, description: attempt.description! }, ...addEarly(attempt))
        attempt.description = undefined
      }
    }
    return effects
  }

  #isOnCredit({ offering, why, contact }: Attempt): boolean {
    return offering ? this.#isWantedHere(contact.id) : why !== 'bucket'
  }

  /** Says when there will be a dial to spend: whoever comes back sooner is only refused again. */
  #tooBusy(attempt: Attempt, nowMs: number): IntroductionsEffect[] {
    const retryAfterS = Math.max(busyRetryS, Math.ceil(this.#budget.waitMs(nowMs) / 1_000))
    this.#attempts.delete(attempt.contact.id.hex)
    const { contact, why, nonce } = attempt
    if (!attempt.offering) return [{ type: 'refused', contact, why, reason: 'busy', retryAfterMs: retryAfterS * 1_000 }]
    const body: Introduction = { type: 'refusal', nonce, reason: 'busy', retryAfterS }
    return [{ type: 'write', to: contact.id, body, carriage: attempt.carriages[0]! }]
  }

  #refused(attempt: Attempt, refusal: Extract<Introduction, { type: 'refusal' }>): IntroductionsEffect[] {
    this.#attempts.delete(attempt.contact.id.hex)
    const { contact, why } = attempt
    return [{ type: 'refused', contact, why, reason: refusal.reason, retryAfterMs: refusal.retryAfterS * 1_000 }]
  }

  #transport(event: Extract<IntroductionsEvent, { link: LinkId }>, nowMs: number): IntroductionsEffect[] {
    const attempt = [...this.#attempts.values()].find(({ link, state }) => link === event.link && state === 'settingUp')
    if (!attempt) return []
    const { contact, nonce } = attempt
    const [carriage] = attempt.carriages
    const offerNonce = attempt.offerNonce!
    switch (event.type) {
      case 'described': {
        const seal = this.#sealOf(attempt)
        // Only now, while the transport is gathering; whoever sent such a key has spent its dial.
        if (attempt.offering && !seal.agree(attempt.theirKey!, offerNonce)) {
          this.#attempts.delete(contact.id.hex)
          return [{ type: 'end', link: event.link }, ...this.#makeReady(nowMs)]
        }
        const type = attempt.offering ? 'offer' : 'answer'
        const sealed = seal.seal(type, this.#ids.sealNonce(), event.description)
        const body: Introduction =
          type === 'offer' ? { type, nonce, offerNonce, key: seal.ownKey, sealed } : { type, nonce, offerNonce, sealed }
        return [{ type: 'write', to: contact.id, body, carriage: carriage! }]
      }
      case 'candidates': {
        const { type } = event
        const sealed = this.#sealOf(attempt).seal(type, this.#ids.sealNonce(), event.candidates)
        return [{ type: 'write', to: contact.id, body: { type, nonce, offerNonce, sealed }, carriage: carriage! }]
      }
      case 'opened':
        this.#attempts.delete(contact.id.hex)
        return [{ type: 'linked', contact, link: event.link }, ...this.#makeReady(nowMs)]
      case 'closed':
        return this.#fail(attempt, outcomeOf(attempt), nowMs)
    }
  }

  #expire(nowMs: number): IntroductionsEffect[] {
    const late = [...this.#attempts.values()].filter((attempt) => attempt.deadlineMs <= nowMs)
    return late.flatMap((attempt) => {
      if (attempt.state === 'knocking') return this.#knockOn(attempt, nowMs)
      const ended: IntroductionsEffect[] = attempt.state === 'settingUp' ? [{ type: 'end', link: attempt.link }] : []
      return [...ended, ...this.#fail(attempt, outcomeOf(attempt), nowMs)]
    })
  }

  #abandon(): IntroductionsEffect[] {
    const settingUp = [...this.#attempts.values()].filter(({ state }) => state === 'settingUp')
    this.#attempts.clear()
    return settingUp.map(({ link }) => ({ type: 'end', link }))
  }

  #fail(attempt: Attempt, reason: 'silent' | 'failed', nowMs: number): IntroductionsEffect[] {
    this.#attempts.delete(attempt.contact.id.hex)
    return [{ type: 'failed', contact: attempt.contact, why: attempt.why, reason }, ...this.#makeReady(nowMs)]
  }

  #newAttempt(
    from: Pick<Attempt, 'contact' | 'why' | 'nonce' | 'state' | 'carriages' | 'theirKey' | 'knockedUnixS'>,
    nowMs: number,
  ): Attempt {
    const attempt: Attempt = {
      ...from,
      link: this.#ids.link(),
      offering: from.theirKey !== undefined,
      secret: this.#ids.exchangeSecret(),
      seal: undefined,
      offerNonce: undefined,
      deadlineMs: nowMs + setUpTimeoutMs,
      description: undefined,
      early: [],
      described: false,
    }
    this.#attempts.set(from.contact.id.hex, attempt)
    return attempt
  }

  /** Only where there is `Sealing`. */
  #sealOf(attempt: Attempt): IntroductionSeal {
    const { secret, contact, offering, nonce } = attempt
    return (attempt.seal ??= this.#sealing!(secret, { self: this.#self, other: contact.id, offering, nonce }))
  }

  #count(state: AttemptState): number {
    let count = 0
    for (const attempt of this.#attempts.values()) if (attempt.state === state) count += 1
    return count
  }
}

function addCandidates({ link, seal }: Attempt, sealed: Uint8Array): IntroductionsEffect[] {
  const candidates = seal?.open('candidates', sealed)
  return candidates ? [{ type: 'addCandidates', link, candidates }] : []
}

function addEarly(attempt: Attempt): IntroductionsEffect[] {
  const early = attempt.early.splice(0).filter(({ offerNonce }) => offerNonce === attempt.offerNonce)
  return early.flatMap(({ sealed }) => addCandidates(attempt, sealed))
}

/** An offer that nobody answered says nothing about whether the pair can link. */
function outcomeOf({ described }: Attempt): 'silent' | 'failed' {
  return described ? 'failed' : 'silent'
}
