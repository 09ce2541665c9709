import { describe, expect, it } from 'vitest'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import type { ChannelFrame } from '../wire/letter.js'
import { channelLostMs, resendMs } from './channel.js'
import { Channels, type ChannelsEffect, channelsMax, channelsPerPeerMax, directWaitMs, openTriesMax, openTryMs } from './channels.js'

const other = contact('0b1')
const stranger = contact('0b01')
const theirs = 'c0'.repeat(16)
const data = Uint8Array.from([1])

const channelsOf = () => new Channels(new FreshIds(seededRandom()))
const connect = (over: { operation?: number; contact?: typeof other | undefined; linked?: boolean } = {}) =>
  ({ type: 'connect', operation: 1, to: other.id, contact: other, linked: true, ...over }) as const
const letter = (body: ChannelFrame, from = other) => ({ type: 'letter', from, body }) as const
const wrote = (body: ChannelFrame) => ({ type: 'write', to: other.id, body })
const part = (channel: string, seq = 0): ChannelFrame => ({ type: 'part', channel, seq, last: true, data })

/** The channel that was just asked for. */
function asked(effects: readonly ChannelsEffect[]): string {
  const [first] = effects
  if (first?.type !== 'write' || first.body.type !== 'open') throw new Error('No open')
  return first.body.channel
}

/** Channels with one open to the other peer, asked for here. */
function withOpen() {
  const channels = channelsOf()
  const channel = asked(channels.handle(connect(), 0))
  channels.handle(letter({ type: 'opened', channel }), 0)
  return { channels, channel }
}

