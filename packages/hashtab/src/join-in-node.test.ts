import { expect, test } from 'vitest'
import { join } from './node.js'

test.each(['', '🐝'.repeat(65), 'half a pair \ud83d'])('a network cannot be called "%s"', async (network) => {
  await expect(join({ network, signaling: 'ws://127.0.0.1:9/signal' })).rejects.toMatchObject({ name: 'PeerError', code: 'invalid' })
})

test('64 characters of 4 bytes each name a network, for all that is named after it', async () => {
  const peer = await join({ network: '🐝'.repeat(64), signaling: 'ws://127.0.0.1:9/signal', tabs: true })
  await peer.leave()
  expect(peer.status.phase).toBe('left')
})

test.each(['nonsense', '', 'https://signal.example.org', 'ws://'])(
  '"%s" is no address of a signalling server, and the error says what one is like',
  async (signaling) => {
    const joined = join({ network: 'app', signaling: ['ws://127.0.0.1:9/signal', signaling] })
    await expect(joined).rejects.toMatchObject({ name: 'PeerError', code: 'invalid' })
    await expect(joined).rejects.toThrow('wss://signal.example.org/signal')
  },
)

test.each([undefined, null, 'my-app'])('%j is no set of options, and the error says what one is like', async (options) => {
  const joined = join(options as never)
  await expect(joined).rejects.toMatchObject({ name: 'PeerError', code: 'invalid' })
  await expect(joined).rejects.toThrow("join({ network: 'my-app' })")
})

test.each(['bogus', '', null, 5])('%j is no role', async (role) => {
  const joined = join({ network: 'app', role: role as never })
  await expect(joined).rejects.toMatchObject({ name: 'PeerError', code: 'invalid' })
})
