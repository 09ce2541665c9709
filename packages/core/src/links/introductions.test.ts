import { describe, expect, it } from 'vitest'
import { OtherEnd, sealing } from '../fixtures/other-end.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { TimedIntroductions } from '../fixtures/timed-introductions.js'
import { contact } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import type { ExchangeKey } from '../keys/cipher-suite.js'
import type { Contact } from '../keys/public-key.js'
import type { Carriage, Introduction, RefusalReason, Why } from '../wire/letter.js'
import { DialBudget, dialBurst, setUpsMax } from './dial-budget.js'
import {
  attemptsMax,
  backlogMs,
  busyRetryS,
  fullRetryS,
  type IntroductionsEffect,
  knocksMax,
  knockTimeoutMs,
  nextCarriageMs,
  setUpTimeoutMs,
} from './introductions.js'

const [small, large] = [contact('0b01'), contact('0b10')]
const [nonce, otherNonce] = ['aa'.repeat(16), 'bb'.repeat(16)]
const bytes = (...values: number[]) => Uint8Array.from(values)
const overlay: Carriage = { by: 'overlay', route: [] }
const point: Carriage = { by: 'meetingPoint', point: 0 }

interface Setting {
  readonly admits?: 'yes' | RefusalReason
  readonly budget?: DialBudget
  readonly seed?: number
  readonly isWantedHere?: boolean
}

function introductionsOf(self: Contact, { admits = 'yes', budget = new DialBudget(0), seed = 1, isWantedHere = true }: Setting = {}) {
  return new TimedIntroductions(
    self.id,
    new FreshIds(seededRandom(seed)),
    budget,
    () => admits,
    () => isWantedHere,
    sealing,
  )
}

const letter = (from: Contact, body: Introduction, back: Carriage = overlay) => ({ type: 'letter', from, body, back }) as const
const begin = (other: Contact, carriages: readonly Carriage[] = [overlay]) =>
  ({ type: 'begin', contact: other, why: 'sibling', carriages }) as const
const knock = (from: Contact, of = nonce) => letter(from, new OtherEnd(from, from.id).knock(of))

/** What was just written, as one of this type. */
function written<Type extends Introduction['type']>(effects: readonly IntroductionsEffect[], type: Type) {
  const [first] = effects
  if (first?.type !== 'write' || first.body.type !== type) throw new Error(`No ${type}`)
  return first.body as Extract<Introduction, { type: Type }>
}

/** `small` has knocked, and this is its knock. */
function knocked(machine: TimedIntroductions, why: Why = 'sibling') {
  return written(machine.handle({ ...begin(large), why }, 0), 'knock')
}

