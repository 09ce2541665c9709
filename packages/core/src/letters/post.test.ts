import { describe, expect, it } from 'vitest'
import { linkedTable } from '../fixtures/linked-table.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import type { Carriage, Introduction } from '../wire/letter.js'
import { lookAgainMs, mailTryMs } from './mail.js'
import { Post, type PostEffect, type PostEvent } from './post.js'

const unixS = 1_700_000_000
const data = Uint8Array.from([1])
const channel = 'c0'.repeat(16)
const linked = contact('0b1')
const far = contact('0b11')
const way = [key('0b1'), key('0b101')]
const back: Carriage = { by: 'overlay', route: way }
const knock: Introduction = { type: 'knock', nonce: 'a0'.repeat(16), why: 'app' }

function postOf(links: readonly string[] = ['0b1']) {
  const table = linkedTable('0b0', links)
  const post = new Post(table, new FreshIds(seededRandom()))
  return { table, post, handle: (event: PostEvent, nowMs = 0) => post.handle(event, nowMs) }
}

const came = (body: Extract<PostEvent, { type: 'letter' }>['body'], from = far, by: Carriage | undefined = back) =>
  ({ type: 'letter', from, body, back: by, unixS }) as const
const seals = (effects: readonly PostEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'seal' ? [[effect.to.hex, effect.body.type, effect.carriage]] : []))
const overlay = (...route: typeof way): Carriage => ({ by: 'overlay', route })

describe('the post', () => {
  it('speaks to a linked peer over their link', () => {
    const { handle } = postOf()
    expect(handle({ type: 'mail', operation: 1, to: linked.id, data, unixS })).toMatchObject([
      { type: 'spoken', link: 1, body: { type: 'mail', data } },
    ])
    expect(
      handle({
        type: 'letter',
        from: linked,
        body: { type: 'mail', mailId: '00'.repeat(8), writtenUnixS: 0, data },
        back: undefined,
        unixS,
      }),
    ).toMatchObject([
      { type: 'spoken', link: 1, body: { type: 'received' } },
      { type: 'mail', from: linked, data },
    ])
  })

  it('writes letters to all others, the way the table knows, or greedily', () => {
    const { table, handle } = postOf()
    expect(seals(handle({ type: 'mail', operation: 1, to: far.id, data, unixS }))).toEqual([[far.id.hex, 'mail', overlay()]])
    table.note(far, { route: way }, 0)
    expect(seals(handle({ type: 'mail', operation: 2, to: far.id, data, unixS }))).toEqual([[far.id.hex, 'mail', overlay(...way)]])
  })

  it('receipts mail the way it came', () => {
    const point: Carriage = { by: 'meetingPoint', point: 2 }
    const { handle } = postOf()
    expect(seals(handle(came({ type: 'mail', mailId: '00'.repeat(8), writtenUnixS: unixS, data }, far, point)))).toEqual([
      [far.id.hex, 'received', point],
    ])
  })

  it('has the reader of mail located, and writes the way that was found', () => {
    const { handle } = postOf()
    handle({ type: 'mail', operation: 1, to: far.id, data, unixS })
    expect(handle({ type: 'woke' }, mailTryMs)).toEqual([{ type: 'locate', operation: 1, target: far.id }])
    expect(seals(handle({ type: 'located', operation: 1, contact: far, route: way }, 9_000))).toEqual([
      [far.id.hex, 'mail', overlay(...way)],
    ])
  })

  it('says what became of mail', () => {
    const { handle } = postOf()
    handle({ type: 'mail', operation: 1, to: far.id, data, unixS })
    handle({ type: 'woke' }, mailTryMs)
    expect(handle({ type: 'located', operation: 1, contact: undefined, route: [] }, 4_000)).toEqual([])
    handle({ type: 'woke' }, 4_000 + lookAgainMs)
    expect(handle({ type: 'located', operation: 1, contact: undefined, route: [] }, 9_000)).toEqual([
      { type: 'finish', operation: 1, outcome: { type: 'mailed', received: false } },
    ])
  })

  it('carries introductions as letters, even to a linked peer: that link may be dead', () => {
    const { handle } = postOf()
    const effects = handle({ type: 'introduction', to: linked.id, body: knock, carriage: back })
    expect(seals(effects)).toEqual([[linked.id.hex, 'knock', back]])
    const [seal] = effects
    const letter = seal?.type === 'seal' ? seal.id : ''
    expect(handle({ type: 'undeliverable', letter })).toEqual([{ type: 'introductionUndeliverable', to: linked.id }])
    expect(handle({ type: 'undeliverable', letter })).toEqual([])
  })

  it('hands introductions on that came as letters, and none that was spoken', () => {
    const { handle } = postOf()
    expect(handle(came(knock))).toEqual([{ type: 'introduction', from: far, body: knock, back }])
    expect(handle({ type: 'letter', from: linked, body: knock, back: undefined, unixS })).toEqual([])
  })
})

