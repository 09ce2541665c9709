import { describe, expect, it } from 'vitest'
import { linkedTable, linkWith } from '../fixtures/linked-table.js'
import { sealing } from '../fixtures/other-end.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import { replicas } from '../wire/message.js'
import { failureMs, silenceMs } from './avoidance.js'
import { DialBudget } from './dial-budget.js'
import { Introductions, knocksMax } from './introductions.js'
import {
  LinkKeeper,
  type LinkKeeperEffect,
  lookOverDelayMs,
  lookOverEveryMs,
  lookOverGapMs,
  newcomerLinksMax,
  newcomerMs,
  recallEveryMs,
  silencesMax,
  unwantedAgeMs,
} from './link-keeper.js'
import { LinkPolicy } from './link-policy.js'

const siblings = Array.from({ length: replicas }, (_, i) => `0b${'0'.repeat(8 + i)}1`)
const far = (count: number) => Array.from({ length: count }, (_, i) => `0b1${i.toString(2).padStart(7, '0')}`)
/** One peer besides the siblings is wanted. */
const limits = { target: replicas + 1, soft: replicas + 2, hard: replicas + 3 }

function keeperOf(links: readonly string[]) {
  const table = linkedTable('0b0', links)
  const budget = new DialBudget(0)
  const ids = new FreshIds(seededRandom())
  const introductions: Introductions = new Introductions(
    table.self,
    ids,
    budget,
    () => 'yes',
    () => false,
    sealing,
  )
  const policy = new LinkPolicy(table, limits, () => introductions.contacts)
  const keeper = new LinkKeeper(table, policy, introductions, budget, 0)
  const lookOver = (nowMs: number) => {
    keeper.handle({ type: 'changed' }, nowMs - lookOverDelayMs)
    return keeper.handle({ type: 'woke' }, nowMs)
  }
  const woke = (nowMs: number) => keeper.handle({ type: 'woke' }, nowMs)
  return { table, policy, budget, introductions, keeper, lookOver, woke }
}

const introduced = (effects: readonly LinkKeeperEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'introduce' ? effect.known.contact.id.hex : []))
const hungUp = (effects: readonly LinkKeeperEffect[]) => effects.flatMap((effect) => (effect.type === 'hangUp' ? effect.link : []))

