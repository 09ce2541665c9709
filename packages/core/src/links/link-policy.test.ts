import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contacts, linkedTable } from '../fixtures/linked-table.js'
import { contact, key } from '../fixtures/visible-key.js'
import { Key, keyBytes } from '../keys/key.js'
import { replicas } from '../wire/message.js'
import { desktopLinkLimits, type LinkLimits, LinkPolicy, quickerShare, swapGapMs } from './link-policy.js'
import type { RoutingTable } from './routing-table.js'

const limits: LinkLimits = { target: 10, soft: 12, hard: 14 }
/** Eight peers close to 0b0: bits 8 to 15. */
const siblings = Array.from({ length: replicas }, (_, i) => `0b${'0'.repeat(8 + i)}1`)
const inBucket = (bucket: number, count: number) =>
  Array.from({ length: count }, (_, i) => `0b${'0'.repeat(bucket)}1${i.toString(2).padStart(7, '0')}`)

const policyOf = (table: RoutingTable, has = limits, underWay: readonly string[] = []) =>
  new LinkPolicy(table, has, () => contacts(...underWay))
const wantedBits = (table: RoutingTable, policy: LinkPolicy) =>
  [...policy.wanted(0)].map((link) => table.byLinkId(link)!.contact.id.hex).sort()
const hexes = (...bits: string[]) => bits.map((one) => key(one).hex).sort()
const noted = (table: RoutingTable, ...bits: string[]) => bits.forEach((one) => table.note(contact(one), { route: [] }))
const wishes = (policy: LinkPolicy, avoided: readonly string[] = []) => {
  const hexes = new Set(avoided.map((bits) => key(bits).hex))
  return policy.wishes(({ hex }) => hexes.has(hex)).map(({ known, why }) => [why, known.contact.id.hex])
}

describe('the links wanted', () => {
  it('are all while they are no more than the target', () => {
    const others = [...siblings, ...inBucket(0, 2)]
    const table = linkedTable('0b0', others)
    expect(wantedBits(table, policyOf(table))).toEqual(hexes(...others))
  })

  it('are the siblings, and as many of each bucket, the longest-lived', () => {
    const table = linkedTable('0b0', [...siblings, ...inBucket(0, 3), ...inBucket(1, 3)])
    table.addLink(99, contact(inBucket(0, 1)[0]!), 1_000)
    expect(wantedBits(table, policyOf(table))).toEqual(hexes(...siblings, inBucket(0, 2)[1]!, inBucket(1, 1)[0]!))
  })

  it('give to a full bucket what a poor one does not use', () => {
    const table = linkedTable('0b0', [...siblings, ...inBucket(0, 9), ...inBucket(1, 1)])
    const wanted = wantedBits(table, policyOf(table, { target: 13, soft: 20, hard: 30 }))
    expect(wanted).toEqual(hexes(...siblings, ...inBucket(0, 4), ...inBucket(1, 1)))
  })

  it('give one place of a bucket to the quickest, when it is much quicker, and not too often', () => {
    const table = linkedTable('0b0', [...siblings, ...inBucket(0, 5)])
    const policy = policyOf(table)
    const [, second, third, fourth, fifth] = inBucket(0, 5).map((bits) => table.linkTo(key(bits))!)
    const keepsAt = (nowMs: number) => [second, third, fourth, fifth].filter((one) => policy.wanted(nowMs).has(one!.link))
    expect(keepsAt(0)).toEqual([second])
    second!.rttMs = 100
    third!.rttMs = 100 * quickerShare
    expect(keepsAt(1)).toEqual([second])
    third!.rttMs -= 1
    expect(keepsAt(2)).toEqual([third])
    fourth!.rttMs = 10
    expect(keepsAt(1 + swapGapMs)).toEqual([third])
    expect(keepsAt(2 + swapGapMs)).toEqual([fourth])
    table.removeLink(fourth!.link)
    expect(keepsAt(3 + swapGapMs)).toEqual([second])
    expect(keepsAt(2 + 2 * swapGapMs)).toEqual([third])
  })

  it('include what an app asked for', () => {
    const table = linkedTable('0b0', [...siblings, ...inBucket(0, 5)])
    const policy = policyOf(table)
    const [asked] = inBucket(0, 5).slice(-1)
    policy.appWants.add(key(asked!).hex)
    expect(wantedBits(table, policy)).toEqual(hexes(...siblings, ...inBucket(0, 2), asked!))
  })

  it('are never more than the target, and always include the siblings', () => {
    const anyId = fc.uint8Array({ minLength: keyBytes, maxLength: keyBytes })
    fc.assert(
      fc.property(fc.array(anyId, { maxLength: 90 }), (ids) => {
        const table = linkedTable('0b0', [])
        ids.forEach((bytes, i) => table.addLink(i + 1, { id: Key.fromBytes(bytes), publicKey: contact('0b0').publicKey }, i))
        const wanted = policyOf(table, desktopLinkLimits).wanted(0)
        expect(wanted.size).toBe(Math.min(table.linkCount, desktopLinkLimits.target))
        for (const { link } of table.siblings()) expect(wanted.has(link)).toBe(true)
      }),
    )
  })
})

