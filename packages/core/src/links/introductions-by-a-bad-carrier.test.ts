import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quickSealing } from '../fixtures/quick-sealing.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { TimedIntroductions } from '../fixtures/timed-introductions.js'
import { contact } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import type { Contact } from '../keys/public-key.js'
import type { Carriage } from '../wire/letter.js'
import { DialBudget } from './dial-budget.js'
import { type Introductions, type IntroductionsEffect, knockTimeoutMs, nextCarriageMs, setUpTimeoutMs } from './introductions.js'

const [small, large] = [contact('0b01'), contact('0b10')]
const bytes = (...values: number[]) => Uint8Array.from(values)
const carriages: Carriage[] = [
  { by: 'overlay', route: [] },
  { by: 'meetingPoint', point: 0 },
]

/** What becomes of one letter: how often it arrives, and after how many milliseconds each time. */
type Fate = readonly number[]

function endOf(self: Contact, seed: number) {
  const machine = new TimedIntroductions(
    self.id,
    new FreshIds(seededRandom(seed)),
    new DialBudget(0),
    () => 'yes',
    () => true,
    quickSealing,
  )
  return { self, machine, began: 0, ended: 0, linked: [] as number[], alive: new Set<number>() }
}

/** Two peers, a carrier that does with letters as it is told, and a transport whose connections open when both ends know each other. */
class Pair {
  readonly #ends = [endOf(small, 1), endOf(large, 2)] as const
  /** Connections that both ends know: the link of each. */
  readonly #joined: (readonly [number, number])[] = []
  readonly #fates: readonly Fate[]
  readonly #due: { atMs: number; happen: () => void }[] = []
  #letters = 0
  #nowMs = 0

  constructor(fates: readonly Fate[]) {
    this.#fates = fates
  }

  begin(end: 0 | 1, atMs: number): void {
    this.#at(atMs, () => {
      const { machine, linked } = this.#ends[end]
      const other = this.#ends[1 - end]!.self
      if (linked.length > 0 || machine.includes(other.id)) return
      this.#ends[end].began += 1
      this.#do(end, machine.handle({ type: 'begin', contact: other, why: 'sibling', carriages }, this.#nowMs))
    })
  }

  /** Runs until nothing is left to happen; answers with both ends. */
  run() {
    for (let steps = 0; steps < 10_000; steps++) {
      this.#due.sort((a, b) => a.atMs - b.atMs)
      const wakeAtMs = Math.min(...this.#ends.map(({ machine }) => machine.wakeAtMs ?? Infinity))
      const next = this.#due[0]
      if (next && next.atMs <= wakeAtMs) {
        this.#due.shift()
        this.#nowMs = Math.max(this.#nowMs, next.atMs)
        next.happen()
      } else if (wakeAtMs < Infinity) {
        this.#nowMs = Math.max(this.#nowMs, wakeAtMs)
        for (const end of [0, 1] as const) this.#do(end, this.#ends[end].machine.handle({ type: 'woke' }, this.#nowMs))
      } else return { ends: this.#ends, nowMs: this.#nowMs }
    }
    throw new Error('It does not end.')
  }

  #at(atMs: number, happen: () => void): void {
    this.#due.push({ atMs, happen })
  }

  #do(end: 0 | 1, effects: readonly IntroductionsEffect[]): void {
    const here = this.#ends[end]
    const there = (1 - end) as 0 | 1
    for (const effect of effects) {
      switch (effect.type) {
        case 'write': {
          const fate = this.#fates[this.#letters++ % this.#fates.length] ?? []
          for (const delayMs of fate) {
            this.#at(this.#nowMs + delayMs, () =>
              this.#do(
                there,
                this.#ends[there].machine.handle(
                  { type: 'letter', from: here.self, body: effect.body, back: effect.carriage },
                  this.#nowMs,
                ),
              ),
            )
          }
          break
        }
        case 'offer':
        case 'answer':
          here.alive.add(effect.link)
          // A description says which end it is of: its own link, and for an answer that of the offer.
          this.#report(end, 10, {
            type: 'described',
            link: effect.link,
            description: bytes(effect.link, effect.type === 'answer' ? effect.description[0]! : 0),
          })
          break
        case 'accept': {
          const [linkThere, linkHere] = effect.description
          if (linkHere !== effect.link || !this.#ends[there].alive.has(linkThere!)) break
          this.#joined.push([end === 0 ? linkHere : linkThere!, end === 0 ? linkThere! : linkHere])
          this.#report(end, 20, { type: 'opened', link: effect.link })
          this.#report(there, 25, { type: 'opened', link: linkThere! })
          break
        }
        case 'end':
          this.#end(end, effect.link)
          break
        case 'addCandidates':
          break
        case 'linked':
          here.linked.push(effect.link)
          here.ended += 1
          break
        case 'failed':
        case 'refused':
          here.ended += 1
      }
    }
  }

  /** One end ends a connection; the other sees it close. */
  #end(end: 0 | 1, link: number): void {
    const { alive, linked } = this.#ends[end]
    alive.delete(link)
    if (linked.includes(link)) linked.splice(linked.indexOf(link), 1)
    const joined = this.#joined.find((links) => links[end] === link)
    const there = (1 - end) as 0 | 1
    if (joined && this.#ends[there].alive.has(joined[there])) this.#at(this.#nowMs + 30, () => this.#closed(there, joined[there]))
  }

  #closed(end: 0 | 1, link: number): void {
    const { alive, linked, machine } = this.#ends[end]
    if (!alive.delete(link)) return
    if (linked.includes(link)) linked.splice(linked.indexOf(link), 1)
    else this.#do(end, machine.handle({ type: 'closed', link }, this.#nowMs))
  }

  #report(end: 0 | 1, delayMs: number, event: Extract<Parameters<Introductions['handle']>[0], { link: number }>): void {
    this.#at(this.#nowMs + delayMs, () => {
      if (this.#ends[end].alive.has(event.link)) this.#do(end, this.#ends[end].machine.handle(event, this.#nowMs))
    })
  }
}

