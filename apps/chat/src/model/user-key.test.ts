import { expect, test } from 'vitest'
import { inGroups, linkTo, readUserKey, type UserKey } from './user-key.js'

const key = '77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548' as UserKey

test.each([
  ['bare', key],
  ['in upper case', key.toUpperCase()],
  ['in groups', inGroups(key)],
  ['in groups on several lines', inGroups(key).replaceAll(' ', '\n')],
  ['with space around', `  ${key}\n`],
  ['in a link', `https://chat.example.org/#add=${key}`],
  ['in a link with a query', `http://localhost:8080/?signal=ws://x#add=${key}`],
  ['after a word', `Key: ${key}`],
  ['in quotation marks', `"${key}"`],
  ['at the end of a sentence', `${key}.`],
  ['after a word that could be digits', `add ${key}`],
  ['in groups, among words', `My key: ${inGroups(key)} (call me!)`],
  ['said twice', `${key}, I repeat: ${key}`],
  ['in a link at the end of a sentence', `See https://chat.example.org/#add=${key}.`],
  ['as this page writes it', linkTo(key, new URL('http://localhost:8080/?signal=ws%3A%2F%2Fx#with=something'))],
])('a key %s is read', (_, text) => expect(readUserKey(text)).toBe(key))

test.each([
  ['nothing', ''],
  ['a digit short', key.slice(1)],
  ['a digit more', `${key}0`],
  ['another letter', key.replace('7', 'g')],
  ['two keys', `${key} or ${key.replace('7', '8')}`],
  ['a digit more, among words', `Key: ${key}0.`],
  ['a group more, among words', `Key: ${inGroups(key)} 7e54.`],
  ['a link without a key', 'https://chat.example.org/'],
  ['a link with half a key', `https://chat.example.org/#add=${key.slice(0, 32)}`],
  ['a book', 'a'.repeat(1_000_000)],
])('%s is no key', (_, text) => expect(readUserKey(text)).toBeUndefined())