describe('the links wished for', () => {
  it('are would-be siblings by distance, then one of each bucket that lacks links, in turn', () => {
    const table = linkedTable('0b0', siblings)
    noted(table, ...inBucket(0, 2), ...inBucket(1, 2), `0b${'0'.repeat(20)}1`)
    const policy = policyOf(table, { target: 12, soft: 20, hard: 30 })
    expect(wishes(policy)).toEqual([
      ['sibling', key(`0b${'0'.repeat(20)}1`).hex],
      ...[inBucket(0, 1)[0]!, inBucket(1, 1)[0]!, inBucket(0, 2)[1]!].map((bits) => ['bucket', key(bits).hex]),
    ])
  })

  it('are everybody known while there are few', () => {
    const table = linkedTable('0b0', ['0b1'])
    noted(table, '0b01', '0b11')
    expect(wishes(policyOf(table))).toEqual([
      ['sibling', key('0b01').hex],
      ['sibling', key('0b11').hex],
    ])
  })

  it('are as many would-be siblings as are missing, and of those that fail the next', () => {
    const table = linkedTable('0b0', [...siblings.slice(1), ...inBucket(0, 2)])
    const near = ['0b000001', '0b00000001', '0b0000001']
    noted(table, ...near)
    const wouldBe = (avoided: readonly string[]) => wishes(policyOf(table), avoided).filter(([why]) => why === 'sibling')
    expect(wouldBe([])).toEqual([['sibling', key('0b00000001').hex]])
    expect(wouldBe(['0b00000001'])).toEqual(['0b00000001', '0b0000001'].map((bits) => ['sibling', key(bits).hex]))
  })

  it('are of others in a bucket, too, where one may not be dialled', () => {
    const table = linkedTable('0b0', siblings)
    const [first, second, third] = inBucket(0, 3)
    noted(table, first!, second!, third!)
    const policy = policyOf(table, { ...limits, target: replicas + 1 })
    expect(wishes(policy)).toEqual([['bucket', key(first!).hex]])
    expect(wishes(policy, [first!])).toEqual([first!, second!].map((bits) => ['bucket', key(bits).hex]))
  })

  it('fill buckets beside the siblings that are being made: who is farther than these is none', () => {
    const table = linkedTable('0b0', [...siblings.slice(3), ...inBucket(1, 1), ...inBucket(0, 1)])
    noted(table, ...inBucket(0, 2).slice(1), ...inBucket(1, 3).slice(1))
    expect(wishes(policyOf(table, limits, siblings.slice(0, 3)))).toEqual([])
    expect(wishes(policyOf(table, { ...limits, target: 11 }, siblings.slice(0, 3)))).toEqual([['bucket', key(inBucket(0, 2)[1]!).hex]])
  })

  it('may be of whoever comes to be known where too few are', () => {
    const table = linkedTable('0b0', [...siblings, ...inBucket(1, 1)])
    const policy = policyOf(table)
    expect(wishes(policy)).toEqual([])
    expect(['0b1', '0b01', '0b0000000001'].map((bits) => policy.hasUseFor(key(bits)))).toEqual([true, true, true])
    for (const bits of inBucket(0, 2)) table.addLink(Number(bits), contact(bits), 0)
    expect(wishes(policy)).toEqual([])
    expect(['0b1', '0b01', '0b0000000001'].map((bits) => policy.hasUseFor(key(bits)))).toEqual([false, false, true])
  })

  it('are no more of a bucket than it lacks', () => {
    const table = linkedTable('0b0', [...siblings, ...inBucket(0, 2)])
    noted(table, ...inBucket(0, 6).slice(2))
    expect(wishes(policyOf(table))).toEqual([])
  })

  it('count the links that are being made', () => {
    const table = linkedTable('0b0', [...siblings, ...inBucket(0, 1)])
    noted(table, ...inBucket(0, 3).slice(1))
    expect(wishes(policyOf(table)).length).toBe(1)
    expect(wishes(policyOf(table, limits, inBucket(0, 2).slice(1)))).toEqual([])
  })

  it('include what an app asked for, wherever it lies', () => {
    const table = linkedTable('0b0', [...siblings, ...inBucket(0, 2)])
    const policy = policyOf(table)
    noted(table, '0b11')
    policy.appWants.add(key('0b11').hex)
    expect(wishes(policy)).toEqual([['app', key('0b11').hex]])
  })
})

