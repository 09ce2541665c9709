import { expect, it } from 'vitest'
import { chooseIceServers } from './ice-servers.js'

it('takes the first two of STUN and the first two of TURN', () => {
  const chosen = chooseIceServers([
    { urls: ['stun:a.example', 'stun:b.example:3478', 'stun:c.example'] },
    { urls: ['turn:a.example?transport=udp', 'turns:[2001:db8::1]:443?transport=tcp', 'turn:c.example'], username: 'u', credential: 'c' },
    { urls: 'stun:d.example' },
  ])
  expect(chosen).toEqual([
    { urls: 'stun:a.example' },
    { urls: 'stun:b.example:3478' },
    { urls: 'turn:a.example?transport=udp', username: 'u', credential: 'c' },
    { urls: 'turns:[2001:db8::1]:443?transport=tcp', username: 'u', credential: 'c' },
  ])
})

it.each([
  '',
  'stun:',
  'http://a.example',
  'stun:a b',
  'stun:a.example?transport=udp',
  'turn:no-credentials.example',
  'stun://a.example',
  'stun:a.example:port',
])('leaves out "%s"', (urls) => {
  expect(chooseIceServers([{ urls }])).toEqual([])
})
