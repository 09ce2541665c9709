import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { key } from '../fixtures/visible-key.js'
import type { Answer, Question } from '../wire/message.js'
import { Requests, type RequestsEffect, requestsMax } from './requests.js'
import { firstRttMs, lateMinMs, timeoutMinMs } from './round-trips.js'

const peer = key('0b01')
const way = [key('0b1')]
const id = '11'.repeat(8)
const ping: Question = { type: 'ping' }
const find: Question = { type: 'find', target: peer, want: 'peers' }
const pong: Answer = { type: 'pong' }
const found: Answer = { type: 'found', contacts: [], records: [] }
/** Of one hop, before any was measured. */
const firstTimeoutMs = 3 * firstRttMs

const ask = (over: { id?: string; tries?: number; route?: typeof way; background?: boolean } = {}) =>
  ({ type: 'ask', id, to: peer, route: [], question: ping, asker: 'me', tries: 1, background: false, ...over }) as const

describe('requests', () => {
  it('go out, and their answers come to who asked', () => {
    const requests = new Requests<string>()
    expect(requests.handle(ask({ route: way }), 100)).toEqual([{ type: 'send', id, to: peer, route: way, question: ping }])
    expect(requests.handle({ type: 'answered', id, from: peer, answer: pong }, 150)).toEqual([
      { type: 'answered', asker: 'me', to: peer, route: way, answer: pong, rttMs: 50 },
    ])
    expect(requests.wakeAtMs).toBeUndefined()
  })

  it('wait longer the longer the way', () => {
    const requests = new Requests<string>()
    requests.handle(ask({ route: way }), 0)
    expect(requests.wakeAtMs).toBe(2 * firstTimeoutMs)
  })

  it('2: an answer counts only from the peer that was asked, once, and to what was asked', () => {
    const requests = new Requests<string>()
    requests.handle(ask(), 0)
    expect(requests.handle({ type: 'answered', id, from: key('0b11'), answer: pong }, 1)).toEqual([{ type: 'unasked' }])
    expect(requests.handle({ type: 'answered', id, from: peer, answer: found }, 1)).toEqual([{ type: 'unasked' }])
    expect(requests.handle({ type: 'answered', id: '22'.repeat(8), from: peer, answer: pong }, 1)).toEqual([{ type: 'unasked' }])
    expect(requests.handle({ type: 'answered', id, from: peer, answer: pong }, 1)).toMatchObject([{ type: 'answered' }])
    expect(requests.handle({ type: 'answered', id, from: peer, answer: pong }, 1)).toEqual([{ type: 'unasked' }])
  })

  it.each<[Question['type'], Question, Answer['type']]>([
    ['ping', ping, 'pong'],
    ['find', { type: 'find', target: peer, want: 'peers' }, 'found'],
    ['store', { type: 'store', record: { kind: 'content', key: peer, value: new Uint8Array(0) } }, 'receipt'],
  ])('2: what answers a %s', (_, question, fitting) => {
    const answers: Answer[] = [pong, found, { type: 'receipt', receipt: 'stored' }]
    for (const answer of answers) {
      const requests = new Requests<string>()
      requests.handle({ ...ask(), question }, 0)
      const [effect] = requests.handle({ type: 'answered', id, from: peer, answer }, 1)
      expect(effect?.type).toBe(answer.type === fitting ? 'answered' : 'unasked')
    }
  })

  it('end as silent when their time is over, or nobody can pass them on', () => {
    const requests = new Requests<string>()
    const silent = (reason: string) => [{ type: 'silent', asker: 'me', to: peer, route: [], reason }]
    requests.handle(ask(), 0)
    expect(requests.handle({ type: 'woke' }, firstTimeoutMs - 1)).toEqual([])
    expect(requests.handle({ type: 'woke' }, firstTimeoutMs)).toEqual(silent('timedOut'))
    requests.handle(ask(), 0)
    expect(requests.handle({ type: 'undeliverable', id }, 1)).toEqual(silent('undeliverable'))
    expect(requests.handle({ type: 'undeliverable', id }, 1)).toEqual([])
  })

  it('end when the link they went over does, and only those', () => {
    const requests = new Requests<string>()
    requests.handle(ask(), 0)
    requests.handle(ask({ id: '22'.repeat(8), route: way }), 0)
    requests.handle({ ...ask({ id: '33'.repeat(8) }), to: key('0b11') }, 0)
    expect(requests.handle({ type: 'linkLost', to: peer }, 1)).toMatchObject([{ type: 'silent', route: [], reason: 'undeliverable' }])
    expect(requests.handle({ type: 'linkLost', to: peer }, 1)).toEqual([])
    expect(requests.handle({ type: 'woke' }, 9 * firstTimeoutMs).length).toBe(2)
  })

  it('4: are asked again under the same id, and given twice the time', () => {
    const requests = new Requests<string>()
    requests.handle(ask({ tries: 2 }), 0)
    expect(requests.handle({ type: 'woke' }, firstTimeoutMs)).toEqual([{ type: 'send', id, to: peer, route: [], question: ping }])
    expect(requests.wakeAtMs).toBe(3 * firstTimeoutMs)
    expect(requests.handle({ type: 'answered', id, from: peer, answer: pong }, firstTimeoutMs + 5)).toMatchObject([{ type: 'answered' }])
  })

  it('are late once, before they are silent, when answers usually come sooner', () => {
    const requests = new Requests<string>()
    for (let i = 0; i < 20; i++) {
      requests.handle(ask(), i * 100)
      requests.handle({ type: 'answered', id, from: peer, answer: pong }, i * 100 + 10)
    }
    requests.handle(ask(), 10_000)
    expect(requests.wakeAtMs).toBe(10_000 + lateMinMs)
    expect(requests.handle({ type: 'woke' }, 10_000 + lateMinMs)).toEqual([{ type: 'late', asker: 'me', to: peer }])
    expect(requests.handle({ type: 'woke' }, 10_000 + lateMinMs)).toEqual([])
    expect(requests.wakeAtMs).toBe(10_000 + timeoutMinMs)
    expect(requests.handle({ type: 'woke' }, 10_000 + timeoutMinMs)).toMatchObject([{ type: 'silent' }])
  })

  /** As many as may wait, the first of them a ping, and one in the background. */
  const crowd = (backgroundAt: number) => {
    const requests = new Requests<number>()
    for (let i = 0; i < requestsMax; i++) {
      const question = i === 0 ? ping : find
      requests.handle({ ...ask({ id: `${i}`, background: i === backgroundAt }), question, asker: i }, 0)
    }
    return requests
  }
  const crowdedOut = (asker: number) => ({ type: 'silent', asker, to: peer, route: [], reason: 'crowdedOut' })

  it('3: are given up beyond the bound: a background one, else what comes', () => {
    const one = { ...ask({ id: 'x' }), question: find, asker: -1 }
    expect(crowd(-1).handle(one, 0)).toEqual([crowdedOut(-1)])
    expect(crowd(7).handle(one, 0)).toMatchObject([crowdedOut(7), { type: 'send', id: 'x' }])
  })

  it('3: give way to a ping, the oldest of them that is none itself', () => {
    expect(crowd(-1).handle({ ...ask({ id: 'x' }), asker: -1 }, 0)).toMatchObject([crowdedOut(1), { type: 'send', id: 'x' }])
  })

  it('3: in the background drive out nobody', () => {
    const requests = crowd(7)
    expect(requests.handle({ ...ask({ id: 'x', background: true }), asker: -1 }, 0)).toEqual([crowdedOut(-1)])
    expect(requests.handle({ type: 'woke' }, 9 * firstTimeoutMs).length).toBe(requestsMax)
  })

  it('1: end exactly once, whatever comes', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('ask' as const), tries: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ do: fc.constantFrom('answer', 'undeliverable', 'lost', 'wake'), which: fc.nat(20) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const requests = new Requests<number>()
        const ended = new Map<number, number>()
        let asked = 0
        let nowMs = 0
        const note = (effects: RequestsEffect<number>[]) => {
          for (const effect of effects) {
            if (effect.type === 'answered' || effect.type === 'silent') ended.set(effect.asker, (ended.get(effect.asker) ?? 0) + 1)
          }
        }
        for (const one of steps) {
          nowMs += 100
          if (one.do === 'ask') note(requests.handle({ ...ask({ id: `${asked}`, tries: one.tries }), asker: asked++ }, nowMs))
          else if (one.do === 'answer') note(requests.handle({ type: 'answered', id: `${one.which}`, from: peer, answer: pong }, nowMs))
          else if (one.do === 'undeliverable') note(requests.handle({ type: 'undeliverable', id: `${one.which}` }, nowMs))
          else if (one.do === 'lost') note(requests.handle({ type: 'linkLost', to: peer }, nowMs))
          else note(requests.handle({ type: 'woke' }, (nowMs += 1_000)))
        }
        for (let wakes = 0; requests.wakeAtMs !== undefined && wakes < 200; wakes++)
          note(requests.handle({ type: 'woke' }, (nowMs = requests.wakeAtMs)))
        expect([...ended].sort(([a], [b]) => a - b)).toEqual(Array.from({ length: asked }, (_, i) => [i, 1]))
      }),
    )
  })
})
