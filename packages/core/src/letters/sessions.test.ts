import { describe, expect, it } from 'vitest'
import { contact } from '../fixtures/visible-key.js'
import {
  alice,
  back,
  bob,
  nowUnixS,
  other,
  type End,
  type Parcel,
  sessionsOf,
  somebody,
  typeOf,
  way,
  WhisperingPair,
} from '../fixtures/whispering-pair.js'
import type { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import type { Greeting } from '../wire/letter.js'
import { replayWindowSize } from './replay-window.js'
import {
  greetAgainMs,
  greetingAgeMaxS,
  greetingTriesMax,
  greetingTryMs,
  linesMax,
  sessionAgeMaxMs,
  sessionIdleMs,
  sessionsPerPeerMax,
  strangersMax,
  waitingMax,
} from './sessions.js'

const carol = contact('0b001')

const write = (to: Key, id = 'x') => ({ type: 'write', id, to, body: { type: 'received', mailId: '00'.repeat(8) }, route: way }) as const

/** A parcel whose sealed bytes have one bit flipped. */
function bent(parcel: Parcel, bit: number): Parcel {
  if (parcel.type !== 'dispatch' || parcel.payload.type !== 'secret') return parcel
  const sealed = parcel.payload.sealed.slice()
  sealed[(bit >> 3) % sealed.length]! ^= 1 << (bit & 7)
  return { ...parcel, payload: { ...parcel.payload, sealed } }
}

describe('two peers without a link', () => {
  it('1: greet first, and then say all that waited, in order, and what comes later at once', () => {
    const pair = new WhisperingPair().say(0, 'one', 'two')
    expect(pair.heard).toEqual([[], ['one', 'two']])
    expect(pair.carried.map(({ parcel }) => typeOf(parcel))).toEqual(['greeting', 'greeted', 'secret', 'secret'])
    pair.say(1, 'three').say(0, 'four')
    expect(pair.heard).toEqual([['three'], ['one', 'two', 'four']])
    expect([pair.count('greeting'), pair.told]).toEqual([1, [[], []]])
  })

  it('write the way they are told to, and answer the way they were greeted', () => {
    const ways = new WhisperingPair().say(0, 'one').carried.map(({ parcel }) => (parcel.type === 'seal' ? parcel.carriage : parcel.route))
    expect(ways).toEqual([back, back, way])
  })

  it('say nothing in the clear: what is carried has none of it', () => {
    const pair = new WhisperingPair().say(0, 'attack at dawn').say(1, 'attack at dawn')
    expect(pair.count('secret')).toBe(2)
    const bytes = pair.carried.map(({ parcel }) =>
      Buffer.from(parcel.type === 'seal' ? [] : 'sealed' in parcel.payload ? parcel.payload.sealed : []),
    )
    expect(Buffer.concat(bytes).includes('attack')).toBe(false)
    expect(bytes[2]!.equals(bytes[3]!)).toBe(false)
  })

  it('that greet at the same time hear each other all the same', () => {
    const pair = new WhisperingPair()
    const held: { parcel: Parcel; from: End }[] = []
    pair.carry = (parcel, from) => (held.push({ parcel, from }), [])
    pair.say(0, 'from alice').say(1, 'from bob')
    pair.carry = (parcel) => [parcel]
    for (const { parcel, from } of held) pair.deliver(other(from), parcel)
    pair.say(0, 'again').say(1, 'again')
    expect(pair.heard.map((texts) => texts.toSorted())).toEqual([
      ['again', 'from bob'],
      ['again', 'from alice'],
    ])
  })

  it('make new keys in time, and hear what is still under way under the old', () => {
    const pair = new WhisperingPair().say(0, 'one')
    pair.nowMs = sessionAgeMaxMs
    // In use all the time, or the keys would be dropped.
    for (const end of [0, 1] as const) pair.ends[end].handle(write(pair.contacts[other(end)].id), sessionAgeMaxMs - 1, nowUnixS)
    pair.carry = (parcel) => (typeOf(parcel) === 'secret' ? [] : [parcel])
    pair.say(0, 'late')
    const late = pair.last('secret')
    expect(pair.count('greeting')).toBe(2)
    pair.carry = (parcel) => [parcel]
    pair.say(0, 'new').deliver(1, late).say(1, 'newer')
    expect(pair.heard).toEqual([['newer'], ['one', 'new', 'late']])
    expect(pair.told[0]).toEqual(['renewed'])
  })

  it('drop keys that are not used, and make others when they are wanted again', () => {
    const pair = new WhisperingPair().say(0, 'one')
    expect(pair.ends.map(({ wakeAtMs }) => wakeAtMs)).toEqual([sessionIdleMs, sessionIdleMs])
    pair.wake(sessionIdleMs)
    expect(pair.ends.map(({ wakeAtMs }) => wakeAtMs)).toEqual([undefined, undefined])
    pair.say(1, 'two')
    expect([pair.heard, pair.count('greeting')]).toEqual([[['two'], ['one']], 2])
  })

  it('of which one has forgotten the keys make others, and the one that wrote is told that it may be lost', () => {
    const pair = new WhisperingPair().say(0, 'one')
    pair.nowMs = greetAgainMs
    pair.reload(1).say(0, 'lost', 'heard')
    expect([pair.heard[1], pair.told[0], pair.count('greeting')]).toEqual([['one', 'heard'], ['renewed'], 2])
  })
})

describe('whoever carries', () => {
  it('5: loses the greeting or its answer: it is sent again, and the answer is the same', () => {
    const pair = new WhisperingPair()
    const losses = new Set(['greeting', 'greeted'])
    pair.carry = (parcel) => (losses.delete(typeOf(parcel)) ? [] : [parcel])
    pair.say(0, 'one').wake(greetingTryMs).wake(greetingTryMs)
    expect([pair.heard[1], pair.count('greeting'), pair.count('greeted')]).toEqual([['one'], 3, 2])
    const [first, second] = pair.carried.flatMap(({ parcel }) =>
      parcel.type === 'seal' && parcel.body.type === 'greeted' ? [parcel.body] : [],
    )
    expect(first).toEqual(second)
  })

  it('4: loses everything: what waited is undeliverable, each once, and may be tried anew', () => {
    const pair = new WhisperingPair()
    pair.carry = () => []
    pair.say(0, 'one', 'two')
    for (let tries = 0; tries < greetingTriesMax; tries++) pair.wake(greetingTryMs)
    expect(pair.told[0]).toEqual(['undeliverable one', 'undeliverable two'])
    expect([pair.count('greeting'), pair.ends[0].wakeAtMs]).toEqual([greetingTriesMax, undefined])
    pair.carry = (parcel) => [parcel]
    pair.say(0, 'three')
    expect(pair.heard[1]).toEqual(['three'])
  })

  it('4: says that the greeting goes nowhere: so does what waited', () => {
    const pair = new WhisperingPair()
    pair.carry = () => []
    pair.say(0, 'one')
    const greeting = pair.last('greeting')
    const letter = greeting.type === 'seal' ? greeting.id : ''
    expect(pair.ends[0].handle({ type: 'undeliverable', letter }, 1, nowUnixS)).toEqual([{ type: 'undeliverable', letter: 'one' }])
  })

  it('3: delivers everything twice, and much later again: all is heard once', () => {
    const pair = new WhisperingPair()
    pair.carry = (parcel) => [parcel, parcel]
    pair.say(0, 'one', 'two').say(1, 'three')
    pair.carry = (parcel) => [parcel]
    for (const { parcel, from } of [...pair.carried]) pair.deliver(other(from), parcel)
    pair.say(0, 'four')
    expect(pair.heard).toEqual([['three'], ['one', 'two', 'four']])
  })

  it('3: delivers in any order: all is heard', () => {
    const pair = new WhisperingPair().say(0, 'first')
    const held: Parcel[] = []
    pair.carry = (parcel) => (held.push(parcel), [])
    const texts = Array.from({ length: 60 }, (_, i) => `${i}`)
    pair.say(0, ...texts)
    for (const parcel of held.reverse()) pair.deliver(1, parcel)
    expect(pair.heard[1]).toEqual(['first', ...texts.reverse()])
  })

  it('3: holds one back until too many came after it: it is not heard, for it could have been', () => {
    const pair = new WhisperingPair().say(0, 'first')
    pair.carry = () => []
    pair.say(0, 'held')
    const held = pair.last('secret')
    pair.carry = (parcel) => [parcel]
    for (let i = 0; i < replayWindowSize; i++) pair.say(0, 'more')
    pair.deliver(1, held)
    expect([pair.heard[1].includes('held'), pair.told[1]]).toEqual([false, ['dropped']])
  })

  it('2: flips bits: nothing of it is heard, it is counted, and what was not touched is', () => {
    const pair = new WhisperingPair().say(0, 'first')
    let bit = 0
    pair.carry = (parcel) => [bent(parcel, bit)]
    for (; bit < 100; bit++) pair.say(0, 'bent')
    pair.carry = (parcel) => [parcel]
    pair.say(0, 'last')
    expect(pair.heard[1]).toEqual(['first', 'last'])
    expect(pair.told[1]).toEqual(Array.from({ length: 100 }, () => 'dropped'))
  })

  it('2: gives a secret another number, or another session: nothing is heard', () => {
    const pair = new WhisperingPair().say(0, 'first')
    const secret = pair.last('secret')
    if (secret.type !== 'dispatch' || secret.payload.type !== 'secret') throw new Error('No secret')
    pair.deliver(1, { ...secret, payload: { ...secret.payload, counter: 9 } })
    pair.deliver(1, { ...secret, payload: { ...secret.payload, session: 'ff'.repeat(16) } })
    // A number that was never sealed is not used up by whoever makes it up.
    pair.say(0, ...Array.from({ length: 9 }, () => 'more'))
    expect(pair.heard[1]).toEqual(['first', ...Array.from({ length: 9 }, () => 'more')])
  })

  it('2: sends a secret back to who wrote it: nothing is heard', () => {
    const pair = new WhisperingPair().say(0, 'first').say(1, 'second')
    for (const { parcel, from } of [...pair.carried]) if (typeOf(parcel) === 'secret') pair.deliver(from, parcel)
    expect(pair.heard).toEqual([['second'], ['first']])
  })

  it('1: puts its own greeting or answer in: the letter bears its own name, and leads to a session with itself', () => {
    const pair = new WhisperingPair()
    pair.carry = () => []
    pair.say(0, 'for bob')
    const greeting = pair.last('greeting')
    if (greeting.type !== 'seal') throw new Error('No greeting')
    const mallory = sessionsOf(carol, 3)
    // Passed on as it is: what it greets is not bob, and so no answer fits.
    const [answer] = mallory.handle({ type: 'letter', from: alice, body: greeting.body, back }, 0, nowUnixS)
    const body = answer?.type === 'seal' ? answer.body : greeting.body
    expect(body.type).toBe('greeted')
    expect(pair.ends[0].handle({ type: 'letter', from: carol, body, back }, 0, nowUnixS)).toEqual([])
    expect(pair.ends[0].handle({ type: 'letter', from: bob, body, back }, 0, nowUnixS)).toEqual([])
    const [echo] = pair.ends[1].handle({ type: 'letter', from: carol, body: greeting.body, back }, 0, nowUnixS)
    const toCarol = echo?.type === 'seal' && echo.body.type === 'greeted' ? echo.body.session : ''
    pair.carry = (parcel) => [parcel]
    pair.wake(greetingTryMs)
    expect(pair.heard[1]).toEqual(['for bob'])
    const used = pair.last('secret')
    expect(used.type === 'dispatch' && used.payload.session).not.toBe(toCarol)
  })

  it('5: claims that the keys are forgotten: new ones are made, seldom, and the old are used meanwhile', () => {
    const pair = new WhisperingPair().say(0, 'first')
    const secret = pair.last('secret')
    if (secret.type !== 'dispatch') throw new Error('No secret')
    pair.nowMs = greetAgainMs
    pair.carry = (parcel) => (typeOf(parcel) === 'greeting' ? [] : [parcel])
    const claim: Parcel = { ...secret, payload: { type: 'forgotten', session: secret.payload.session } }
    for (let i = 0; i < 100; i++) pair.deliver(0, claim)
    pair.say(0, 'second')
    expect([pair.count('greeting'), pair.heard[1]]).toEqual([2, ['first', 'second']])
    pair.carry = (parcel) => [parcel]
    pair.wake(greetingTryMs).say(0, 'third').deliver(0, claim)
    expect([pair.count('greeting'), pair.heard[1]]).toEqual([3, ['first', 'second', 'third']])
  })
})

describe('a greeting', () => {
  it.each([-1, 1])('that is too old, or too far ahead, is refused: %i', (sign) => {
    const pair = new WhisperingPair()
    pair.carry = () => []
    pair.say(0, 'one')
    pair.unixS = nowUnixS + sign * (greetingAgeMaxS + 1)
    pair.deliver(1, pair.last('greeting'))
    expect([pair.count('greeted'), pair.told[1]]).toEqual([0, ['dropped']])
    pair.unixS = nowUnixS + sign * greetingAgeMaxS
    pair.deliver(1, pair.last('greeting'))
    expect(pair.count('greeted')).toBe(1)
  })

  it('is not answered again once its session is confirmed, or gone', () => {
    const pair = new WhisperingPair().say(0, 'one')
    const greeting = pair.last('greeting')
    pair.deliver(1, greeting).wake(sessionIdleMs).deliver(1, greeting)
    expect([pair.count('greeted'), pair.told[1]]).toEqual([1, ['dropped', 'dropped']])
  })

  it('of ourselves is nothing', () => {
    const pair = new WhisperingPair()
    pair.carry = () => []
    pair.say(0, 'one')
    const greeting = pair.last('greeting')
    const body = greeting.type === 'seal' ? greeting.body : undefined
    expect(pair.ends[0].handle({ type: 'letter', from: alice, body: body!, back }, 0, nowUnixS)).toEqual([])
  })

  it.each<[string, Greeting]>([
    ['a key of small order', { type: 'greeting', writtenUnixS: nowUnixS, message: new Uint8Array(32) }],
    ['no whole key', { type: 'greeting', writtenUnixS: nowUnixS, message: new Uint8Array(31) }],
  ])('with %s is dropped', (_, body) => {
    expect(sessionsOf(bob, 1).handle({ type: 'letter', from: alice, body, back }, 0, nowUnixS)).toEqual([{ type: 'dropped' }])
  })
})

describe('bounds', () => {
  /** A greeting of somebody new. */
  const greetingTo = ({ id }: Contact, seed: number): { from: Contact; body: Greeting } => {
    const from = somebody(seed)
    const [seal] = sessionsOf(from, seed).handle(write(id), 0, nowUnixS)
    if (seal?.type !== 'seal') throw new Error('No greeting')
    return { from, body: seal.body }
  }

  it('4: of what waits: the oldest makes room, and is undeliverable', () => {
    const pair = new WhisperingPair()
    pair.carry = () => []
    pair.say(0, ...Array.from({ length: waitingMax + 2 }, (_, i) => `${i}`))
    expect(pair.told[0]).toEqual(['undeliverable 0', 'undeliverable 1'])
  })

  it('of strangers that greet and say nothing: they push out each other, and nobody else', () => {
    const pair = new WhisperingPair().say(0, 'one')
    const answered = Array.from({ length: strangersMax + 1 }, (_, i) => {
      const { from, body } = greetingTo(bob, i + 10)
      return pair.ends[1].handle({ type: 'letter', from, body, back }, i, nowUnixS).map(({ type }) => type)
    })
    expect(answered).toEqual(Array.from({ length: strangersMax + 1 }, () => ['seal']))
    // The first is forgotten: its greeting is an echo now.
    const first = greetingTo(bob, 10)
    expect(pair.ends[1].handle({ type: 'letter', ...first, back }, 99, nowUnixS)).toEqual([{ type: 'dropped' }])
    const second = greetingTo(bob, 11)
    expect(pair.ends[1].handle({ type: 'letter', ...second, back }, 99, nowUnixS).map(({ type }) => type)).toEqual(['seal'])
    pair.say(0, 'two')
    expect(pair.heard[1]).toEqual(['one', 'two'])
  })

  it('of peers written to: the longest unused makes room', () => {
    const sessions = sessionsOf(alice, 1)
    const told = Array.from({ length: linesMax + 1 }, (_, i) => sessions.handle(write(somebody(i).id, `${i}`), 0, nowUnixS))
    expect(told.at(-1)!.map(({ type }) => type)).toEqual(['undeliverable', 'seal'])
    expect(told.at(-1)![0]).toEqual({ type: 'undeliverable', letter: '0' })
  })

  it('of sessions that one peer greets for: the last few stand, and what it was heard under stays', () => {
    const pair = new WhisperingPair().say(0, 'one')
    const greedy = Array.from({ length: sessionsPerPeerMax + 2 }, (_, i) => sessionsOf(alice, 20 + i))
    const answers = greedy.map((sessions) => {
      const [seal] = sessions.handle(write(bob.id), 0, nowUnixS)
      if (seal?.type !== 'seal') throw new Error('No greeting')
      const [answer] = pair.ends[1].handle({ type: 'letter', from: alice, body: seal.body, back }, 0, nowUnixS)
      const [, first] = [
        answer,
        ...sessions.handle({ type: 'letter', from: bob, body: answer?.type === 'seal' ? answer.body : seal.body, back }, 0, nowUnixS),
      ]
      return first
    })
    pair.say(0, 'two')
    expect(pair.heard[1]).toEqual(['one', 'two'])
    const outcomes = answers.map((secret) =>
      secret?.type === 'dispatch' && secret.payload.type === 'secret'
        ? pair.ends[1].handle({ type: 'secret', secret: secret.payload, from: alice.id, back: way }, 0, nowUnixS)[0]?.type
        : undefined,
    )
    expect(outcomes).toEqual([...Array.from({ length: 2 }, () => 'dispatch'), ...Array.from({ length: sessionsPerPeerMax }, () => 'heard')])
  })
})
