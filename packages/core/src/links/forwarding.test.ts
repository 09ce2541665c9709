import { describe, expect, it } from 'vitest'
import { linkedTable, linkWith } from '../fixtures/linked-table.js'
import { key } from '../fixtures/visible-key.js'
import { hopsMax, type MessageId, type Seek } from '../wire/message.js'
import { Forwarding, type ForwardingEffect, newSeek, passedWithinMs, rememberedMax, rememberedMs, unacknowledgedMax } from './forwarding.js'
import type { LinkId } from './routing-table.js'

const target = key('0b1111')
const id = '00'.repeat(8)
const idOf = (number: number): MessageId => number.toString(16).padStart(16, '0')

/** A question of our own. */
const own = (over: Partial<Pick<Seek, 'id' | 'target' | 'avoid'>> = {}) =>
  ({ type: 'own', seek: newSeek({ id, target, want: 'peers', avoid: [], ...over }) }) as const
/** What peer 0b001 passes on for peer 0b0001. */
const came = (over: Partial<Seek> = {}): Seek => ({
  type: 'seek',
  id,
  target,
  want: 'peers',
  path: [key('0b0001'), key('0b001')],
  avoid: [],
  hopsLeft: 9,
  ...over,
})

/** Peer 0b0, linked to 0b001 that seeks come from, and to others: 1 and 2 and so on. */
function forwardingOf(others: readonly string[] = ['0b11', '0b10'], answersHere = false, waits = false) {
  const table = linkedTable('0b0', [...others, '0b001'])
  const forwarding = new Forwarding(table, { answersHere: () => answersHere, takes: () => true, waits: () => waits })
  const from = table.linkTo(key('0b001'))!
  const handle = forwarding.handle.bind(forwarding)
  const take = (over: Partial<Seek> = {}, nowMs = 0) => handle({ type: 'seek', seek: came(over), from }, nowMs)
  return { table, forwarding, from, handle, take }
}

const passed = (link: LinkId, over: Partial<Seek> = {}) => ({
  type: 'send',
  link,
  message: came({ path: [...came().path, key('0b0')], hopsLeft: 8, ...over }),
})
const taken = (link: LinkId, of: MessageId = id) => ({ type: 'send', link, message: { type: 'taken', id: of } })
const declined = (link: LinkId, of: MessageId = id) => ({ type: 'send', link, message: { type: 'declined', id: of } })
const acknowledged = (link: LinkId, afterMs: number) => ({ type: 'acknowledged', link, afterMs })
const troubled = (link: LinkId) => ({ type: 'troubled', link })
const arrived = (over: Partial<Seek> = {}) => ({ type: 'arrived', seek: came(over) })
const sentTo = (effects: readonly ForwardingEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'send' && effect.message.type === 'seek' ? [effect.link] : []))

