import { expect, test } from 'vitest'
import { checkedNetwork, networkCharactersMax } from './network-name.js'
import { PeerError } from './peer-error.js'

test.each(['a', 'my app\n', 'é'.repeat(networkCharactersMax), '🐝'.repeat(networkCharactersMax)])('"%s" names a network', (name) => {
  expect(checkedNetwork(name)).toBe(name)
})

test.each(['', 'a'.repeat(networkCharactersMax + 1), '🐝'.repeat(networkCharactersMax + 1), '\ud83d', undefined as never])(
  '"%s" names none',
  (name) => {
    expect(() => checkedNetwork(name)).toThrow(expect.objectContaining({ code: 'invalid', name: PeerError.name }))
  },
)