const anyFate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 400 }).map((delayMs) => [delayMs]) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 6_000 }).map((delayMs) => [delayMs]) },
  { weight: 2, arbitrary: fc.array(fc.integer({ min: 1, max: 6_000 }), { minLength: 2, maxLength: 3 }) },
)

describe('two peers whose letters get lost, doubled and late', () => {
  const deadlineMs = nextCarriageMs + knockTimeoutMs + 2 * setUpTimeoutMs + 12_000

  it('4: end by the deadline, both linked or neither, over at most one link', () => {
    fc.assert(
      fc.property(
        fc.array(anyFate, { minLength: 1, maxLength: 12 }),
        fc.option(fc.integer({ min: 0, max: 4_000 })),
        (fates, secondBeginsMs) => {
          const pair = new Pair(fates)
          pair.begin(0, 0)
          if (secondBeginsMs !== null) pair.begin(1, secondBeginsMs)
          const { ends, nowMs } = pair.run()
          expect(nowMs).toBeLessThanOrEqual(deadlineMs)
          expect(ends[0].linked.length).toBe(ends[1].linked.length)
          expect(ends[0].linked.length).toBeLessThanOrEqual(1)
          for (const { began, ended, machine, self } of ends) {
            expect(ended).toBeGreaterThanOrEqual(began)
            expect(machine.includes(self === small ? large.id : small.id)).toBe(false)
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('3: always link when every letter comes, in any order, whoever began', () => {
    const prompt = fc.integer({ min: 1, max: 700 })
    fc.assert(
      fc.property(
        fc.array(prompt, { minLength: 1, maxLength: 12 }),
        fc.constantFrom<0 | 1>(0, 1),
        fc.integer({ min: 0, max: 1_500 }),
        (delaysMs, first, secondBeginsMs) => {
          const pair = new Pair(delaysMs.map((delayMs) => [delayMs]))
          pair.begin(first, 0)
          pair.begin((1 - first) as 0 | 1, secondBeginsMs)
          const { ends } = pair.run()
          expect(ends.map(({ linked }) => linked.length)).toEqual([1, 1])
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
