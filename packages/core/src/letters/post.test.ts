import { describe, expect, it } from 'vitest'
import { cipherSuite } from '../fixtures/cipher-suite.js'
import { linkedTable } from '../fixtures/linked-table.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import type { ExchangeKey } from '../keys/cipher-suite.js'
import { latePartsWith } from '../late-parts.js'
import type { Key } from '../keys/key.js'
import type { Carriage, Greeting, Introduction, LetterBody, Whisper } from '../wire/letter.js'
import { lookAgainMs, mailTryMs } from './mail.js'
import { letterFateMs, Post, type PostEffect, type PostEvent } from './post.js'
import { Sessions, type SessionsEffect } from './sessions.js'

const unixS = 1_700_000_000
const data = Uint8Array.from([1])
const channel = 'c0'.repeat(16)
const self = contact('0b0')
const linked = contact('0b1')
const far = contact('0b11')
const way = [key('0b1'), key('0b101')]
const back: Carriage = { by: 'overlay', route: way }
const knock: Introduction = {
  type: 'knock',
  nonce: 'a0'.repeat(16),
  key: new Uint8Array(32) as ExchangeKey,
  writtenUnixS: 1_700_000_000,
  why: 'app',
}

/** Whoever it is that the post under test has no link to: with sessions of its own. */
class FarEnd {
  readonly #post: Post
  readonly #sessions = new Sessions(far.id, cipherSuite, new FreshIds(seededRandom(2)))

  constructor(post: Post) {
    this.#post = post
  }

  /** Says it to the post, the way back being `by`; greets first where that is due. What came of it. */
  tell(body: Whisper, by = way): PostEffect[] {
    let effects: PostEffect[] = []
    const orders = this.#sessions.handle({ type: 'write', id: '00'.repeat(8), to: self.id, body, route: [] }, 0, unixS)
    for (const order of orders) {
      if (order.type === 'seal') orders.push(...this.#write(order.body, by))
      if (order.type === 'dispatch' && order.payload.type === 'secret')
        effects = this.#post.handle({ type: 'secret', secret: order.payload, from: far.id, back: by }, 0, unixS)
    }
    return effects
  }

  /** Answers the greeting among these, and reads what comes of it. */
  meet(effects: readonly PostEffect[], by = way): (readonly [Whisper, readonly Key[]])[] {
    const [sealed] = effects.flatMap((effect) => (effect.type === 'seal' && effect.body.type === 'greeting' ? [effect.body] : []))
    if (!sealed) throw new Error('Not greeted')
    const [answer] = this.#sessions.handle({ type: 'letter', from: self, body: sealed, back: overlay() }, 0, unixS)
    return answer?.type === 'seal'
      ? this.read(this.#post.handle({ type: 'letter', from: far, body: answer.body, back: overlay(...by) }, 0, unixS))
      : []
  }

  /** What these say to it, and along which way. */
  read(effects: readonly PostEffect[]): (readonly [Whisper, readonly Key[]])[] {
    return effects.flatMap((effect) => {
      if (effect.type !== 'dispatch' || effect.payload.type !== 'secret') return []
      const heard = this.#sessions.handle({ type: 'secret', secret: effect.payload, from: self.id, back: [] }, 0, unixS)
      return heard.flatMap((one) => (one.type === 'heard' ? [[one.body, effect.route] as const] : []))
    })
  }

  #write(body: Greeting, by: readonly Key[]): SessionsEffect[] {
    const [answer] = this.#post.handle({ type: 'letter', from: far, body, back: overlay(...by) }, 0, unixS)
    return answer?.type === 'seal' && answer.body.type === 'greeted'
      ? this.#sessions.handle({ type: 'letter', from: self, body: answer.body, back: overlay() }, 0, unixS)
      : []
  }
}

function postOf(links: readonly string[] = ['0b1']) {
  const table = linkedTable('0b0', links)
  const post = new Post(table, new FreshIds(seededRandom()), latePartsWith(cipherSuite).newCorrespondence)
  return { table, post, farEnd: new FarEnd(post), handle: (event: PostEvent, nowMs = 0) => post.handle(event, nowMs, unixS) }
}

const came = (body: LetterBody) => ({ type: 'letter', from: far, body, back }) as const
const spoken = (body: LetterBody, from = linked) => ({ type: 'spoken', from, body }) as const
const seals = (effects: readonly PostEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'seal' ? [[effect.to.hex, effect.body.type, effect.carriage]] : []))
const overlay = (...route: readonly Key[]): Carriage => ({ by: 'overlay', route })
const mail = { type: 'mail', mailId: '00'.repeat(8), writtenUnixS: unixS, data } as const

