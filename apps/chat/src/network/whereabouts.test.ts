import { afterEach, expect, test } from 'vitest'
import type { Peer } from 'hashtab'
import { newSigner } from '../fixtures/new-signer.js'
import { peersMet } from '../fixtures/peers-met.js'
import { hexOf } from '../model/delegation.js'
import type { UserKey } from '../model/user-key.js'
import { Whereabouts } from './whereabouts.js'

let peers: Peer[] = []
afterEach(() => Promise.all(peers.map((peer) => peer.leave())))

const ada = await newSigner()
const adaKey = hexOf(ada.publicKey) as UserKey
const bert = await newSigner()
const bertKey = hexOf(bert.publicKey) as UserKey

test('a user is found at all their tabs, also when these announce themselves at once', async () => {
  peers = await peersMet('chat whereabouts 1', 3)
  const [one, two, reader] = peers
  const tabs = [one!, two!].map((peer) => new Whereabouts(peer, ada, adaKey))
  await Promise.all(tabs.map((tab) => tab.announce()))
  await tabs[0]!.announce()
  const found = await new Whereabouts(reader!, bert, bertKey).find(adaKey)
  expect(new Set(found)).toEqual(new Set([one!.id, two!.id]))
})

test('who fills the open record with made-up words hides nobody', { timeout: 30_000 }, async () => {
  peers = await peersMet('chat whereabouts 2', 3)
  const [tab, hostile, reader] = peers
  await new Whereabouts(tab!, ada, adaKey).announce()
  const madeUp = JSON.stringify({ expires: Math.floor(Date.now() / 1_000) + 3_000, signature: '0'.repeat(128) })
  for (let i = 0; i < 70; i++) {
    await hostile!.put(`chat/at/${adaKey}`, madeUp, { signer: await newSigner() }).catch(() => undefined)
  }
  expect(await new Whereabouts(reader!, bert, bertKey).find(adaKey)).toEqual([tab!.id])
})

test('before their own list is written, a user is found behind forty who only say so', async () => {
  peers = await peersMet('chat whereabouts 3', 3)
  const [tab, hostile, reader] = peers
  const { expires, signature } = await new Whereabouts(tab!, ada, adaKey).delegation()
  await tab!.put(`chat/at/${adaKey}`, JSON.stringify({ expires, signature }))
  const stolen = JSON.stringify({ expires, signature })
  for (let i = 0; i < 40; i++) await hostile!.put(`chat/at/${adaKey}`, stolen, { signer: await newSigner() })
  expect(await new Whereabouts(reader!, bert, bertKey).find(adaKey)).toEqual([tab!.id])
})