describe('connecting', () => {
  it('to a linked peer asks it at once, and is done when it agrees', () => {
    const channels = channelsOf()
    const effects = channels.handle(connect(), 0)
    const channel = asked(effects)
    expect(effects).toEqual([wrote({ type: 'open', channel })])
    expect(channels.handle(letter({ type: 'opened', channel }, stranger), 1)).toMatchObject([{ body: { type: 'close' } }])
    expect(channels.handle(letter({ type: 'opened', channel }), 1)).toEqual([{ type: 'opened', operation: 1, channel, contact: other }])
    expect(channels.handle(letter({ type: 'opened', channel }), 2)).toEqual([])
    expect(channels.involves(other.id)).toBe(true)
  })

  it('asks again, and gives up', () => {
    const channels = channelsOf()
    const channel = asked(channels.handle(connect(), 0))
    for (let tries = 1; tries < openTriesMax; tries++) {
      expect(channels.wakeAtMs).toBe(tries * openTryMs)
      expect(channels.handle({ type: 'woke' }, tries * openTryMs)).toEqual([wrote({ type: 'open', channel })])
    }
    expect(channels.handle({ type: 'woke' }, openTriesMax * openTryMs)).toEqual([{ type: 'finish', operation: 1, outcome: 'unreachable' }])
    expect([channels.wakeAtMs, channels.involves(other.id)]).toEqual([undefined, false])
  })

  it('is over when the other end refuses', () => {
    const channels = channelsOf()
    const channel = asked(channels.handle(connect(), 0))
    expect(channels.handle(letter({ type: 'close', channel }, stranger), 1)).toEqual([])
    expect(channels.handle(letter({ type: 'close', channel }), 1)).toEqual([{ type: 'finish', operation: 1, outcome: 'unreachable' }])
  })

  it('to a known peer has a link made first, and goes over relays when that takes too long', () => {
    const channels = channelsOf()
    expect(channels.handle(connect({ linked: false }), 0)).toEqual([{ type: 'introduce', contact: other }])
    expect(channels.wakeAtMs).toBe(directWaitMs)
    expect(channels.handle({ type: 'linked', to: stranger.id }, 1)).toEqual([])
    expect(channels.handle({ type: 'woke' }, directWaitMs)).toMatchObject([{ type: 'write', body: { type: 'open' } }])
  })

  it.each(['linked', 'introductionFailed'] as const)('goes on when the peer is %s', (type) => {
    const channels = channelsOf()
    channels.handle(connect({ linked: false }), 0)
    expect(channels.handle({ type, to: other.id }, 1)).toMatchObject([{ type: 'write', body: { type: 'open' } }])
  })

  it('to a stranger looks for it first', () => {
    const channels = channelsOf()
    expect(channels.handle(connect({ contact: undefined, linked: false }), 0)).toEqual([{ type: 'locate', operation: 1, target: other.id }])
    expect(channels.handle({ type: 'located', operation: 9, contact: other, linked: false }, 1)).toEqual([])
    expect(channels.handle({ type: 'located', operation: 1, contact: other, linked: false }, 1)).toEqual([
      { type: 'introduce', contact: other },
    ])
  })

  it('makes no second link to a peer that was linked while it was looked for', () => {
    const channels = channelsOf()
    channels.handle(connect({ contact: undefined, linked: false }), 0)
    expect(channels.handle({ type: 'located', operation: 1, contact: other, linked: true }, 1)).toMatchObject([
      { type: 'write', body: { type: 'open' } },
    ])
  })

  it('ends when nobody finds it', () => {
    const channels = channelsOf()
    channels.handle(connect({ contact: undefined, linked: false }), 0)
    expect(channels.handle({ type: 'located', operation: 1, contact: undefined, linked: false }, 1)).toEqual([
      { type: 'finish', operation: 1, outcome: 'unreachable' },
    ])
  })

  it('that is cancelled leaves nothing open at the other end', () => {
    const channels = channelsOf()
    const channel = asked(channels.handle(connect(), 0))
    expect(channels.handle({ type: 'cancelled', operation: 1 }, 1)).toEqual([wrote({ type: 'close', channel })])
    expect(channels.handle(letter({ type: 'opened', channel }), 2)).toEqual([wrote({ type: 'close', channel })])
    expect(channels.handle({ type: 'cancelled', operation: 1 }, 3)).toEqual([])
  })

  it('is done, too, when what follows the agreement overtakes it', () => {
    const channels = channelsOf()
    const channel = asked(channels.handle(connect(), 0))
    expect(channels.handle(letter(part(channel)), 1)).toMatchObject([
      { type: 'opened', operation: 1, channel },
      { type: 'write', body: { type: 'progress', next: 1 } },
      { type: 'message', channel, data },
    ])
    expect(channels.handle(letter({ type: 'opened', channel }), 2)).toEqual([])
  })

  it('3: beyond the bound is told that there are too many', () => {
    const channels = channelsOf()
    for (let operation = 1; operation <= channelsMax; operation++) channels.handle(connect({ operation }), 0)
    expect(channels.handle(connect({ operation: 999 }), 0)).toEqual([{ type: 'finish', operation: 999, outcome: 'tooMany' }])
  })
})

describe('being connected to', () => {
  it('agrees, each time it is asked, and tells of it once', () => {
    const channels = channelsOf()
    const opened = wrote({ type: 'opened', channel: theirs })
    expect(channels.handle(letter({ type: 'open', channel: theirs }), 0)).toEqual([
      opened,
      { type: 'opened', operation: undefined, channel: theirs, contact: other },
    ])
    expect(channels.handle(letter({ type: 'open', channel: theirs }), 1)).toEqual([opened])
  })

  it('3: refuses one peer more than its share', () => {
    const channels = channelsOf()
    const name = (i: number) => i.toString(16).padStart(32, '0')
    for (let i = 0; i < channelsPerPeerMax; i++) channels.handle(letter({ type: 'open', channel: name(i) }), 0)
    expect(channels.handle(letter({ type: 'open', channel: theirs }), 0)).toEqual([wrote({ type: 'close', channel: theirs })])
    expect(channels.handle(letter({ type: 'open', channel: theirs }, stranger), 0).length).toBe(2)
  })

  it('3: leaves room to connect, however many others open all they may', () => {
    const channels = channelsOf()
    for (let i = 0; i < 2 * channelsMax; i++) {
      const crowd = contact(`0b001${i.toString(2).padStart(10, '0')}`)
      channels.handle(letter({ type: 'open', channel: i.toString(16).padStart(32, '0') }, crowd), 0)
    }
    expect(asked(channels.handle(connect(), 0))).toHaveLength(32)
  })
})

