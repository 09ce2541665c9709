import { contactOf, type ExchangeKey } from '@hashtab/core'
import { expect, test } from 'vitest'
import { LetterOffice, opensBurst, opensBurstEach } from './letter-office.js'
import { signerFromSeed } from './signer-from-seed.js'

const [writer, reader] = [1, 2].map((seed) => signerFromSeed(new Uint8Array(32).fill(seed)))
const idOf = (signer: typeof reader) => contactOf(signer!.publicKey).id
/** What signatures cost is not the matter here. */
const office = (signer: typeof reader) => new LetterOffice(signer!, idOf(signer), () => true, 0)

const knock = {
  type: 'knock',
  nonce: 'aa'.repeat(16),
  key: new Uint8Array(32) as ExchangeKey,
  writtenUnixS: 1_700_000_000,
  why: 'bucket',
} as const

async function letter(): Promise<Uint8Array> {
  return office(writer).seal(idOf(reader), knock)
}

const openAll = (given: LetterOffice, sealed: Uint8Array, via: string, nowMs: number) => {
  let opened = 0
  while (given.open(sealed, via, nowMs)) opened += 1
  return opened
}

test('one link that floods leaves the others their share', async () => {
  const sealed = await letter()
  const given = office(reader)
  expect(openAll(given, sealed, 'a', 0)).toBe(opensBurstEach)
  expect(openAll(given, sealed, 'b', 0)).toBe(opensBurstEach)
  expect(openAll(given, sealed, 'a', 1_000)).toBe(25)
})

test('all together have a budget too, however many links there are', async () => {
  const sealed = await letter()
  const given = office(reader)
  let opened = 0
  for (let i = 0; i < 200; i++) opened += openAll(given, sealed, `link ${i}`, 0)
  expect(opened).toBe(opensBurst)
})

test('what is not for this peer costs nothing', async () => {
  const sealed = await letter()
  const given = office(reader)
  const stray = await office(reader).seal(idOf(writer), knock)
  for (let i = 0; i < opensBurst; i++) expect(given.open(stray, 'a', 0)).toBeUndefined()
  expect(openAll(given, sealed, 'a', 0)).toBe(opensBurstEach)
})