describe('a seek from a linked peer', () => {
  it('is acknowledged, and passed on to whoever leads closest to its target', () => {
    const { forwarding, from, take, handle } = forwardingOf()
    expect(take()).toEqual([taken(from.link), passed(1)])
    expect(handle({ type: 'taken', id, link: 1 }, 30)).toEqual([acknowledged(1, 30)])
    expect(forwarding.wakeAtMs).toBeUndefined()
  })

  it('arrives where nobody is closer, with the path it came over', () => {
    const { forwarding, from, take } = forwardingOf(['0b11'])
    expect(take({ target: key('0b0') })).toEqual([taken(from.link), arrived({ target: key('0b0'), hopsLeft: 8 })])
    expect(forwarding.wakeAtMs).toBeUndefined()
  })

  it('goes on to one that is farther itself, but has somebody closer beside it', () => {
    const { table, from, take } = forwardingOf(['0b0001'])
    linkWith(table, '0b0001', ['0b11'])
    expect(take({ path: [key('0b00001'), key('0b001')] })).toEqual([
      taken(from.link),
      passed(1, { path: [key('0b00001'), key('0b001'), key('0b0')] }),
    ])
  })

  it('arrives where what is sought is, though others are closer', () => {
    const { from, take } = forwardingOf(['0b11'], true)
    expect(take()).toEqual([taken(from.link), arrived()])
  })

  it('waits where an equal one is under way, and goes on when its host says so', () => {
    const { from, take, handle } = forwardingOf(undefined, false, true)
    expect(take()).toEqual([taken(from.link)])
    expect(handle({ type: 'goesOn', seek: came() }, 900)).toEqual([passed(1)])
  })

  it('1: arrives where its hops are used up', () => {
    const { from, take } = forwardingOf(['0b11'])
    expect(take({ hopsLeft: 0 })).toEqual([taken(from.link), arrived({ hopsLeft: 0 })])
  })

  it('1: does not pass a peer again, nor one that is to be avoided', () => {
    const { from, take } = forwardingOf(['0b111', '0b110', '0b10'])
    const path = [key('0b111'), key('0b001')]
    expect(take({ path, avoid: [key('0b110')] })).toEqual([
      taken(from.link),
      passed(3, { path: [...path, key('0b0')], avoid: [key('0b110')] }),
    ])
  })

  it('1: that has been here is declined: by its path, or by its id', () => {
    const { from, take } = forwardingOf()
    expect(take({ path: [key('0b0001'), key('0b0'), key('0b001')] })).toEqual([declined(from.link)])
    expect(take().length).toBe(2)
    expect(take({ path: [key('0b1'), key('0b001')] }, rememberedMs - 1)).toEqual([declined(from.link)])
  })

  it('1: of our own that comes back is declined', () => {
    const { from, handle, take } = forwardingOf()
    handle(own(), 0)
    expect(take({ path: [key('0b001')] }, 10)).toEqual([declined(from.link)])
  })
})

describe('a question of our own', () => {
  it('sets out with this peer as its first, and says over whom', () => {
    const { handle } = forwardingOf()
    expect(handle(own(), 0)).toEqual([
      { type: 'send', link: 1, message: came({ path: [key('0b0')], hopsLeft: hopsMax }) },
      { type: 'setOut', id, via: key('0b11') },
    ])
  })

  it('sets out though nobody is closer than this peer: it asks others', () => {
    const { handle } = forwardingOf(['0b11', '0b010'])
    expect(sentTo(handle(own({ target: key('0b0') }), 0))).toEqual([3])
  })

  it('1: sets out over none that is to be avoided', () => {
    const { handle } = forwardingOf()
    expect(sentTo(handle(own({ avoid: [key('0b11')] }), 0))).toEqual([2])
  })

  it('goes nowhere where there is no link, or only such as are to be avoided', () => {
    const nowhere = [{ type: 'nowhere', id }]
    expect(
      new Forwarding(linkedTable('0b0', []), { answersHere: () => false, takes: () => true, waits: () => false }).handle(own(), 0),
    ).toEqual(nowhere)
    expect(forwardingOf([]).handle(own({ avoid: [key('0b001')] }), 0)).toEqual(nowhere)
  })

  it('is lost when all who were asked declined: there are links to set out on, and it did', () => {
    const { forwarding, handle } = forwardingOf(['0b11'])
    handle(own(), 0)
    expect(handle({ type: 'declined', id, link: 1 }, 5)).toMatchObject([
      acknowledged(1, 5),
      { link: 2 },
      { type: 'setOut', via: key('0b001') },
    ])
    expect(handle({ type: 'declined', id, link: 2 }, 9)).toEqual([acknowledged(2, 4), { type: 'lost', id }])
    expect(forwarding.wakeAtMs).toBeUndefined()
  })

  it('is not answered here, whatever is here', () => {
    expect(sentTo(forwardingOf(['0b11'], true).handle(own(), 0))).toEqual([1])
  })
})