describe('an open channel', () => {
  it('carries messages both ways', () => {
    const { channels, channel } = withOpen()
    expect(channels.handle({ type: 'send', operation: 2, channel, data }, 1)).toEqual([
      wrote(part(channel)),
      { type: 'finish', operation: 2, outcome: 'sent' },
    ])
    expect(channels.handle(letter(part(channel)), 2)).toMatchObject([
      { type: 'write', body: { type: 'progress' } },
      { type: 'message', channel, data },
    ])
  })

  it('2: hears its other end alone', () => {
    const { channels, channel } = withOpen()
    for (const body of [part(channel), { type: 'close', channel }, { type: 'open', channel }] as const)
      expect(channels.handle(letter(body, stranger), 1)).toEqual([])
    expect(channels.involves(other.id)).toBe(true)
  })

  it('1: ends every send, those after its close too, and closes once what was sent has arrived', () => {
    const { channels, channel } = withOpen()
    channels.handle({ type: 'send', operation: 2, channel, data }, 1)
    expect(channels.handle({ type: 'close', channel }, 2)).toEqual([])
    expect(channels.handle({ type: 'send', operation: 3, channel, data }, 3)).toEqual([{ type: 'finish', operation: 3, outcome: 'closed' }])
    expect(channels.handle(letter({ type: 'progress', channel, next: 1, limit: 9 }), 4)).toEqual([
      wrote({ type: 'close', channel }),
      { type: 'closed', channel, contact: other, reason: 'closed' },
    ])
    expect(channels.handle({ type: 'send', operation: 4, channel, data }, 5)).toEqual([{ type: 'finish', operation: 4, outcome: 'closed' }])
    expect(channels.handle({ type: 'close', channel }, 5)).toEqual([])
  })

  it('sends again when the link came or went', () => {
    for (const type of ['linked', 'unlinked'] as const) {
      const { channels, channel } = withOpen()
      channels.handle({ type: 'send', operation: 2, channel, data }, 1)
      expect(channels.handle({ type, to: other.id }, 2)).toContainEqual(wrote(part(channel)))
      expect(channels.handle({ type, to: stranger.id }, 3)).toEqual([])
    }
  })

  it('is lost after long silence', () => {
    const { channels, channel } = withOpen()
    channels.handle({ type: 'send', operation: 2, channel, data }, 0)
    const seen: ChannelsEffect[] = []
    for (let nowMs = 0; nowMs <= channelLostMs + 10 * resendMs; nowMs += resendMs) seen.push(...channels.handle({ type: 'woke' }, nowMs))
    expect(seen.filter(({ type }) => type === 'closed')).toEqual([{ type: 'closed', channel, contact: other, reason: 'lost' }])
    expect(channels.wakeAtMs).toBeUndefined()
  })
})

describe('a channel that is gone here', () => {
  it.each<ChannelFrame>([part(theirs), { type: 'probe', channel: theirs }])(
    'is closed at the other end, which still believes in it: $type',
    (body) => {
      expect(channelsOf().handle(letter(body), 0)).toEqual([wrote({ type: 'close', channel: theirs })])
    },
  )

  it.each<ChannelFrame>([
    { type: 'progress', channel: theirs, next: 0, limit: 1 },
    { type: 'close', channel: theirs },
  ])('is not spoken of where that would go back and forth: $type', (body) => {
    expect(channelsOf().handle(letter(body), 0)).toEqual([])
  })
})