describe('knocking', () => {
  it('goes over one carriage after the other, until there is none', () => {
    const machine = introductionsOf(small)
    const first = machine.handle(begin(large, [overlay, point]), 0)
    const body = written(first, 'knock')
    expect(body).toMatchObject({ type: 'knock', why: 'sibling' })
    expect(first).toEqual([{ type: 'write', to: large.id, body, carriage: overlay }])
    expect(machine.wakeAtMs).toBe(nextCarriageMs)
    expect(machine.handle({ type: 'woke' }, nextCarriageMs)).toEqual([{ type: 'write', to: large.id, body, carriage: point }])
    expect(machine.wakeAtMs).toBe(nextCarriageMs + knockTimeoutMs)
    expect(machine.handle({ type: 'woke' }, nextCarriageMs + knockTimeoutMs)).toEqual([
      { type: 'failed', contact: large, why: 'sibling', reason: 'silent' },
    ])
    expect([machine.wakeAtMs, machine.includes(large.id)]).toEqual([undefined, false])
  })

  it('goes over the next carriage at once when the first leads nowhere', () => {
    const machine = introductionsOf(small)
    machine.handle(begin(large, [overlay, point]), 0)
    expect(machine.handle({ type: 'undeliverable', to: large.id }, 5)).toMatchObject([{ type: 'write', carriage: point }])
    expect(machine.handle({ type: 'undeliverable', to: large.id }, 6)).toMatchObject([{ type: 'failed', reason: 'silent' }])
    expect(machine.handle({ type: 'undeliverable', to: large.id }, 7)).toEqual([])
  })

  it('is not done at oneself, nor twice at once', () => {
    const machine = introductionsOf(small)
    expect(machine.handle(begin(small), 0)).toEqual([])
    expect(machine.handle(begin(large), 0).length).toBe(1)
    expect(machine.handle(begin(large), 0)).toEqual([])
  })

  it('fails at once with no way to go, or too many under way', () => {
    const machine = introductionsOf(small)
    expect(machine.handle(begin(large, []), 0)).toMatchObject([{ type: 'failed', reason: 'silent' }])
    for (let i = 0; i < knocksMax; i++) machine.handle(begin(contact(`0b11${i.toString(2).padStart(4, '0')}`)), 0)
    expect(machine.knocksLeft).toBe(0)
    expect(machine.handle(begin(large), 0)).toMatchObject([{ type: 'failed', reason: 'silent' }])
  })

  it.each([
    ['full', fullRetryS],
    ['busy', busyRetryS],
  ] as const)('may be refused: %s', (reason, retryAfterS) => {
    const asker = introductionsOf(small)
    const asked = introductionsOf(large, { admits: reason })
    const of = knocked(asker).nonce
    const refusal: Introduction = { type: 'refusal', nonce: of, reason, retryAfterS }
    expect(asked.handle(knock(small, of), 0)).toEqual([{ type: 'write', to: small.id, body: refusal, carriage: overlay }])
    expect(asker.handle(letter(large, { ...refusal, nonce }), 0)).toEqual([])
    expect(asker.handle(letter(large, refusal), 0)).toEqual([
      { type: 'refused', contact: large, why: 'sibling', reason, retryAfterMs: retryAfterS * 1_000 },
    ])
    expect(asker.includes(large.id)).toBe(false)
  })

  it('is refused as busy beyond so many attempts', () => {
    const machine = introductionsOf(small)
    for (let i = 0; i < attemptsMax; i++) machine.handle(knock(contact(`0b1${i.toString(2).padStart(8, '0')}`)), 0)
    expect(machine.handle(knock(contact('0b11111111111')), 0)).toMatchObject([{ body: { type: 'refusal', reason: 'busy' } }])
  })
})

