import { describe, expect, it } from 'vitest'
import { cipherSuite } from '../fixtures/cipher-suite.js'
import { linkedTable } from '../fixtures/linked-table.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { alice, back, bob, nowUnixS, sessionsOf, way } from '../fixtures/whispering-pair.js'
import { FreshIds } from '../fresh-ids.js'
import type { ExchangeKey } from '../keys/cipher-suite.js'
import { latePartsWith } from '../late-parts.js'
import { correspondenceWaitMs, earlyMax, Post, type PostEffect, type PostEvent } from './post.js'

/** Alice, who is linked to nobody, and has not loaded what she corresponds with. */
function begun() {
  const post = new Post(linkedTable('0b1', []), new FreshIds(seededRandom(1)), undefined)
  const handle = (event: PostEvent, nowMs = 0) => post.handle(event, nowMs, nowUnixS)
  return { post, handle, load: (nowMs = 0) => handle({ type: 'late', ...latePartsWith(cipherSuite) }, nowMs) }
}

const mail = (operation: number) => ({ type: 'mail', operation, to: bob.id, data: Uint8Array.of(operation) }) as const
const sealed = (effects: readonly PostEffect[]) => effects.flatMap((effect) => (effect.type === 'seal' ? [effect.body.type] : []))

describe('before the correspondence is loaded', () => {
  it('mail and connections wait for it', () => {
    const { handle, load } = begun()
    expect(handle(mail(1))).toEqual([])
    expect(handle({ type: 'connect', operation: 2, to: bob.id })).toEqual([])
    expect(load()).toMatchObject([
      { type: 'seal', to: bob.id, body: { type: 'greeting' } },
      { type: 'locate', operation: 2 },
    ])
  })

  it('what others say waits for it: a greeting, and what comes over a link', () => {
    const { handle, load } = begun()
    const [greeting] = sessionsOf(bob, 2).handle(
      { type: 'write', id: 'one', to: alice.id, route: way, body: { type: 'received', mailId: '00'.repeat(8) } },
      0,
      nowUnixS,
    )
    if (greeting?.type !== 'seal') throw new Error('No greeting')
    expect(handle({ type: 'letter', from: bob, body: greeting.body, back })).toEqual([])
    const data = Uint8Array.of(7)
    expect(handle({ type: 'spoken', from: bob, body: { type: 'mail', mailId: '00'.repeat(8), writtenUnixS: nowUnixS, data } })).toEqual([])
    const effects = load()
    expect(sealed(effects)).toContain('greeted')
    expect(effects).toContainEqual({ type: 'mail', from: bob, data })
  })

  it('what it does not come in time for is given up', () => {
    const { post, handle, load } = begun()
    handle(mail(1))
    handle({ type: 'connect', operation: 2, to: bob.id }, 1)
    expect(post.wakeAtMs).toBe(correspondenceWaitMs)
    expect(handle({ type: 'woke' }, correspondenceWaitMs)).toEqual([
      { type: 'finish', operation: 1, outcome: { type: 'mailed', received: false } },
    ])
    expect(handle({ type: 'woke' }, post.wakeAtMs)).toEqual([{ type: 'finish', operation: 2, outcome: { type: 'notConnected' } }])
    expect(post.wakeAtMs).toBe(Infinity)
    expect(load()).toEqual([])
  })

  it('too much is given up, the oldest first, and what is cancelled is forgotten', () => {
    const { handle, load } = begun()
    const effects = Array.from({ length: earlyMax + 1 }, (_, i) => handle(mail(i + 1))).flat()
    expect(effects).toMatchObject([{ type: 'finish', operation: 1 }])
    for (let operation = 2; operation <= earlyMax + 1; operation++) handle({ type: 'cancel', operation })
    expect(load()).toEqual([])
  })

  it('whoever writes under keys of another life is told that they are forgotten', () => {
    const { handle } = begun()
    const secret = { type: 'secret', id: '00', session: 'ab', counter: 0, sealed: new Uint8Array(16) } as const
    expect(handle({ type: 'secret', secret, from: bob.id, back: way })).toMatchObject([
      { type: 'dispatch', to: bob.id, payload: { type: 'forgotten', session: 'ab' } },
    ])
  })

  it('introductions are carried all the same', () => {
    const { handle } = begun()
    const body = {
      type: 'knock',
      nonce: 'a0'.repeat(16),
      key: new Uint8Array(32) as ExchangeKey,
      writtenUnixS: 1_700_000_000,
      why: 'sibling',
    } as const
    expect(sealed(handle({ type: 'introduction', to: bob.id, body, carriage: back }))).toEqual(['knock'])
    expect(handle({ type: 'letter', from: bob, body, back })).toEqual([{ type: 'introduction', from: bob, body, back }])
  })

  it('comes once: the one that is there stays', () => {
    const { handle, load } = begun()
    load()
    expect(sealed(handle(mail(1)))).toEqual(['greeting'])
    load()
    expect(sealed(handle(mail(2)))).toEqual([])
  })
})
