import { describe, expect, it } from 'vitest'
import { cipherSuite } from '../fixtures/cipher-suite.js'
import { contacts, linkedTable, linkWith, neighboursOf } from '../fixtures/linked-table.js'
import { nowUnixS, OtherEnd, sealing } from '../fixtures/other-end.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import { type LateParts, latePartsWith } from '../late-parts.js'
import { protocolVersion } from '../wire/message.js'
import { lookOverDelayMs, newcomerLinksMax, silencesMax, unwantedAgeMs } from './link-keeper.js'
import { Linking, type LinkingEffect, type LinkingEvent } from './linking.js'
import { desktopLinkLimits } from './link-policy.js'
import { idleMs, missesMax } from './liveness.js'
import { suspicionDelayMs } from '../merging/suspicion.js'
import { tellSoonMs } from './neighbourhood.js'
import { othersServingMin, stepDownDelayMs } from './role-keeper.js'

const other = contact('0b1')
const nonce = 'aa'.repeat(16)

function linkingOf(links: readonly string[] = [], parts: LateParts | 'late' = latePartsWith(cipherSuite)) {
  const table = linkedTable('0b0', links)
  const early = parts === 'late' ? undefined : parts
  const linking = new Linking(table, new FreshIds(seededRandom()), desktopLinkLimits, 0, early, sealing)
  return { table, linking, handle: (event: LinkingEvent, nowMs = 0) => linking.handle(event, nowMs, nowUnixS + Math.floor(nowMs / 1_000)) }
}

const knock = (from: typeof other, of: string) => new OtherEnd(from, from.id).knock(of)
const knocks = (effects: readonly LinkingEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'write' && effect.body.type === 'knock' ? [[effect.to.hex, effect.carriage]] : []))

/** Another peer knocks, and a link to it opens; answers with what was done then. */
function linked() {
  const all = linkingOf()
  all.handle({ type: 'introduction', from: other, body: knock(other, nonce), back: { by: 'meetingPoint', point: 0 } })
  return { ...all, effects: all.handle({ type: 'opened', link: 1 }, 5) }
}