describe('the links kept', () => {
  it('are looked over soon after a change, and often when nothing changed', () => {
    const { keeper } = keeperOf(far(1))
    expect(keeper.wakeAtMs).toBe(lookOverEveryMs)
    keeper.handle({ type: 'changed' }, 1_000)
    keeper.handle({ type: 'changed' }, 1_100)
    expect(keeper.wakeAtMs).toBe(1_000 + lookOverDelayMs)
    keeper.handle({ type: 'woke' }, 1_000 + lookOverDelayMs)
    expect(keeper.wakeAtMs).toBe(1_000 + lookOverDelayMs + lookOverEveryMs)
  })

  it('are looked over at once while there are none', () => {
    const { keeper } = keeperOf([])
    keeper.handle({ type: 'changed' }, 1_000)
    expect(keeper.wakeAtMs).toBe(1_000)
  })

  it('are not looked over twice within the gap, whatever changes', () => {
    const { keeper, lookOver, woke } = keeperOf(far(1))
    lookOver(1_000)
    keeper.handle({ type: 'changed' }, 1_100)
    expect(keeper.wakeAtMs).toBe(1_000 + lookOverGapMs)
    woke(1_000 + lookOverGapMs)
    keeper.handle({ type: 'changed' }, 1_000 + 2 * lookOverGapMs)
    expect(keeper.wakeAtMs).toBe(1_000 + 2 * lookOverGapMs + lookOverDelayMs)
  })

  it('are told when they are no longer wanted, and when they are again, once', () => {
    const { table, lookOver } = keeperOf([...siblings, ...far(2)])
    const young = linkWith(table, far(2)[1]!).link
    expect(lookOver(1_000)).toEqual([{ type: 'sayWanted', link: young, wanted: false }])
    expect(lookOver(2_000)).toEqual([])
    table.removeLink(linkWith(table, far(2)[0]!).link)
    expect(lookOver(3_000)).toEqual([{ type: 'sayWanted', link: young, wanted: true }])
  })

  it('1: are closed when neither end wants them, not sooner, and not while they are young', () => {
    const { table, keeper, lookOver, woke } = keeperOf([...siblings, ...far(2)])
    const unwanted = linkWith(table, far(2)[1]!)
    unwanted.wantedThere = false
    expect(hungUp(lookOver(unwantedAgeMs - lookOverGapMs))).toEqual([])
    expect([keeper.wakeAtMs, woke(unwantedAgeMs - 1)]).toEqual([unwantedAgeMs, []])
    expect(hungUp(woke(unwantedAgeMs))).toEqual([unwanted.link])
  })

  it('1: are not closed, however old, while the other end wants them', () => {
    const { table, lookOver } = keeperOf([...siblings, ...far(2)])
    const unwanted = linkWith(table, far(2)[1]!)
    expect(hungUp(lookOver(2 * unwantedAgeMs))).toEqual([])
    unwanted.wantedThere = false
    expect(hungUp(lookOver(2 * unwantedAgeMs + lookOverGapMs))).toEqual([unwanted.link])
  })

  it('1: are closed against the will of the other end only beyond the hard limit, the youngest first, once each', () => {
    const many = far(6)
    const { table, lookOver } = keeperOf([...siblings, ...many])
    many.forEach((bits, i) => table.addLink(100 + i, contact(bits), i))
    expect(hungUp(lookOver(1_000))).toEqual([105, 104, 103])
  })

  it('1: beyond the hard limit, count what neither end wants first', () => {
    const many = far(4)
    const { table, lookOver } = keeperOf([...siblings, ...many])
    linkWith(table, many[1]!).wantedThere = false
    expect(hungUp(lookOver(unwantedAgeMs))).toEqual([linkWith(table, many[1]!).link])
  })
})