describe('channels', () => {
  it('that the other end opens are wanted links, as long as one is open', () => {
    const { handle } = postOf()
    expect(handle(came({ type: 'open', channel }))).toMatchObject([
      { type: 'seal', body: { type: 'opened' }, carriage: back },
      { type: 'appWants', id: far.id, wanted: true },
      { type: 'channelOpened', channel, contact: far, byUs: false },
    ])
    expect(handle(came({ type: 'part', channel, seq: 0, last: true, data }))).toMatchObject([
      { type: 'seal' },
      { type: 'channelMessage', channel, data },
    ])
    expect(handle(came({ type: 'close', channel }))).toEqual([
      { type: 'appWants', id: far.id, wanted: false },
      { type: 'channelClosed', channel, reason: 'closed' },
    ])
  })

  it('answer the way the last frame came', () => {
    const { handle } = postOf()
    handle(came({ type: 'open', channel }))
    const other = overlay(key('0b1'))
    handle(came({ type: 'progress', channel, next: 0, limit: 24 }, far, other))
    expect(seals(handle({ type: 'channelSend', operation: 1, channel, data }))).toEqual([[far.id.hex, 'part', other]])
  })

  it('that nobody has are refused the way they came, and that way is not remembered: anybody may write', () => {
    const { table, handle } = postOf()
    expect(seals(handle(came({ type: 'probe', channel })))).toEqual([[far.id.hex, 'close', back]])
    table.note(far, { route: [key('0b1')] }, 0)
    expect(handle({ type: 'connect', operation: 1, to: far.id })).toEqual([{ type: 'introduce', contact: far, route: [] }])
    expect(seals(handle({ type: 'introductionFailed', to: far.id }))).toEqual([[far.id.hex, 'open', overlay(key('0b1'))]])
  })

  it('to a stranger: located, introduced the way that was found, opened', () => {
    const { table, handle } = postOf()
    expect(handle({ type: 'connect', operation: 1, to: far.id })).toEqual([{ type: 'locate', operation: 1, target: far.id }])
    expect(handle({ type: 'located', operation: 1, contact: far, route: way })).toEqual([{ type: 'introduce', contact: far, route: way }])
    table.addLink(2, far, 0)
    const [open] = handle({ type: 'linked', to: far.id })
    if (open?.type !== 'spoken' || open.body.type !== 'open') throw new Error('Not opened')
    const { channel: ours } = open.body
    expect(handle({ type: 'letter', from: far, body: { type: 'opened', channel: ours }, back: undefined, unixS })).toEqual([
      { type: 'appWants', id: far.id, wanted: true },
      { type: 'channelOpened', channel: ours, contact: far, byUs: true },
      { type: 'finish', operation: 1, outcome: { type: 'connected', channel: ours, contact: far } },
    ])
    expect(handle({ type: 'channelSend', operation: 2, channel: ours, data })).toMatchObject([
      { type: 'spoken', link: 2, body: { type: 'part' } },
      { type: 'finish', operation: 2, outcome: { type: 'sent' } },
    ])
  })

  it('to nobody are not connected', () => {
    const { handle } = postOf()
    handle({ type: 'connect', operation: 1, to: far.id })
    expect(handle({ type: 'located', operation: 1, contact: undefined, route: [] })).toEqual([
      { type: 'finish', operation: 1, outcome: { type: 'notConnected' } },
    ])
    expect(handle({ type: 'channelSend', operation: 2, channel, data })).toEqual([
      { type: 'finish', operation: 2, outcome: { type: 'notSent' } },
    ])
  })
})
