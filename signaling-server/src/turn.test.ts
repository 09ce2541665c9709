import { randomBytes } from 'node:crypto'
import { Key } from '@hashtab/core'
import { generateSigner } from '@hashtab/peer'
import { expect, it } from 'vitest'
import { RawClient } from './fixtures/raw-client.js'
import { createSignalingServer } from './signaling-server.js'
import { turnServer } from './turn.js'

const urls = ['turn:turn.example.org:3478', 'turns:turn.example.org:443?transport=tcp']

it('is the name and the password that coturn works out with the same secret', () => {
  // printf '1700086400:aaaa…' | openssl dgst -sha1 -hmac north -binary | base64
  expect(turnServer({ urls, secret: 'north' }, 'a'.repeat(40), 1_700_000_000.7)).toEqual({
    urls,
    username: `1700086400:${'a'.repeat(40)}`,
    credential: 'yb/OUT9f/FNQ/rtxtLMOoFK78L8=',
  })
})

it('is handed out beside the other ICE servers, to each peer its own', async () => {
  const iceServers = [{ urls: ['stun:stun.example.org:3478'] }]
  const server = createSignalingServer({ iceServers, turn: { urls, secret: 'north', validS: 600 } })
  await server.listen()
  const signer = generateSigner((length) => new Uint8Array(randomBytes(length)))
  const client = await RawClient.connect(server.address)
  await client.prove('app', signer)
  const [stun, turn] = (await client.next('welcome')).iceServers
  expect(stun).toEqual(iceServers[0])
  const [endsS = '', id = ''] = turn!.username!.split(':')
  expect(id).toBe(Key.hash(signer.publicKey).hex)
  expect(Math.abs(Number(endsS) - 600 - Date.now() / 1000)).toBeLessThan(10)
  expect(turn).toEqual(turnServer({ urls, secret: 'north', validS: 600 }, id, Number(endsS) - 600))
  await server.close()
})

it.each([
  ['without a secret', { urls, secret: '' }],
  ['that is a page', { urls: ['https://turn.example.org'], secret: 'north' }],
  ['without an address', { urls: [], secret: 'north' }],
])('does not begin with a TURN server %s', (_, turn) => {
  expect(() => createSignalingServer({ turn })).toThrow(TypeError)
})