describe('another seek of the same lookup', () => {
  /** Their ids have the first half in common. */
  const again = { id: idOf(2) }

  it('is passed on to the next closest, though this peer is closer: it wants another word', () => {
    const { from, take } = forwardingOf(['0b10'], true)
    expect(take()).toEqual([taken(from.link), arrived()])
    expect(take(again)).toEqual([taken(from.link, again.id), passed(1, again)])
  })

  it('is answered where there is no other', () => {
    const { from, take } = forwardingOf([], true)
    take()
    expect(take(again)).toEqual([taken(from.link, again.id), arrived({ ...again, hopsLeft: 8 })])
  })

  it('is answered like the first for another key, or later; and so is one of another lookup, whoever says it asks', () => {
    const { from, take } = forwardingOf(['0b10'], true)
    take()
    const otherKey = { id: idOf(3), target: key('0b1010') }
    expect(take(otherKey)).toEqual([taken(from.link, otherKey.id), arrived(otherKey)])
    for (const digit of '123456789abc') {
      const other = { id: digit.repeat(16) }
      expect(take(other)).toEqual([taken(from.link, other.id), arrived(other)])
    }
    const late = { id: idOf(9) }
    expect(take(late, rememberedMs)).toEqual([taken(from.link, late.id), arrived(late)])
  })
})

describe('whoever does not acknowledge', () => {
  it.each<[string, number | undefined, number]>([
    ['not measured', undefined, 600],
    ['quick', 10, 115],
    ['slow', 400, 700],
    ['very slow', 5_000, 1_500],
  ])('is waited for as the round trip of the link lets expect: %s', (_, rttMs, waitMs) => {
    const { table, forwarding, take } = forwardingOf(['0b11'])
    linkWith(table, '0b11').rttMs = rttMs
    take({}, 1_000)
    expect(forwarding.wakeAtMs).toBe(1_000 + waitMs)
  })

  it('is doubted, and the next best takes its place, which is told to go round it', () => {
    const { forwarding, handle, take } = forwardingOf()
    take()
    const firstMs = forwarding.wakeAtMs!
    expect(handle({ type: 'woke' }, firstMs - 1)).toEqual([])
    expect(handle({ type: 'woke' }, firstMs)).toEqual([troubled(1), passed(2, { avoid: [key('0b11')] })])
    expect(forwarding.wakeAtMs).toBe(2 * firstMs)
  })

  it('is passed over by whatever comes after, until it is heard', () => {
    const { table, forwarding, from, handle, take } = forwardingOf()
    take()
    handle({ type: 'woke' }, forwarding.wakeAtMs!)
    expect(take({ id: idOf(7) }, 700)).toEqual([taken(from.link, idOf(7)), passed(2, { id: idOf(7) })])
    linkWith(table, '0b11').isSilent = false
    expect(take({ id: idOf(8) }, 800)).toEqual([taken(from.link, idOf(8)), passed(1, { id: idOf(8) })])
  })

  it('2: is not tried again: with nobody left, it arrives here', () => {
    const { forwarding, handle, take } = forwardingOf()
    take()
    handle({ type: 'woke' }, forwarding.wakeAtMs!)
    expect(handle({ type: 'woke' }, forwarding.wakeAtMs!)).toEqual([
      troubled(2),
      arrived({ hopsLeft: 8, avoid: [key('0b11'), key('0b10')] }),
    ])
    expect(forwarding.wakeAtMs).toBeUndefined()
  })

  it('is the last to be tried when whoever asked has given up', () => {
    const others = ['0b1111', '0b1110', '0b110', '0b1011', '0b1010', '0b100']
    const { table, forwarding, handle, take } = forwardingOf(others)
    for (const bits of others) linkWith(table, bits).rttMs = 5_000
    take()
    let sent = 1
    while (forwarding.wakeAtMs !== undefined) sent += sentTo(handle({ type: 'woke' }, forwarding.wakeAtMs)).length
    expect(sent).toBe(Math.ceil(passedWithinMs / 1_500))
  })

  it('and does so late, when the next was tried: that counts for nothing', () => {
    const { forwarding, handle, take } = forwardingOf()
    take()
    handle({ type: 'woke' }, forwarding.wakeAtMs!)
    for (const type of ['taken', 'declined'] as const) expect(handle({ type, id, link: 1 }, 700)).toEqual([])
    expect(handle({ type: 'taken', id, link: 2 }, 700)).toEqual([acknowledged(2, 100)])
  })

  it('or declines, or whose link ends, is passed over at once', () => {
    const { table, handle, take } = forwardingOf(['0b111', '0b110', '0b10'])
    take()
    expect(handle({ type: 'declined', id, link: 1 }, 20)).toEqual([acknowledged(1, 20), passed(2)])
    table.removeLink(2)
    expect(handle({ type: 'unlinked', link: 2 }, 25)).toEqual([passed(3)])
  })

  it('does not hold up what was sent over other links', () => {
    const { table, handle, take } = forwardingOf()
    take()
    take({ id: idOf(7), target: key('0b1011') })
    table.removeLink(1)
    expect(handle({ type: 'unlinked', link: 1 }, 5)).toEqual([passed(2)])
    expect(handle({ type: 'taken', id: idOf(7), link: 2 }, 30)).toEqual([acknowledged(2, 30)])
  })

  it('is waited for by each seek alone, and the earliest deadline wakes', () => {
    const { table, forwarding, handle, take } = forwardingOf()
    linkWith(table, '0b11').rttMs = 400
    linkWith(table, '0b10').rttMs = 10
    take()
    take({ id: idOf(7), target: key('0b1011') })
    expect(forwarding.wakeAtMs).toBe(115)
    expect(handle({ type: 'woke' }, 115)).toMatchObject([
      troubled(2),
      passed(1, { id: idOf(7), target: key('0b1011'), avoid: [key('0b10')] }),
    ])
    expect(forwarding.wakeAtMs).toBe(700)
  })

  it('is passed over once, however late the wake-up', () => {
    const { forwarding, handle, take } = forwardingOf()
    take()
    expect(handle({ type: 'woke' }, passedWithinMs - 1)).toEqual([troubled(1), passed(2, { avoid: [key('0b11')] })])
    expect(forwarding.wakeAtMs).toBe(passedWithinMs - 1 + 600)
  })

  it('is the last to be tried when this peer has slept', () => {
    const { forwarding, handle, take } = forwardingOf()
    take()
    expect(handle({ type: 'woke' }, 3_600_000)).toEqual([troubled(1)])
    expect(forwarding.wakeAtMs).toBeUndefined()
  })
})