describe('the links made', () => {
  it('are those the policy wishes, as many at once as there are knocks', () => {
    const { table, lookOver } = keeperOf([])
    for (const bits of far(knocksMax + 1)) table.note(contact(bits), { route: [], point: 0 })
    expect(introduced(lookOver(1_000))).toEqual(far(knocksMax).map((bits) => key(bits).hex))
  })

  it('are no more than some before a newcomer has looked around, but to whom its app wants', () => {
    const { table, policy, keeper, lookOver, woke } = keeperOf(far(newcomerLinksMax))
    keeper.handle({ type: 'linked', id: key(far(1)[0]!) }, 1_000)
    for (const bits of siblings) table.note(contact(bits), { route: [key(far(1)[0]!)] })
    expect(introduced(lookOver(2_000))).toEqual([])
    policy.appWants.add(key(siblings[0]!).hex)
    expect(introduced(lookOver(3_000))).toEqual([key(siblings[0]!).hex])
    policy.appWants.delete(key(siblings[0]!).hex)
    keeper.handle({ type: 'lookedAround' }, 3_001)
    expect(introduced(woke(3_001 + lookOverDelayMs))).toHaveLength(siblings.length)
  })

  it('are made without a look around when none came to an end', () => {
    const { table, keeper, lookOver, woke } = keeperOf(far(newcomerLinksMax))
    keeper.handle({ type: 'linked', id: key(far(1)[0]!) }, 1_000)
    for (const bits of siblings) table.note(contact(bits), { route: [key(far(1)[0]!)] })
    expect(introduced(lookOver(2_000))).toEqual([])
    expect(keeper.wakeAtMs).toBe(1_000 + newcomerMs)
    expect(introduced(woke(1_000 + newcomerMs))).toHaveLength(siblings.length)
  })

  it('are not made twice at once', () => {
    const { table, introductions, lookOver } = keeperOf(['0b01'])
    table.note(contact('0b1'), { route: [key('0b01')] })
    introductions.handle({ type: 'begin', contact: contact('0b1'), why: 'app', carriages: [{ by: 'meetingPoint', point: 0 }] }, 0, 0)
    expect(introduced(lookOver(1_000))).toEqual([])
  })

  it.each([
    ['silent', silenceMs],
    ['failed', failureMs[0]],
  ] as const)('2: are not tried again at once after one was %s', (reason, lengthMs) => {
    const { table, keeper, lookOver, woke } = keeperOf(['0b01'])
    table.note(contact('0b1'), { route: [key('0b01')] })
    keeper.handle({ type: 'failed', id: key('0b1'), reason }, 1_000)
    expect(introduced(lookOver(1_000 + lengthMs - lookOverGapMs))).toEqual([])
    expect([keeper.wakeAtMs, woke(1_000 + lengthMs - 1)]).toEqual([1_000 + lengthMs, []])
    expect(introduced(woke(1_000 + lengthMs))).toEqual([key('0b1').hex])
  })

  it('2: are tried again when the other end said, or once there was a link', () => {
    const { table, keeper, lookOver, woke } = keeperOf(['0b01'])
    table.note(contact('0b1'), { route: [key('0b01')] })
    keeper.handle({ type: 'refused', id: key('0b1'), retryAfterMs: 60_000 }, 1_000)
    expect(introduced(lookOver(61_000 - lookOverGapMs))).toEqual([])
    expect([keeper.wakeAtMs, woke(60_999)]).toEqual([61_000, []])
    expect(introduced(woke(61_000))).toEqual([key('0b1').hex])
    keeper.handle({ type: 'refused', id: key('0b1'), retryAfterMs: 60_000 }, 61_000)
    keeper.handle({ type: 'linked', id: key('0b1') }, 62_000)
    expect(introduced(lookOver(63_000))).toEqual([key('0b1').hex])
  })

  it('are others in place of those that cannot be linked to', () => {
    const { table, keeper, lookOver, woke } = keeperOf(siblings)
    const [unlinkable, other] = far(2)
    for (const bits of far(2)) table.note(contact(bits), { route: [key(siblings[0]!)] })
    expect(introduced(lookOver(1_000))).toEqual([key(unlinkable!).hex])
    for (const _ of failureMs) keeper.handle({ type: 'failed', id: key(unlinkable!), reason: 'failed' }, 2_000)
    expect(introduced(woke(keeper.wakeAtMs))).toEqual([key(other!).hex])
  })

  it('to a peer that never answers are given up, and the peer is forgotten', () => {
    const { keeper } = keeperOf(['0b01'])
    const failed = () => keeper.handle({ type: 'failed', id: key('0b1'), reason: 'silent' }, 0)
    for (let times = 1; times < silencesMax; times++) expect(failed()).toEqual([])
    expect(failed()).toEqual([{ type: 'forget', id: key('0b1') }])
  })

  it('are made anew to a sibling that was forgotten and that a neighbour list still has, some time later', () => {
    const { table, lookOver } = keeperOf(['0b01'])
    const lost = key('0b001')
    linkWith(table, '0b01', ['0b001'])
    expect(lookOver(1_000)).toMatchObject([{ type: 'introduce', known: { contact: contact('0b001'), route: [key('0b01')] } }])
    table.forget(lost)
    expect(introduced(lookOver(1_000 + recallEveryMs - lookOverGapMs))).toEqual([])
    expect(introduced(lookOver(1_000 + recallEveryMs))).toEqual([lost.hex])
    table.forget(lost)
    linkWith(table, '0b01', [])
    expect(introduced(lookOver(1_000 + 2 * recallEveryMs))).toEqual([])
  })

  it('fill a bucket only while the budget lasts; siblings go on credit', () => {
    const { table, budget, lookOver } = keeperOf([...siblings])
    while (budget.spend(false, 0)) continue
    table.note(contact('0b1'), { route: [key(siblings[0]!)] })
    expect(introduced(lookOver(1_000))).toEqual([])
    table.note(contact(`0b${'0'.repeat(20)}1`), { route: [key(siblings[0]!)] })
    expect(introduced(lookOver(2_000))).toEqual([key(`0b${'0'.repeat(20)}1`).hex])
  })
})