describe('linking', () => {
  it('knocks at those it met, at the meeting point first, and over the overlay then', () => {
    const { linking, handle } = linkingOf(['0b01'])
    handle({ type: 'met', point: 3, contacts: contacts('0b1', '0b0', '0b01') })
    expect(linking.wakeAtMs).toBe(lookOverDelayMs)
    expect(knocks(handle({ type: 'woke' }, lookOverDelayMs))).toEqual([[key('0b1').hex, { by: 'meetingPoint', point: 3 }]])
    expect(knocks(handle({ type: 'introductionUndeliverable', to: key('0b1') }, lookOverDelayMs))).toEqual([
      [key('0b1').hex, { by: 'overlay', route: [] }],
    ])
  })

  it('is held back as a newcomer until it has looked around', () => {
    const { table, linking, handle } = linked()
    const [near, nearer] = [contact('0b001'), contact('0b0001')]
    for (let i = 1; i < newcomerLinksMax; i++) table.addLink(10 + i, contact(`0b11${i.toString(2).padStart(7, '0')}`), 5)
    table.note(near, { route: [other.id] })
    expect(knocks(handle({ type: 'woke' }, linking.wakeAtMs))).toEqual([])
    handle({ type: 'found', contacts: [{ contact: nearer, route: [other.id] }] }, 6)
    expect(knocks(handle({ type: 'woke' }, linking.wakeAtMs)).map(([hex]) => hex)).toEqual([nearer, near].map(({ id }) => id.hex))
  })

  it('knocks at those that it found when it looked around, the way they were found', () => {
    const { handle } = linkingOf(['0b01'])
    handle({
      type: 'found',
      contacts: [
        { contact: other, route: [key('0b01')] },
        { contact: contact('0b001'), route: [] },
      ],
    })
    expect(knocks(handle({ type: 'woke' }, lookOverDelayMs))).toEqual([[key('0b1').hex, { by: 'overlay', route: [key('0b01')] }]])
  })

  it('knocks at those whom a linked peer told of, through that peer', () => {
    const { table, handle } = linkingOf(['0b01'])
    const link = table.linkTo(key('0b01'))!
    expect(handle({ type: 'said', link, message: { type: 'neighbours', came: neighboursOf('0b1'), went: [] } })).toEqual([
      { type: 'neighboursChanged', contacts: [other] },
    ])
    expect(knocks(handle({ type: 'woke' }, lookOverDelayMs))).toEqual([[key('0b1').hex, { by: 'overlay', route: [key('0b01')] }]])
  })

  it('says nothing of those whom a linked peer told of before, and tells of those who are gone', () => {
    const { table, handle } = linkingOf(['0b01'])
    const said = (came: readonly string[], went: readonly string[]) =>
      handle({
        type: 'said',
        link: table.linkTo(key('0b01'))!,
        message: { type: 'neighbours', came: neighboursOf(...came), went: went.map((bits) => key(bits).prefix) },
      })
    said(['0b1'], [])
    expect(said(['0b1'], [])).toEqual([])
    expect(said([], ['0b1'])).toEqual([{ type: 'neighboursChanged', contacts: [other] }])
    expect(table.known(other.id)).toBeUndefined()
  })

  it('greets over a link that opened, tells of it, and measures its round trip', () => {
    const { table, handle, effects } = linked()
    expect(effects).toEqual([
      { type: 'send', link: 1, message: { type: 'hello', version: protocolVersion } },
      { type: 'linked', contact: other, link: 1, sibling: true },
      { type: 'ping', link: 1, to: other.id },
    ])
    expect(handle({ type: 'alive', link: 1, rttMs: 40 }, 45)).toEqual([])
    expect([table.linkTo(other.id)?.link, table.linkTo(other.id)?.rttMs]).toEqual([1, 40])
  })

  it('ends the link that a new one to the same peer replaces', () => {
    const { handle } = linked()
    handle(
      {
        type: 'introduction',
        from: other,
        body: knock(other, 'bb'.repeat(16)),
        back: { by: 'meetingPoint', point: 0 },
      },
      10,
    )
    expect(handle({ type: 'opened', link: 2 }, 20)).toMatchObject([
      { type: 'end', link: 1 },
      { type: 'send', link: 2 },
      { type: 'linked', link: 2 },
      { type: 'ping', link: 2 },
    ])
    expect(handle({ type: 'closed', link: 1 }, 30)).toEqual([])
  })

  it('takes a peer for alive whose link one end wanted no more, and doubts one that ended a link it wanted', () => {
    const many = Array.from({ length: desktopLinkLimits.target + 8 }, (_, i) => `0b1${i.toString(2).padStart(6, '0')}`)
    const { table, handle } = linkingOf([...many, '0b01'])
    for (const link of table.links()) link.wantedThere = false
    linkWith(table, '0b01', many)
    handle({ type: 'appWants', id: other.id, wanted: false }, unwantedAgeMs)
    handle({ type: 'woke' }, unwantedAgeMs + lookOverDelayMs)
    const ended = many.filter((bits) => !table.linkTo(key(bits)))
    expect(ended.length).toBeGreaterThan(0)
    for (const bits of ended) expect(table.isAlive(key(bits))).toBe(true)
    const [unwanted, wanted] = many.flatMap((bits) => table.linkTo(key(bits)) ?? [])
    wanted!.wantedThere = true
    for (const { link } of [unwanted!, wanted!]) handle({ type: 'closed', link }, unwantedAgeMs + lookOverDelayMs)
    expect([unwanted, wanted].map((link) => table.isAlive(link!.contact.id))).toEqual([true, false])
  })

  it('tells siblings of a new link after a while', () => {
    const { linking, handle } = linked()
    handle({ type: 'alive', link: 1, rttMs: 40 }, 45)
    expect(linking.wakeAtMs).toBeLessThanOrEqual(5 + tellSoonMs)
    expect(handle({ type: 'woke' }, 5 + tellSoonMs)).toContainEqual({
      type: 'send',
      link: 1,
      message: { type: 'neighbours', came: [{ contact: other, rttMs: 40 }], went: [] },
    })
  })

  it.each<[string, LinkingEvent, boolean]>([
    ['closed', { type: 'closed', link: 1 }, false],
    ['broke the rules', { type: 'broken', link: 1 }, true],
  ])('takes a link out that %s', (_, event, ends) => {
    const { table, handle } = linked()
    linkWith(table, '0b1', ['0b11'])
    expect(handle(event, 10)).toEqual([
      { type: 'unlinked', contact: other, link: 1, sibling: true },
      { type: 'neighboursChanged', contacts: [contact('0b11')] },
      ...(ends ? [{ type: 'end', link: 1 }] : []),
    ])
    expect(table.linkCount).toBe(0)
  })

  it('hangs up on a peer that leaves', () => {
    const { table, handle } = linked()
    const link = table.linkTo(other.id)!
    expect(handle({ type: 'said', link, message: { type: 'leaving' } }, 10)).toMatchObject([
      { type: 'unlinked' },
      { type: 'neighboursChanged', contacts: [] },
      { type: 'end', link: 1 },
    ])
  })

  it('notes whether the other end wants the link', () => {
    const { table, handle } = linked()
    const link = table.linkTo(other.id)!
    handle({ type: 'said', link, message: { type: 'wants', wanted: false } }, 10)
    expect(link.wantedThere).toBe(false)
  })

  it('gives a link up that stays silent', () => {
    const { handle } = linked()
    handle({ type: 'alive', link: 1, rttMs: 40 }, 45)
    expect(handle({ type: 'woke' }, 5 + idleMs)).toContainEqual({ type: 'ping', link: 1, to: other.id })
    for (let misses = 1; misses < missesMax; misses++)
      expect(handle({ type: 'silent', link: 1 }, 40_000)).toEqual([{ type: 'ping', link: 1, to: other.id }])
    expect(handle({ type: 'silent', link: 1 }, 50_000)).toMatchObject([
      { type: 'unlinked' },
      { type: 'neighboursChanged', contacts: [] },
      { type: 'end', link: 1 },
    ])
  })

  it('tells when an introduction failed, keeps the contact, and forgets it when it never answers', () => {
    const { table, handle } = linkingOf(['0b01'])
    for (let times = 1; times <= silencesMax; times++) {
      expect(knocks(handle({ type: 'introduce', contact: other, route: [key('0b01')] })).length).toBe(1)
      expect(table.known(other.id)).toBeDefined()
      expect(handle({ type: 'introductionUndeliverable', to: other.id })).toEqual([{ type: 'notIntroduced', id: other.id }])
    }
    expect(table.known(other.id)).toBeUndefined()
  })

  it('asks about those it met before it could: whom the meeting point named last', () => {
    const { linking, handle } = linkingOf(['0b01', '0b001'], 'late')
    const stranger = contact('0b011')
    handle({ type: 'met', point: 0, contacts: [contact('0b0111')] })
    handle({ type: 'met', point: 0, contacts: [stranger] })
    const asked = (until: number) => {
      const questions: string[] = []
      for (let nowMs = linking.wakeAtMs; nowMs < until; nowMs = Math.max(linking.wakeAtMs, nowMs + 1))
        for (const effect of handle({ type: 'woke' }, nowMs)) if (effect.type === 'ask') questions.push(effect.target.hex)
      return questions
    }
    expect(asked(suspicionDelayMs + 1)).toEqual([])
    expect(handle({ type: 'late', ...latePartsWith(cipherSuite) }, suspicionDelayMs + 1)).toEqual([])
    expect(asked(3 * suspicionDelayMs)).toEqual([stranger.id.hex])
  })

  it('is the leaf that it was wished to be before it could, once it can', () => {
    const { table, handle } = linkingOf(
      Array.from({ length: othersServingMin }, (_, i) => `0b1${i.toString(2).padStart(4, '0')}`),
      'late',
    )
    const decidedMs = 1.5 * stepDownDelayMs
    handle({ type: 'become', role: 'leaf' })
    handle({ type: 'woke' }, decidedMs)
    expect(table.role).toBe('full')
    handle({ type: 'late', ...latePartsWith(cipherSuite) }, decidedMs)
    expect(handle({ type: 'woke' }, 2 * decidedMs)).toContainEqual({ type: 'tookRole', role: 'leaf' })
    expect(table.role).toBe('leaf')
  })

  it('keeps what an app wants', () => {
    const { linking, handle } = linkingOf()
    handle({ type: 'appWants', id: other.id, wanted: true })
    expect(linking.wakeAtMs).toBe(0)
    handle({ type: 'met', point: 0, contacts: [other] })
    expect(handle({ type: 'woke' }, 0)).toMatchObject([{ type: 'write', body: { why: 'app' } }])
  })
})
