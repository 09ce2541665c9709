import { describe, expect, it } from 'vitest'
import { contacts, linkedTable } from '../fixtures/linked-table.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import { answerTimeoutMs, looksPerMinute, Merging, strangerLinkMs, type MergingEffect, type MergingEvent, tellGapMs } from './merging.js'
import { NeighbourList } from '../links/neighbour-list.js'
import { settledLinkMs, suspicionDelayMs, suspicionGapMaxMs, suspicionGapMs } from './suspicion.js'

const ours = '0b10'
const stranger = '0b11'
/** Our links are old by then. */
const startMs = 2 * settledLinkMs

/** A peer that has long been linked to these. */
function mergingOf(links: readonly string[] = [ours]) {
  const table = linkedTable('0b0', links)
  const merging = new Merging(table, new FreshIds(seededRandom()), 0)
  const handle = (event: MergingEvent, nowMs = startMs) => merging.handle(event, nowMs)
  let link = links.length
  const linked = (bits: string, nowMs = startMs) => {
    table.addLink(++link, contact(bits), nowMs)
    return handle({ type: 'linked', contact: contact(bits) }, nowMs)
  }
  const answer = (effects: readonly MergingEffect[], named: readonly string[], nowMs = startMs) => {
    const [ask] = asksOf(effects)
    return handle({ type: 'answered', id: ask!.id, from: ask!.to, contacts: contacts(...named) }, nowMs)
  }
  return { table, merging, handle, linked, answer }
}

const asksOf = (effects: readonly MergingEffect[]) => effects.flatMap((effect) => (effect.type === 'ask' ? [effect] : []))
const questionsOf = (effects: readonly MergingEffect[]) =>
  asksOf(effects).map(({ to, route, target }) => [to.hex, route.map(({ hex }) => hex), target.hex])
const toldOf = (effects: readonly MergingEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'tell' ? [[effect.link, effect.message.contacts.map(({ id }) => id.hex)]] : []))

/** It came to a meeting point where two strangers stood, and asks at home about the farther one. */
function suspicious() {
  const all = mergingOf()
  all.handle({ type: 'met', point: 1, contacts: contacts(stranger, '0b01') })
  return { ...all, asked: all.handle({ type: 'woke' }) }
}

describe('whoever is met', () => {
  it('is asked about in our own overlay, at once when it was there before us', () => {
    expect(questionsOf(suspicious().asked)).toEqual([[key(ours).hex, [], key(stranger).hex]])
  })

  it('is asked about later when it has just come, for it joins first', () => {
    const { merging, handle } = mergingOf()
    handle({ type: 'met', point: 1, contacts: contacts(stranger) })
    expect(merging.wakeAtMs).toBe(startMs + suspicionDelayMs)
    expect(handle({ type: 'woke' }, startMs + suspicionDelayMs - 1)).toEqual([])
    expect(questionsOf(handle({ type: 'woke' }, startMs + suspicionDelayMs))).toHaveLength(1)
  })

  it('is one of us when it is known there: nothing more is done', () => {
    const { answer, asked } = suspicious()
    expect(answer(asked, [stranger])).toEqual([])
  })

  it('is linked to when nobody there knows it, and asked about us', () => {
    const { answer, asked, linked } = suspicious()
    expect(answer(asked, [])).toEqual([{ type: 'introduce', contact: contact(stranger), point: 1 }])
    expect(questionsOf(linked(stranger))).toEqual([[key(stranger).hex, [], key(ours).hex]])
  })

  it('is one of us when it knows our own, however new it is', () => {
    const { answer, asked, linked } = suspicious()
    answer(asked, [])
    expect(answer(linked(stranger), [ours])).toEqual([])
  })

  it('is no overlay when it is linked to nobody', () => {
    const { answer, asked, linked } = suspicious()
    answer(asked, [])
    expect(answer(linked(stranger), [])).toEqual([])
  })

  it('is a stranger when neither side knows the other: every link is told of one of each, and both are looked through', () => {
    const { answer, asked, linked } = suspicious()
    answer(asked, [])
    const walked = answer(linked(stranger), ['0b111'])
    expect(questionsOf(walked)).toEqual([[key('0b111').hex, [key(stranger).hex], key(ours).hex]])
    const met = answer(walked, [])
    expect(toldOf(met)).toEqual([
      [1, [key(stranger).hex]],
      [2, [key(ours).hex]],
    ])
    expect(questionsOf(met)).toEqual([stranger, ours].map((bits) => [key(bits).hex, [], key('0b0').hex]))
  })

  it('is asked about no more often than the gap allows', () => {
    const { handle, answer, asked } = suspicious()
    answer(asked, [stranger])
    handle({ type: 'met', point: 1, contacts: contacts('0b011', '0b0111') })
    expect(asksOf(handle({ type: 'woke' }, startMs + suspicionGapMs - 1))).toEqual([])
    expect(asksOf(handle({ type: 'woke' }, startMs + suspicionGapMs))).toHaveLength(1)
  })

  it('is asked about ever less often while it is always one of us', () => {
    const { merging, handle, answer } = mergingOf()
    let nowMs = startMs
    const gapsMs = Array.from({ length: 8 }, (_, i) => {
      const one = `0b11${i.toString(2).padStart(4, '0')}`
      handle({ type: 'met', point: 1, contacts: contacts(one) }, nowMs)
      const gapMs = merging.wakeAtMs! - nowMs
      nowMs = merging.wakeAtMs!
      answer(handle({ type: 'woke' }, nowMs), [one], nowMs)
      return gapMs
    })
    expect(gapsMs.slice(0, 3)).toEqual([suspicionDelayMs, 2 * suspicionGapMs, 4 * suspicionGapMs])
    expect(gapsMs.at(-1)).toBe(suspicionGapMaxMs)
  })

  it('is no stranger when it has gone before that was proved, or when the one it was asked about has', () => {
    for (const gone of [ours, stranger]) {
      const { table, answer, asked, linked } = suspicious()
      answer(asked, [])
      const walked = answer(linked(stranger), ['0b111'])
      table.removeLink(table.linkTo(key(gone))!.link)
      expect(answer(walked, [])).toEqual([])
    }
  })
})