describe('the post', () => {
  it('speaks to a linked peer over their link', () => {
    const { handle } = postOf()
    expect(handle({ type: 'mail', operation: 1, to: linked.id, data })).toMatchObject([
      { type: 'spoken', link: 1, body: { type: 'mail', data } },
    ])
    expect(handle(spoken({ ...mail, writtenUnixS: 0 }))).toMatchObject([
      { type: 'spoken', link: 1, body: { type: 'received' } },
      { type: 'mail', from: linked, data },
    ])
  })

  it('greets all others first, the way the table knows, or greedily', () => {
    const { table, handle } = postOf()
    expect(seals(handle({ type: 'mail', operation: 1, to: far.id, data }))).toEqual([[far.id.hex, 'greeting', overlay()]])
    table.note(far, { route: way })
    expect(seals(handle({ type: 'mail', operation: 2, to: far.id, data }))).toEqual([[far.id.hex, 'greeting', overlay(...way)]])
  })

  it('then writes to them under the keys that came of it, the way the answer came', () => {
    const { farEnd, handle } = postOf()
    const greeting = handle({ type: 'mail', operation: 1, to: far.id, data })
    expect(farEnd.meet(greeting)).toMatchObject([[{ type: 'mail', data }, way]])
    expect(handle({ type: 'mail', operation: 2, to: far.id, data })).toMatchObject([{ type: 'dispatch', payload: { type: 'secret' } }])
  })

  it('receipts mail the way it came', () => {
    const { farEnd } = postOf()
    const effects = farEnd.tell(mail)
    expect(farEnd.read(effects)).toEqual([[{ type: 'received', mailId: mail.mailId }, way]])
    expect(effects).toContainEqual({ type: 'mail', from: far, data })
  })

  it.each<Whisper>([mail, { type: 'open', channel }])(
    'believes nothing that anybody on the way could read: a $type in a letter',
    (body) => {
      expect(postOf().handle(came(body))).toEqual([{ type: 'dropped' }])
    },
  )

  it('has the reader of mail located, and writes the way that was found', () => {
    const { handle } = postOf()
    handle({ type: 'mail', operation: 1, to: far.id, data })
    expect(handle({ type: 'woke' }, mailTryMs)).toContainEqual({ type: 'locate', operation: 1, target: far.id })
    expect(seals(handle({ type: 'located', operation: 1, contact: far, route: way }, 9_000))).toEqual([
      [far.id.hex, 'greeting', overlay(...way)],
    ])
  })

  it('has the reader located at once when the greeting goes nowhere', () => {
    const { handle } = postOf()
    const [greeting] = handle({ type: 'mail', operation: 1, to: far.id, data })
    const letter = greeting?.type === 'seal' ? greeting.id : ''
    expect(handle({ type: 'undeliverable', letter }, 1)).toEqual([{ type: 'locate', operation: 1, target: far.id }])
  })

  it('says what became of mail', () => {
    const { handle } = postOf()
    handle({ type: 'mail', operation: 1, to: far.id, data })
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

  it('remembers an introduction as long as its fate may be told, and no longer', () => {
    const { handle } = postOf()
    const letters = [0, letterFateMs].map((nowMs) => {
      const [seal] = handle({ type: 'introduction', to: linked.id, body: knock, carriage: back }, nowMs)
      return seal?.type === 'seal' ? seal.id : ''
    })
    const told = letters.map((letter) => handle({ type: 'undeliverable', letter }, letterFateMs).map(({ type }) => type))
    expect(told).toEqual([[], ['introductionUndeliverable']])
  })

  it('hands introductions on that came as letters, and none that was spoken', () => {
    const { handle } = postOf()
    expect(handle(came(knock))).toEqual([{ type: 'introduction', from: far, body: knock, back }])
    expect(handle(spoken(knock))).toEqual([])
  })
})

describe('channels', () => {
  it('that the other end opens are wanted links, as long as one is open', () => {
    const { farEnd } = postOf()
    const opening = farEnd.tell({ type: 'open', channel })
    expect(opening).toMatchObject([
      { type: 'dispatch', to: far.id, route: way },
      { type: 'appWants', id: far.id, wanted: true },
      { type: 'channelOpened', channel, contact: far, byUs: false },
    ])
    expect(farEnd.read(opening)).toEqual([[{ type: 'opened', channel }, way]])
    expect(farEnd.tell({ type: 'part', channel, seq: 0, last: true, data })).toMatchObject([
      { type: 'dispatch' },
      { type: 'channelMessage', channel, data },
    ])
    expect(farEnd.tell({ type: 'close', channel })).toEqual([
      { type: 'appWants', id: far.id, wanted: false },
      { type: 'channelClosed', channel, reason: 'closed' },
    ])
  })

  it('answer the way the last frame came', () => {
    const { farEnd, handle } = postOf()
    farEnd.tell({ type: 'open', channel })
    const other = [key('0b1')]
    farEnd.tell({ type: 'progress', channel, next: 0, limit: 24 }, other)
    expect(farEnd.read(handle({ type: 'channelSend', operation: 1, channel, data }))).toMatchObject([[{ type: 'part', channel }, other]])
  })

  it('that nobody has are refused the way they came, and that way is not remembered: anybody may write', () => {
    const { table, farEnd, handle } = postOf()
    expect(farEnd.read(farEnd.tell({ type: 'probe', channel }))).toEqual([[{ type: 'close', channel }, way]])
    table.note(far, { route: [key('0b1')] })
    expect(handle({ type: 'connect', operation: 1, to: far.id })).toEqual([{ type: 'introduce', contact: far, route: [] }])
    expect(farEnd.read(handle({ type: 'introductionFailed', to: far.id }))).toMatchObject([[{ type: 'open' }, [key('0b1')]]])
  })

  it('to a stranger: located, introduced the way that was found, opened', () => {
    const { table, handle } = postOf()
    expect(handle({ type: 'connect', operation: 1, to: far.id })).toEqual([{ type: 'locate', operation: 1, target: far.id }])
    expect(handle({ type: 'located', operation: 1, contact: far, route: way })).toEqual([{ type: 'introduce', contact: far, route: way }])
    table.addLink(2, far, 0)
    const [open] = handle({ type: 'linked', to: far.id })
    if (open?.type !== 'spoken' || open.body.type !== 'open') throw new Error('Not opened')
    const { channel: ours } = open.body
    expect(handle(spoken({ type: 'opened', channel: ours }, far))).toEqual([
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
