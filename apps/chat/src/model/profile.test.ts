import { expect, test } from 'vitest'
import { nameCharactersMax, readProfile, tidyName, writeProfile } from './profile.js'

test('a profile that is written is read', () => {
  expect(readProfile(writeProfile({ name: 'Ada' }))).toEqual({ name: 'Ada' })
  expect(readProfile(writeProfile({ name: '\u{1f600}'.repeat(nameCharactersMax) }))).toEqual({
    name: '\u{1f600}'.repeat(nameCharactersMax),
  })
})

test.each([
  ['no JSON', 'Ada'],
  ['a list', '["Ada"]'],
  ['no version', '{"name":"Ada"}'],
  ['a version to come', '{"version":2,"name":"Ada"}'],
  ['a name that is no text', '{"version":1,"name":7}'],
  ['a name of nothing to see', '{"version":1,"name":" \\u200b\\u202e "}'],
  ['a name too long to read', JSON.stringify({ version: 1, name: 'x'.repeat(1_000) })],
  ['null', 'null'],
])('%s is no profile', (_, text) => expect(readProfile(text)).toBeUndefined())

test.each([
  ['  Ada   Lovelace ', 'Ada Lovelace'],
  ['Ada\nLovelace', 'Ada Lovelace'],
  ['\u202eadA', 'adA'],
  ['\u0000', ''],
  ['\ud800', ''],
  ['x'.repeat(100), 'x'.repeat(nameCharactersMax)],
])('the name %j is shown as %j', (given, shown) => expect(tidyName(given)).toBe(shown))
