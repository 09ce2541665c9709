import { contactOf } from '@hashtab/core'
import { expect, test } from 'vitest'
import { generateSigner, systemRandom } from './index.js'
import { type ChannelHost, earlyBytesMax, PeerChannel, unsentBytesMax, unsentMax } from './peer-channel.js'

const contact = contactOf(generateSigner(systemRandom).publicKey)

/** A channel, and how often it was asked to be closed. */
function open() {
  const asked = { toClose: 0 }
  const host: ChannelHost = { sendOn: async () => {}, closeChannel: () => asked.toClose++, isLinkedTo: () => true }
  return { channel: new PeerChannel(host, 'one', contact), asked }
}

test('who listens when it is closed already is told, later and once; who stops before is not', async () => {
  const { channel } = open()
  channel.received(Uint8Array.of(1))
  channel.ended('lost')
  const told: unknown[] = []
  channel.on('close', (reason) => told.push(reason))
  channel.on('close', () => told.push('stopped'))()
  channel.on('message', (data) => told.push(...data))
  expect(told).toEqual([1])
  await Promise.resolve()
  expect(told).toEqual([1, 'lost'])
})

test('messages that nobody listens to are kept up to 2 MiB; then the channel is closed, and nothing follows the gap', () => {
  const { channel, asked } = open()
  channel.received(new Uint8Array(earlyBytesMax / 2))
  channel.received(new Uint8Array(earlyBytesMax / 2))
  expect(asked.toClose).toBe(0)
  channel.received(new Uint8Array(1))
  channel.received(new Uint8Array(1))
  expect(asked.toClose).toBe(1)
  const lengths: number[] = []
  channel.on('message', ({ length }) => lengths.push(length))
  channel.received(new Uint8Array(1))
  expect(lengths).toEqual([1_048_576, 1_048_576])
})

test.each([
  ['bytes', 1_048_576, unsentBytesMax / 1_048_576],
  ['messages', 1, unsentMax],
])('an app that does not await is told when too many %s wait, and may go on when some are gone', async (_, length, fits) => {
  const waiting: (() => void)[] = []
  const host: ChannelHost = { sendOn: () => new Promise((resolve) => waiting.push(resolve)), closeChannel() {}, isLinkedTo: () => true }
  const channel = new PeerChannel(host, 'one', contact)
  const data = new Uint8Array(length)
  const sent = Array.from({ length: fits }, () => channel.send(data))
  await expect(channel.send(data)).rejects.toMatchObject({ name: 'PeerError', code: 'queue-full' })
  expect(waiting).toHaveLength(fits)
  waiting.shift()!()
  await sent[0]
  const next = channel.send(data)
  expect(waiting).toHaveLength(fits)
  for (const resolve of waiting) resolve()
  await Promise.all([...sent, next])
})
