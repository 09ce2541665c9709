import { describe, expect, it } from 'vitest'
import { cipherSuite } from '../fixtures/cipher-suite.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { alice, back, bob, nowUnixS, sessionsOf, way } from '../fixtures/whispering-pair.js'
import { FreshIds } from '../fresh-ids.js'
import { latePartsWith } from '../late-parts.js'
import type { SessionsEffect } from './sessions.js'
import { earlyMax, sessionsWaitMs, Whispering, type WhisperingEvent } from './whispering.js'

function begun() {
  const whispering = new Whispering(alice.id, new FreshIds(seededRandom(1)), undefined)
  const handle = (event: WhisperingEvent, nowMs = 0) => whispering.handle(event, nowMs, nowUnixS)
  return { whispering, handle, load: () => handle({ type: 'late', ...latePartsWith(cipherSuite) }) }
}

const write = (id: string, to = bob) =>
  ({
    type: 'write',
    id,
    to: to.id,
    route: way,
    body: { type: 'mail', mailId: '00'.repeat(8), writtenUnixS: 0, data: new Uint8Array(1) },
  }) as const
const sealed = (effects: readonly SessionsEffect[]) => effects.flatMap((effect) => (effect.type === 'seal' ? [effect.body] : []))
const lost = (effects: readonly SessionsEffect[]) => effects.flatMap((effect) => (effect.type === 'undeliverable' ? [effect.letter] : []))

describe('what is said before sessions are loaded', () => {
  it('waits for them, and is written then', () => {
    const { handle, load } = begun()
    expect(handle(write('one'))).toEqual([])
    expect(sealed(load())).toMatchObject([{ type: 'greeting' }])
  })

  it('a greeting that comes is answered then', () => {
    const { handle, load } = begun()
    const [greeting] = sealed(sessionsOf(bob, 2).handle(write('one', alice), 0, nowUnixS))
    expect(handle({ type: 'letter', from: bob, body: greeting!, back })).toEqual([])
    expect(sealed(load())).toMatchObject([{ type: 'greeted' }])
  })

  it('is undeliverable when they do not come in time', () => {
    const { whispering, handle, load } = begun()
    handle(write('one'))
    handle(write('two'), 1)
    expect(whispering.wakeAtMs).toBe(sessionsWaitMs)
    expect(handle({ type: 'woke' }, sessionsWaitMs)).toEqual([{ type: 'undeliverable', letter: 'one' }])
    expect(whispering.wakeAtMs).toBe(sessionsWaitMs + 1)
    expect(sealed(load())).toHaveLength(1)
  })

  it('is bounded: the oldest is undeliverable', () => {
    const { handle } = begun()
    const effects = Array.from({ length: earlyMax + 2 }, (_, i) => handle(write(`${i}`))).flat()
    expect(lost(effects)).toEqual(['0', '1'])
  })

  it('under keys of another life: it says that they are forgotten', () => {
    const { handle } = begun()
    const secret = { type: 'secret', id: '00', session: 'ab', counter: 0, sealed: new Uint8Array(16) } as const
    expect(handle({ type: 'secret', secret, from: bob.id, back: way })).toMatchObject([
      { type: 'dispatch', to: bob.id, payload: { type: 'forgotten', session: 'ab' } },
    ])
  })

  it('they come once: those that are there stay', () => {
    const { handle, load } = begun()
    load()
    const first = handle(write('one'))
    expect(sealed(first)).toHaveLength(1)
    load()
    expect(handle(write('two'))).toEqual([])
  })
})
