import { afterEach, expect, test } from 'vitest'
import type { Channel, Peer } from 'hashtab'
import { newSigner } from '../fixtures/new-signer.js'
import { peersMet } from '../fixtures/peers-met.js'
import { hexOf } from '../model/delegation.js'
import type { UserKey } from '../model/user-key.js'
import { Switchboard, strangersMax } from './switchboard.js'
import { Whereabouts } from './whereabouts.js'

let peers: Peer[] = []
afterEach(() => Promise.all(peers.map((peer) => peer.leave())))

test('strangers who call hold so many lines and no more: the oldest is let go for the next', async () => {
  peers = await peersMet('chat switchboard', 4)
  const [called, ...callers] = peers as [Peer, ...Peer[]]
  const user = await newSigner()
  const nothing = () => {}
  const whereabouts = new Whereabouts(called, user, hexOf(user.publicKey) as UserKey)
  const switchboard = new Switchboard(called, whereabouts, {
    admits: () => true,
    knows: () => false,
    reached: nothing,
    rerouted: nothing,
    lost: nothing,
    said: nothing,
    received: nothing,
  })
  const channels: Channel[] = []
  for (let i = 0; i < strangersMax + 3; i++) channels.push(await callers[i % callers.length]!.connect(called.id))
  await expect.poll(() => channels.map(({ closed }) => closed)).toEqual(channels.map((_, i) => i < 3))
  switchboard.close()
})
