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
  'stun:a.example:0',
  'stun:a.example:65536',
  'stun:[2001:db8::1]:99999',
])('leaves out "%s"', (urls) => {
  expect(chooseIceServers([{ urls }])).toEqual([])
})

it.each(['turn:a.example:99999', 'turns:a.example:0?transport=tcp'])('leaves out "%s", with credentials too', (urls) => {
  expect(chooseIceServers([{ urls, username: 'u', credential: 'c' }])).toEqual([])
})

it('takes the highest port', () => {
  expect(chooseIceServers([{ urls: 'stun:a.example:65535' }])).toHaveLength(1)
})