describe('setting up', () => {
  it('1: makes no connection before the other end agreed, and links with one knock, offer and answer', () => {
    const asker = introductionsOf(small)
    const asked = introductionsOf(large, { seed: 2 })
    const of = knocked(asker)

    expect(asked.handle(letter(small, of), 0)).toEqual([{ type: 'offer', link: 1 }])
    const described = asked.handle({ type: 'described', link: 1, description: bytes(1) }, 5)
    const offer = written(described, 'offer')
    expect(described).toEqual([{ type: 'write', to: small.id, body: offer, carriage: overlay }])

    expect(asker.handle(letter(large, offer, point), 10)).toEqual([{ type: 'answer', link: 1, description: bytes(1) }])
    const answered = asker.handle({ type: 'described', link: 1, description: bytes(2) }, 15)
    const answer = written(answered, 'answer')
    expect(answered).toEqual([{ type: 'write', to: large.id, body: answer, carriage: point }])

    expect(asked.handle(letter(small, answer), 20)).toEqual([{ type: 'accept', link: 1, description: bytes(2) }])
    expect(asked.handle(letter(small, answer), 21)).toEqual([])
    const late = written(asked.handle({ type: 'candidates', link: 1, candidates: bytes(3) }, 22), 'candidates')
    for (const { nonce, offerNonce } of [answer, late]) expect([nonce, offerNonce]).toEqual([of.nonce, offer.offerNonce])
    expect(asker.handle(letter(large, late), 23)).toEqual([{ type: 'addCandidates', link: 1, candidates: bytes(3) }])

    expect(asker.handle({ type: 'opened', link: 1 }, 30)).toEqual([{ type: 'linked', contact: large, link: 1 }])
    expect(asked.handle({ type: 'opened', link: 1 }, 30)).toEqual([{ type: 'linked', contact: small, link: 1 }])
    expect([asker.wakeAtMs, asked.wakeAtMs]).toEqual([undefined, undefined])
  })

  it('keeps candidates that came before the description they belong to', () => {
    const machine = introductionsOf(small)
    const theirs = new OtherEnd(large, small.id)
    const of = knocked(machine)
    const offer = theirs.offer(of, otherNonce, bytes(0))
    const candidates = (value: number, its = otherNonce) =>
      letter(large, { type: 'candidates', nonce: of.nonce, offerNonce: its, sealed: theirs.seal('candidates', bytes(value)) })
    expect(machine.handle(candidates(1), 0)).toEqual([])
    expect(machine.handle(candidates(9, nonce), 0)).toEqual([])
    expect(machine.handle(letter(large, offer), 0)).toEqual([
      { type: 'answer', link: 1, description: bytes(0) },
      { type: 'addCandidates', link: 1, candidates: bytes(1) },
    ])
  })

  it('3: of two crossing knocks, that of the smaller id stands', () => {
    const [one, other] = [introductionsOf(small), introductionsOf(large, { seed: 2 })]
    const ofSmall = knocked(one)
    const ofLarge = written(other.handle(begin(small), 0), 'knock')
    expect(one.handle(letter(large, ofLarge), 1)).toEqual([])
    expect(other.handle(letter(small, ofSmall), 1)).toEqual([{ type: 'offer', link: 2 }])
    expect(other.handle(letter(small, ofSmall), 2)).toEqual([])
  })

  it('3: a crossing knock that comes late does not undo what the knock of the smaller id has brought', () => {
    const [one, other] = [introductionsOf(small), introductionsOf(large, { seed: 2 })]
    const ofSmall = knocked(one)
    const ofLarge = written(other.handle(begin(small), 0), 'knock')
    other.handle(letter(small, ofSmall), 1)
    const offer = written(other.handle({ type: 'described', link: 2, description: bytes(1) }, 2), 'offer')
    one.handle(letter(large, offer), 3)
    expect(one.handle(letter(large, ofLarge), 4)).toEqual([])
    expect(one.handle({ type: 'opened', link: 1 }, 5)).toMatchObject([{ type: 'linked' }])
  })

  it('begins anew when the other end does: what was being made is lost there', () => {
    const machine = introductionsOf(small)
    expect(machine.handle(knock(large), 0)).toEqual([{ type: 'offer', link: 1 }])
    expect(machine.handle(knock(large, otherNonce), 1)).toEqual([
      { type: 'end', link: 1 },
      { type: 'offer', link: 2 },
    ])
  })

  it('2: makes so many connections at one time; the rest wait their turn', () => {
    const machine = introductionsOf(small)
    const others = Array.from({ length: setUpsMax + 2 }, (_, i) => contact(`0b1${i.toString(2).padStart(4, '0')}`))
    const offers = others.flatMap((other, i) => machine.handle(knock(other, `${i}`.repeat(32)), 0))
    expect(offers).toEqual(Array.from({ length: setUpsMax }, (_, i) => ({ type: 'offer', link: i + 1 })))
    expect(machine.handle({ type: 'opened', link: 1 }, 1)).toMatchObject([{ type: 'linked' }, { type: 'offer', link: setUpsMax + 1 }])
    expect(machine.handle({ type: 'closed', link: 2 }, 2)).toMatchObject([{ type: 'failed' }, { type: 'offer', link: setUpsMax + 2 }])
  })

  it('drops all attempts after standing still, and refuses knocks that waited: they would block its own for seconds', () => {
    const machine = introductionsOf(small)
    const others = Array.from({ length: setUpsMax }, (_, i) => contact(`0b1${i.toString(2).padStart(4, '0')}`))
    for (const [i, other] of others.entries()) machine.handle(knock(other, `${i}`.repeat(32)), 0)
    expect(machine.handle({ type: 'stoodStill' }, 100_000)).toEqual(others.map((_, i) => ({ type: 'end', link: i + 1 })))
    expect(machine.wakeAtMs).toBeUndefined()
    const refusal = { type: 'write', body: { type: 'refusal', reason: 'busy' } }
    expect(machine.handle(knock(large), 100_000 + backlogMs - 1)).toMatchObject([refusal])
    expect(machine.handle(knock(large, otherNonce), 100_000 + backlogMs)).toMatchObject([{ type: 'offer' }])
  })

  it('5: a newer knock that is refused ends nothing', () => {
    let verdict: 'yes' | RefusalReason = 'yes'
    const machine = new TimedIntroductions(
      small.id,
      new FreshIds(seededRandom()),
      new DialBudget(0),
      () => verdict,
      () => true,
      sealing,
    )
    const others = Array.from({ length: setUpsMax + 1 }, (_, i) => contact(`0b1${i.toString(2).padStart(4, '0')}`))
    others.forEach((other, i) => machine.handle(knock(other, `${i}`.repeat(32)), 0))
    verdict = 'full'
    expect(machine.handle(knock(others[0]!, otherNonce), 1)).toMatchObject([{ type: 'write', body: { type: 'refusal' } }])
    expect(machine.handle({ type: 'opened', link: 1 }, 2)).toMatchObject([{ type: 'linked' }, { type: 'offer', link: setUpsMax + 1 }])
  })

  it('2: pays each from the budget, and is busy without', () => {
    const budget = new DialBudget(0)
    while (budget.spend(true, 0)) continue
    const [asker, asked] = [introductionsOf(small, { budget }), introductionsOf(large, { budget })]
    expect(asked.handle(knock(small), 0)).toMatchObject([{ type: 'write', body: { type: 'refusal', reason: 'busy' } }])
    const offer = new OtherEnd(large, small.id).offer(knocked(asker), otherNonce, bytes(1))
    expect(asker.handle(letter(large, offer), 0)).toEqual([
      { type: 'refused', contact: large, why: 'sibling', reason: 'busy', retryAfterMs: Math.max(busyRetryS * 1_000, budget.waitMs(0)) },
    ])
    expect([asker.wakeAtMs, asked.wakeAtMs]).toEqual([undefined, undefined])
  })

  it.each([
    ['a knocker gets none for calling itself a sibling', false, 'refusal'],
    ['a knocker gets it where our own table has it for a sibling', true, 'offer'],
  ] as const)('2: credit: %s', (_, isWantedHere, outcome) => {
    const budget = new DialBudget(0)
    while (budget.spend(false, 0)) continue
    const [effect] = introductionsOf(small, { budget, isWantedHere }).handle(knock(large), 0)
    expect(effect?.type === 'write' ? effect.body.type : effect?.type).toBe(outcome)
  })

  it('2: credit: our own dials have it, unless they only fill a bucket', () => {
    const budget = new DialBudget(0)
    while (budget.spend(false, 0)) continue
    for (const [why, outcome] of [
      ['sibling', 'answer'],
      ['app', 'answer'],
      ['bucket', 'refused'],
    ] as const) {
      const machine = introductionsOf(small, { budget, isWantedHere: false })
      const offer = new OtherEnd(large, small.id).offer(knocked(machine, why), otherNonce, bytes(1))
      expect(machine.handle(letter(large, offer), 0)).toMatchObject([{ type: outcome }])
    }
  })

  it('2: spends one on each connection', () => {
    const budget = new DialBudget(0)
    const machine = introductionsOf(small, { budget })
    machine.handle(knock(large), 0)
    let left = 0
    while (budget.spend(false, 0)) left += 1
    expect(left).toBe(dialBurst - 1)
  })

  it.each([
    ['as failed once the other end had answered', true, 'failed'],
    ['as silent when the offer got no answer', false, 'silent'],
  ] as const)('4: ends by its deadline: %s', (_, answered, reason) => {
    const machine = introductionsOf(small)
    const theirs = new OtherEnd(large, small.id)
    machine.handle(letter(large, theirs.knock(nonce)), 100)
    const offer = written(machine.handle({ type: 'described', link: 1, description: bytes(1) }, 101), 'offer')
    if (answered) machine.handle(letter(large, theirs.answer(offer, bytes(2))), 102)
    expect(machine.wakeAtMs).toBe(100 + setUpTimeoutMs)
    expect(machine.handle({ type: 'woke' }, 100 + setUpTimeoutMs)).toEqual([
      { type: 'end', link: 1 },
      { type: 'failed', contact: large, why: 'sibling', reason },
    ])
  })

  it('5: what does not carry the nonces changes nothing, nor does anybody else', () => {
    const machine = introductionsOf(small)
    const theirs = new OtherEnd(large, small.id)
    machine.handle(letter(large, theirs.knock(nonce)), 0)
    const offer = written(machine.handle({ type: 'described', link: 1, description: bytes(1) }, 1), 'offer')
    const answer = theirs.answer(offer, bytes(2))
    const candidates = theirs.seal('candidates', bytes(2))
    const strange: Introduction[] = [
      { ...answer, nonce: otherNonce },
      { ...answer, offerNonce: otherNonce },
      { type: 'candidates', nonce: otherNonce, offerNonce: offer.offerNonce, sealed: candidates },
      offer,
      { type: 'refusal', nonce, reason: 'full', retryAfterS: 1 },
    ]
    for (const body of strange) expect(machine.handle(letter(large, body), 2)).toEqual([])
    expect(machine.handle(letter(contact('0b111'), answer), 3)).toEqual([])
    expect(machine.handle(letter(large, answer), 4)).toEqual([{ type: 'accept', link: 1, description: bytes(2) }])
    for (const type of ['opened', 'closed'] as const) expect(machine.handle({ type, link: 99 }, 5)).toEqual([])
  })

  it('5: what was not sealed for this attempt changes nothing', () => {
    const machine = introductionsOf(small)
    const theirs = new OtherEnd(large, small.id)
    const of = knocked(machine)
    const offer = theirs.offer(of, otherNonce, bytes(1))
    const spoilt = offer.sealed.slice()
    spoilt[spoilt.length - 1]! ^= 1
    const strange: Introduction[] = [
      { ...offer, sealed: spoilt },
      { ...offer, sealed: theirs.seal('candidates', bytes(1)) },
      // Sealed to a key, between peers, or under nonces that are not those of this attempt.
      new OtherEnd(large, small.id).offer({ ...of, key: offer.key }, otherNonce, bytes(1)),
      new OtherEnd(large, large.id).offer(of, otherNonce, bytes(1)),
      { ...new OtherEnd(large, small.id).offer({ ...of, nonce: otherNonce }, otherNonce, bytes(1)), nonce: of.nonce },
      { ...offer, offerNonce: nonce },
      { ...offer, key: new OtherEnd(large, small.id, 8).knock(nonce).key },
      // A point of small order: both ends would come to a key that everybody knows.
      { ...offer, key: new Uint8Array(32) as ExchangeKey },
    ]
    for (const body of strange) expect(machine.handle(letter(large, body), 1)).toEqual([])
    expect(machine.handle(letter(large, offer), 2)).toEqual([{ type: 'answer', link: 1, description: bytes(1) }])
    const late = { type: 'candidates', nonce: of.nonce, offerNonce: otherNonce } as const
    expect(machine.handle(letter(large, { ...late, sealed: theirs.seal('offer', bytes(3)) }), 3)).toEqual([])
    expect(machine.handle(letter(large, { ...late, sealed: theirs.seal('candidates', bytes(3)) }), 3)).toMatchObject([
      { candidates: bytes(3) },
    ])
  })

  it('5: nothing comes of a knock with a key that is no secret', () => {
    const machine = introductionsOf(small)
    const body = { ...new OtherEnd(large, small.id).knock(nonce), key: new Uint8Array(32) as ExchangeKey }
    expect(machine.handle(letter(large, body), 0)).toEqual([{ type: 'offer', link: 1 }])
    expect(machine.handle({ type: 'described', link: 1, description: bytes(1) }, 1)).toEqual([{ type: 'end', link: 1 }])
    expect([machine.wakeAtMs, machine.includes(large.id)]).toEqual([undefined, false])
  })
})
