import { expect, test } from 'vitest'
import { newSigner } from '../fixtures/new-signer.js'
import { delegate, delegationS, hexOf, holds, readDelegation, writeDelegation } from './delegation.js'
import type { UserKey } from './user-key.js'

const signer = await newSigner()
const user = hexOf(signer.publicKey) as UserKey
const peer = hexOf((await newSigner()).publicKey)
const nowMs = 1_800_000_000_000

test('a delegation holds for its peer, until its end and a little longer: clocks differ', async () => {
  const delegation = await delegate(signer, peer, nowMs)
  expect(holds(delegation, nowMs)).toBe(true)
  expect(holds(delegation, nowMs - 500_000)).toBe(true)
  expect(holds(delegation, nowMs + delegationS * 1_000 + 500_000)).toBe(true)
  expect(holds(delegation, nowMs + delegationS * 1_000 + 700_000)).toBe(false)
})

test('nothing about it can be changed', async () => {
  const delegation = await delegate(signer, peer, nowMs)
  const other = hexOf((await newSigner()).publicKey)
  expect(holds({ ...delegation, peer: other }, nowMs)).toBe(false)
  expect(holds({ ...delegation, user: other as UserKey }, nowMs)).toBe(false)
  expect(holds({ ...delegation, expires: delegation.expires + 1 }, nowMs)).toBe(false)
  expect(holds({ ...delegation, signature: delegation.signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) }, nowMs)).toBe(false)
})

test('no user can speak for a peer for longer than a delegation lasts', async () => {
  const delegation = await delegate(signer, peer, nowMs + 10 * delegationS * 1_000)
  expect(holds(delegation, nowMs)).toBe(false)
})

test('what is written is read', async () => {
  const delegation = await delegate(signer, peer, nowMs)
  expect(readDelegation(writeDelegation(delegation), user, peer)).toEqual(delegation)
})

test.each([
  ['nothing', ''],
  ['an empty object', '{}'],
  ['null', 'null'],
  ['a list', '[]'],
  ['one without a signature', '{"expires":1}'],
  ['one that expires in words', `{"expires":"1","signature":"${'0'.repeat(128)}"}`],
  ['one that expires between two seconds', `{"expires":1.5,"signature":"${'0'.repeat(128)}"}`],
  ['one with a short signature', `{"expires":1,"signature":"${'0'.repeat(127)}"}`],
  ['a heap of brackets', '{'.repeat(10_000)],
])('%s is no delegation', (_, text) => expect(readDelegation(text, user, peer)).toBeUndefined())
