import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { askingMax, contactsMax, forgottenMax, newContact, type Contact } from './contact.js'
import { askingMessagesMax, beyondMax, Conversations, messagesMax, type Fact } from './conversations.js'
import type { Message, MessageId, MessageState } from './message.js'
import type { UserKey } from './user-key.js'

const key = (digit: string | number) => String(digit).padStart(64, '0') as UserKey
const id = (digit: string | number) => String(digit).padStart(32, '0') as MessageId
const [ada, bert] = [key('a'), key('b')]

function message(digit: number, fields: Partial<Message> = {}): Message {
  return { id: id(digit), contact: ada, from: 'me', text: `text ${digit}`, at: digit, sentAt: digit, state: 'queued', ...fields }
}
function told(...facts: Fact[]): Conversations {
  return facts.reduce((known, fact) => known.with(fact), Conversations.empty)
}
const said = (...args: Parameters<typeof message>): Fact => ({ type: 'message', message: message(...args) })
const known = (contact: Contact): Fact => ({ type: 'contact', contact })

describe('a conversation', () => {
  test('is in the order in which things came to be here, whatever was told first', () => {
    const conversations = told(said(3), said(1), said(2))
    expect(conversations.messagesWith(ada).map(({ at }) => at)).toEqual([1, 2, 3])
  })

  test('knows a message once, and its state only moves forward', () => {
    const conversations = told(said(1, { state: 'delivered' }), said(1, { state: 'sent' }), said(1))
    expect(conversations.messagesWith(ada)).toEqual([message(1, { state: 'delivered' })])
  })

  test('does not let a message be rewritten by its id', () => {
    const conversations = told(said(1), said(1, { text: 'something else', state: 'sent' }))
    expect(conversations.messagesWith(ada)[0]).toMatchObject({ text: 'text 1', state: 'sent' })
  })

  test('is the same object when nothing was new', () => {
    const conversations = told(known(newContact(ada, 'accepted', 1)), said(1))
    expect(conversations.with(said(1))).toBe(conversations)
    expect(conversations.with(known(newContact(ada, 'accepted', 1)))).toBe(conversations)
  })

  test('keeps its two thousand latest messages', () => {
    const conversations = told(...Array.from({ length: messagesMax + 5 }, (_, i) => said(i + 1)))
    expect(conversations.messagesWith(ada)).toHaveLength(messagesMax)
    expect(conversations.messagesWith(ada)[0]!.at).toBe(6)
  })

  test('that became too long on disk is trimmed to the same two thousand', () => {
    const facts = Array.from({ length: messagesMax + 5 }, (_, i) => said(messagesMax + 5 - i))
    const other = said(1, { contact: bert })
    expect(beyondMax([...facts, other, known(newContact(ada, 'accepted', 1))]).map(({ at, contact }) => [at, contact])).toEqual(
      [1, 2, 3, 4, 5].map((at) => [at, ada]),
    )
    expect(beyondMax([...facts.slice(5), other])).toEqual([])
  })

  test('counts theirs as unread until they were seen, and mine as undelivered until they were received', () => {
    const conversations = told(
      known({ ...newContact(ada, 'accepted', 1), readUpTo: 2 }),
      said(1, { from: 'them' }),
      said(2, { from: 'them' }),
      said(3, { from: 'them' }),
      said(4),
      said(5, { state: 'sent' }),
      said(6, { state: 'delivered' }),
    )
    expect(conversations.unread(ada)).toBe(1)
    expect(conversations.undelivered(ada).map(({ at }) => at)).toEqual([4, 5])
  })

  test('is forgotten with its contact', () => {
    const conversations = told(known(newContact(ada, 'accepted', 1)), said(1), known(newContact(ada, 'removed', 2)))
    expect(conversations.messagesWith(ada)).toEqual([])
    expect(conversations.accepted).toEqual([])
  })
})