describe('a knock', () => {
  const table = (count: number) => linkedTable('0b0', [...siblings, ...inBucket(0, count - replicas)])
  const far = contact('0b111')

  it.each<[string, number, 'sibling' | 'bucket' | 'app', 'yes' | 'full']>([
    ['below the soft limit', 11, 'bucket', 'yes'],
    ['at the soft limit, for a bucket', 12, 'bucket', 'full'],
    ['at the soft limit, for an app', 12, 'app', 'yes'],
    ['at the soft limit, from whom we are a sibling to', 12, 'sibling', 'yes'],
    ['at the hard limit, for an app', 14, 'app', 'full'],
    ['at the hard limit, from whom we are a sibling to', 14, 'sibling', 'full'],
  ])('%s', (_, count, why, verdict) => expect(policyOf(table(count)).admits(far, why)).toBe(verdict))

  it('counts the links that are being made, but not the one it asks for', () => {
    const underWay = ['0b1111', '0b11111']
    expect(policyOf(table(10), limits, underWay).admits(far, 'bucket')).toBe('full')
    expect(policyOf(table(10), limits, underWay).admits(contact('0b1111'), 'bucket')).toBe('yes')
    expect(policyOf(table(12), limits, underWay).admits(far, 'app')).toBe('full')
  })

  it('is a would-be sibling’s only while fewer closer ones are linked, or being linked', () => {
    const policy = policyOf(linkedTable('0b0', siblings.slice(1)), limits, [`0b${'0'.repeat(20)}1`])
    expect(policy.wouldBeSibling(contact('0b00000001').id)).toBe(false)
    expect(policy.wouldBeSibling(contact('0b00000000000001').id)).toBe(true)
  })

  it('from a would-be sibling, and from a peer that is linked, is always welcome', () => {
    const policy = policyOf(table(14))
    expect(policy.admits(contact(`0b${'0'.repeat(20)}1`), 'bucket')).toBe('yes')
    expect(policy.admits(contact(inBucket(0, 1)[0]!), 'bucket')).toBe('yes')
  })
})