describe('a second one met', () => {
  it('waits for the link to the first, and is not asked for until then', () => {
    const { merging, handle, answer, asked } = suspicious()
    answer(asked, [])
    const lateMs = startMs + suspicionGapMs
    expect(merging.wakeAtMs).toBe(startMs + strangerLinkMs)
    expect(handle({ type: 'woke' }, lateMs)).toEqual([])
    expect(merging.wakeAtMs).toBeGreaterThan(lateMs)
    expect(questionsOf(handle({ type: 'woke' }, startMs + strangerLinkMs))).toEqual([[key(ours).hex, [], key('0b01').hex]])
  })
})

describe('whoever is told of strangers', () => {
  const tale = (all: ReturnType<typeof mergingOf>, bits: string, nowMs = startMs) =>
    all.handle({ type: 'told', link: all.table.linkTo(key(ours))!, contacts: contacts(bits) }, nowMs)

  it('looks at its own surroundings through them, over whoever told', () => {
    expect(questionsOf(tale(mergingOf(), stranger))).toEqual([[key(stranger).hex, [key(ours).hex], key('0b0').hex]])
  })

  it('notes whom it finds, and tells its links once it is linked to one of them', () => {
    const all = mergingOf()
    const found = all.answer(tale(all, stranger), ['0b01'])
    const done = all.answer(found, [])
    expect(done).toEqual([expect.objectContaining({ type: 'found' })])
    expect(toldOf(all.linked('0b01', startMs + 500))).toEqual([
      [2, [key(ours).hex]],
      [1, [key('0b01').hex]],
    ])
  })

  it('tells nothing when it finds nobody new, or is linked to somebody else', () => {
    const all = mergingOf()
    expect(all.answer(tale(all, stranger), [ours])).toMatchObject([{ type: 'ask' }])
    expect(toldOf(all.linked('0b011', startMs + 500))).toEqual([])
  })

  it('tells nothing of whom a link of its own had named already: where peers come and go that is a newcomer', () => {
    const all = mergingOf()
    all.table.linkTo(key(ours))!.neighbours = new NeighbourList([{ contact: contact('0b01'), rttMs: 0 }])
    const done = all.answer(all.answer(tale(all, stranger), ['0b01']), [])
    expect(done).toEqual([expect.objectContaining({ type: 'found' })])
    expect(toldOf(all.linked('0b01', startMs + 500))).toEqual([])
  })

  it('tells no more often than the gap allows', () => {
    const all = mergingOf()
    const done = all.answer(all.answer(tale(all, stranger), ['0b01', '0b001']), [])
    all.answer(done, [])
    expect(toldOf(all.linked('0b01', startMs + 500))).not.toEqual([])
    expect(toldOf(all.linked('0b001', startMs + 500 + tellGapMs - 1))).toEqual([])
  })

  it('looks as often as its budget allows, whatever it is told', () => {
    const all = mergingOf()
    const looks = Array.from({ length: 50 }, (_, i) => asksOf(tale(all, `0b1110${i.toString(2).padStart(6, '0')}`)).length)
    expect(looks.reduce((sum, count) => sum + count, 0)).toBe(looksPerMinute)
  })

  it('goes on without those who are silent, and ends', () => {
    const all = mergingOf()
    const found = all.answer(tale(all, stranger), ['0b01', '0b001'])
    expect(asksOf(found)).toHaveLength(1)
    const next = all.handle({ type: 'woke' }, startMs + answerTimeoutMs)
    expect(asksOf(next)).toHaveLength(1)
    const last = all.handle({ type: 'undeliverable', id: asksOf(next)[0]!.id }, startMs + answerTimeoutMs)
    expect(asksOf(last)).toEqual([])
    expect(all.merging.wakeAtMs).toBeUndefined()
  })

  it('believes no answer but of the peer asked', () => {
    const all = mergingOf()
    const [ask] = asksOf(tale(all, stranger))
    expect(all.handle({ type: 'answered', id: ask!.id, from: key(ours), contacts: contacts('0b01') })).toEqual([])
    expect(all.merging.awaits(ask!.id)).toBe(true)
  })
})
