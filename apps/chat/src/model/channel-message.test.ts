import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readChannelMessage, writeChannelMessage, type ChannelMessage } from './channel-message.js'
import { messageCharactersMax, newMessageId } from './message.js'
import type { UserKey } from './user-key.js'

const peer = 'a'.repeat(64)
const id = newMessageId()

test.each<[string, ChannelMessage]>([
  ['a hello', { type: 'hello', delegation: { user: 'b'.repeat(64) as UserKey, peer, expires: 1_800_000_000, signature: 'c'.repeat(128) } }],
  ['a text', { type: 'text', id, text: 'Hello, \u{1f600}!\n"quoted"', sentAt: 1_800_000_000_000 }],
  ['the longest text', { type: 'text', id, text: '\u0001'.repeat(messageCharactersMax), sentAt: 0 }],
  ['a receipt', { type: 'receipt', id }],
  ['a ping', { type: 'ping' }],
  ['a pong', { type: 'pong' }],
])('%s that is written is read', (_, message) => expect(readChannelMessage(writeChannelMessage(message), peer)).toEqual(message))

const text = { type: 'text', id, text: 'hello', sentAt: 1 }
test.each<[string, unknown]>([
  ['another type', { ...text, type: 'shout' }],
  ['no type', { id }],
  ['an id of another form', { ...text, id: 'x' }],
  ['an id in upper case', { ...text, id: id.toUpperCase().replace(/\d/g, 'A') }],
  ['no text', { ...text, text: '' }],
  ['a text too long', { ...text, text: 'x'.repeat(messageCharactersMax + 1) }],
  ['a text that is none', { ...text, text: { toString: 1 } }],
  ['a time before all time', { ...text, sentAt: -1 }],
  ['a time that no date can show', { ...text, sentAt: 9e15 }],
  ['a time in words', { ...text, sentAt: 'now' }],
  ['a hello of nobody', { type: 'hello', user: 'me', expires: 1, signature: 'c'.repeat(128) }],
  ['a hello unsigned', { type: 'hello', user: 'b'.repeat(64), expires: 1 }],
  ['a list', [text]],
  ['nothing', null],
])('%s breaks the rules', (_, message) =>
  expect(readChannelMessage(new TextEncoder().encode(JSON.stringify(message)), peer)).toBeUndefined(),
)

test('half a surrogate pair is made whole: it could not be shown or sent on', () => {
  const bytes = new TextEncoder().encode(String.raw`{"type":"text","id":"${id}","text":"\ud800","sentAt":1}`)
  expect(readChannelMessage(bytes, peer)).toMatchObject({ text: '\ufffd' })
})

test('any bytes are read without a throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => void readChannelMessage(bytes, peer)))
  expect(readChannelMessage(new Uint8Array(1_000_000).fill(0x5b), peer)).toBeUndefined()
})