describe('an acknowledgement', () => {
  it('that nobody waits for counts for nothing', () => {
    const { handle, take } = forwardingOf()
    for (const type of ['taken', 'declined'] as const) expect(handle({ type, id, link: 1 }, 0)).toEqual([])
    take()
    expect(handle({ type: 'declined', id, link: 2 }, 5)).toEqual([])
    expect(handle({ type: 'taken', id: idOf(7), link: 1 }, 5)).toEqual([])
    expect(handle({ type: 'taken', id, link: 1 }, 5)).toEqual([acknowledged(1, 5)])
    for (const type of ['taken', 'declined'] as const) expect(handle({ type, id, link: 1 }, 6)).toEqual([])
  })
})

describe('bounds', () => {
  it('leave the oldest to itself when too many wait', () => {
    const { handle, take } = forwardingOf(['0b11'])
    for (let i = 0; i <= unacknowledgedMax; i++) take({ id: idOf(i) })
    expect(handle({ type: 'taken', id: idOf(0), link: 1 }, 5)).toEqual([])
    expect(handle({ type: 'taken', id: idOf(1), link: 1 }, 5)).toEqual([acknowledged(1, 5)])
    expect(handle({ type: 'taken', id: idOf(unacknowledgedMax), link: 1 }, 5)).toEqual([acknowledged(1, 5)])
  })

  it('forget a seek after its time, and the oldest of too many before', () => {
    const circles = (effects: readonly ForwardingEffect[]) => effects.length === 1
    const { take } = forwardingOf(['0b11'])
    take({ id: idOf(0) })
    expect(circles(take({ id: idOf(0) }, rememberedMs - 1))).toBe(true)
    take({ id: idOf(1) }, rememberedMs)
    expect(circles(take({ id: idOf(0) }, rememberedMs))).toBe(false)
    const { take: again } = forwardingOf(['0b11'])
    for (let i = 0; i < rememberedMax; i++) again({ id: idOf(i) })
    expect(circles(again({ id: idOf(0) }))).toBe(true)
    again({ id: idOf(rememberedMax) })
    expect(circles(again({ id: idOf(1) }))).toBe(true)
    expect(circles(again({ id: idOf(0) }))).toBe(false)
  })
})
