import { expect, it } from 'vitest'
import { encodeUtf8 } from '../bencode/utf8.js'
import { OtherEnd, sealing } from '../fixtures/other-end.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { TimedIntroductions } from '../fixtures/timed-introductions.js'
import { contact } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import type { Contact } from '../keys/public-key.js'
import type { Carriage, Introduction } from '../wire/letter.js'
import { DialBudget } from './dial-budget.js'
import type { Sealing } from './introduction-seal.js'
import { type IntroductionsEffect, knockTimeoutMs, setUpTimeoutMs } from './introductions.js'

const [small, large, third] = [contact('0b01'), contact('0b10'), contact('0b111')]
const overlay: Carriage = { by: 'overlay', route: [] }

function introductionsOf({ id }: Contact, sealing?: Sealing) {
  return new TimedIntroductions(
    id,
    new FreshIds(seededRandom()),
    new DialBudget(0),
    () => 'yes',
    () => true,
    sealing,
  )
}

const letter = (from: Contact, body: Introduction) => ({ type: 'letter', from, body, back: overlay }) as const
const knock = (from: Contact) => letter(from, new OtherEnd(from, from.id).knock('aa'.repeat(16)))
const begin = (other: Contact) => ({ type: 'begin', contact: other, why: 'sibling', carriages: [overlay, overlay] }) as const

/** What was just written, as one of this type. */
function written<Type extends Introduction['type']>(effects: readonly IntroductionsEffect[], type: Type) {
  const [first] = effects
  if (first?.type !== 'write' || first.body.type !== type) throw new Error(`No ${type}`)
  return first.body as Extract<Introduction, { type: Type }>
}

it('6: what the transport says is not in the letters, and each end has a key of its own', () => {
  const description = encodeUtf8('203.0.113.7:4000 fingerprint')
  const [asker, asked] = [introductionsOf(small, sealing), introductionsOf(large, sealing)]
  asked.handle(letter(small, written(asker.handle(begin(large), 0), 'knock')), 0)
  const offer = written(asked.handle({ type: 'described', link: 1, description }, 0), 'offer')
  asker.handle(letter(large, offer), 0)
  const answer = written(asker.handle({ type: 'described', link: 1, description }, 0), 'answer')
  for (const { sealed } of [offer, answer]) expect(Buffer.from(sealed).indexOf(description.slice(0, 4))).toBe(-1)
  expect(offer.sealed.slice(24)).not.toEqual(answer.sealed.slice(24))
})

it('6: a peer that cannot seal yet knocks, and offers, once it can', () => {
  const machine = introductionsOf(small)
  expect(machine.handle(begin(large), 0)).toEqual([])
  expect(machine.handle(knock(third), 0)).toEqual([])
  expect(machine.handle({ type: 'sealing', sealing }, 5)).toMatchObject([
    { type: 'write', to: large.id, body: { type: 'knock' } },
    { type: 'offer', link: 2 },
  ])
  expect(machine.handle({ type: 'sealing', sealing }, 6)).toEqual([])
})

it('4, 6: a peer that never can gives up in time', () => {
  const machine = introductionsOf(small)
  machine.handle(begin(large), 0)
  machine.handle(knock(third), 0)
  expect(machine.handle({ type: 'woke' }, knockTimeoutMs)).toMatchObject([{ type: 'failed', reason: 'silent' }])
  expect(machine.handle({ type: 'woke' }, setUpTimeoutMs)).toMatchObject([{ type: 'failed', reason: 'silent' }])
  expect(machine.wakeAtMs).toBeUndefined()
})