describe('the list', () => {
  test('has the latest conversation first', () => {
    const conversations = told(known(newContact(ada, 'accepted', 1)), known(newContact(bert, 'accepted', 2)), said(3))
    expect(conversations.accepted.map((contact) => contact.key)).toEqual([ada, bert])
  })

  test('of too many who ask, shows the door to the one who has asked longest', () => {
    const strangers = told(...Array.from({ length: askingMax }, (_, i) => known(newContact(key(i), 'asking', 100 - i))))
    const another = known(newContact(ada, 'asking', 200))
    expect(strangers.hasRoomFor(another)).toBe(true)
    expect(strangers.displacedBy(another).map((contact) => contact.key)).toEqual([key(askingMax - 1)])
    expect(strangers.displacedBy(known(newContact(key(0), 'asking', 200)))).toEqual([])
    expect(strangers.displacedBy(known(newContact(key(0), 'accepted', 200)))).toEqual([])
    expect(told(known(newContact(bert, 'asking', 1))).displacedBy(another)).toEqual([])
  })

  test('takes so many messages of a stranger and no more', () => {
    const talkative = told(
      known(newContact(ada, 'asking', 1)),
      ...Array.from({ length: askingMessagesMax }, (_, i) => said(i, { from: 'them' })),
    )
    expect(talkative.hasRoomFor(said(99, { from: 'them' }))).toBe(false)
    expect(talkative.hasRoomFor(said(1, { from: 'them' }))).toBe(true)
    expect(talkative.with(known(newContact(ada, 'accepted', 2))).hasRoomFor(said(99, { from: 'them' }))).toBe(true)
  })

  test('takes so many contacts and no more, until somebody is removed or blocked', () => {
    const full = told(...Array.from({ length: contactsMax }, (_, i) => known(newContact(key(i), 'accepted', 1))))
    const another = known(newContact(ada, 'accepted', 2))
    expect(full.hasRoomFor(another)).toBe(false)
    expect(full.with(known(newContact(bert, 'asking', 1))).hasRoomFor(known(newContact(bert, 'accepted', 2)))).toBe(false)
    expect(full.hasRoomFor(known({ ...newContact(key(0), 'accepted', 1), readUpTo: 9 }))).toBe(true)
    expect(full.with(known(newContact(key(0), 'removed', 2))).hasRoomFor(another)).toBe(true)
    expect(full.with(known(newContact(key(0), 'blocked', 2))).hasRoomFor(another)).toBe(true)
  })

  test.each(['removed', 'blocked'] as const)('keeps so many who were %s, and drops the one judged longest ago', (standing) => {
    const judged = Array.from({ length: forgottenMax[standing] + 1 }, (_, i) => known(newContact(key(i), standing, i + 1)))
    for (const conversations of [told(...judged), told(...judged.toReversed())]) {
      expect(conversations.contact(key(0))).toBeUndefined()
      expect(conversations.contact(key(1))).toBeDefined()
      expect(conversations.contact(key(forgottenMax[standing]))).toBeDefined()
      expect(conversations.with(judged[0]!)).toBe(conversations)
    }
  })
})

test('two tabs that hear the same facts, in any order and any number of times, know the same', () => {
  const anyMessage = fc.record({
    digit: fc.integer({ min: 1, max: 6 }),
    state: fc.constantFrom<MessageState>('queued', 'sent', 'delivered'),
  })
  const anyContact = fc.record({
    standing: fc.constantFrom('accepted' as const, 'blocked' as const),
    standingAt: fc.integer({ min: 1, max: 9 }),
    readUpTo: fc.nat(9),
    nameSeq: fc.nat(9),
  })
  const anyFact = fc.oneof(
    anyMessage.map(({ digit, state }) => said(digit, { state })),
    // One time and one seq bear one word: two tabs do not judge in the same millisecond, and a profile's seq names its bytes.
    anyContact.map(({ standingAt, readUpTo, nameSeq }): Fact =>
      known({
        key: ada,
        standing: standingAt % 2 === 0 ? 'accepted' : 'blocked',
        standingAt,
        readUpTo,
        name: `name ${nameSeq}`,
        nameSeq: String(nameSeq),
      }),
    ),
    fc.nat(9).map((at): Fact => ({ type: 'named', name: `me ${at}`, at })),
  )
  fc.assert(
    fc.property(fc.array(anyFact), fc.infiniteStream(fc.nat()), (facts, chances) => {
      const shuffled = [...facts, ...facts]
        .map((fact) => ({ fact, chance: chances.next().value }))
        .sort((a, b) => a.chance - b.chance)
        .map(({ fact }) => fact)
      expect(seen(told(...shuffled))).toEqual(seen(told(...facts)))
    }),
  )
})

function seen(conversations: Conversations) {
  return [conversations.name, conversations.contact(ada), conversations.messagesWith(ada)]
}
