import { expect, test } from 'vitest'
import { Conversations } from '../model/conversations.js'
import type { Message, MessageId } from '../model/message.js'
import type { UserKey } from '../model/user-key.js'
import { LogEntry } from './log-entry.js'

const ada = 'a'.repeat(64) as UserKey
const today = new Date(2026, 0, 2).getTime()

function message(digit: number, fields: Partial<Message> = {}): Message {
  const id = String(digit).padStart(32, '0') as MessageId
  return { id, contact: ada, from: 'me', text: `text ${digit}`, at: today + digit, sentAt: today + digit, state: 'queued', ...fields }
}
function conversationOf(count: number): Conversations {
  return Array.from({ length: count }, (_, i) => message(i)).reduce(
    (known, said) => known.with({ type: 'message', message: said }),
    Conversations.empty,
  )
}
/** Of the entries drawn of the one conversation, those that are drawn again for the other: their places. */
function drawnAgain(was: Conversations, is: Conversations, todayThen = today): number[] {
  const entries = was.messagesWith(ada).map((said, i, all) => new LogEntry({ message: said, before: all[i - 1], today }))
  const now = is.messagesWith(ada)
  return entries.flatMap((entry, i) => (entry.shouldComponentUpdate({ message: now[i]!, before: now[i - 1], today: todayThen }) ? [i] : []))
}

const twoHundred = conversationOf(200)

test('a new message draws none of the two hundred above it again', () => {
  expect(drawnAgain(twoHundred, twoHundred.with({ type: 'message', message: message(200) }))).toEqual([])
})

test('a message that was delivered is drawn again, and the one below it; no other', () => {
  const delivered = twoHundred.with({ type: 'message', message: message(100, { state: 'delivered' }) })
  expect(drawnAgain(twoHundred, delivered)).toEqual([100, 101])
})

test('at midnight all are drawn again: what was today is yesterday', () => {
  expect(drawnAgain(twoHundred, twoHundred, new Date(2026, 0, 3).getTime())).toHaveLength(200)
})
