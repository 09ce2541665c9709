import { publicKey } from '@hashtab/core'
import { seedBytes, signerFromSeed, verify } from '@hashtab/peer'
import { IDBFactory } from 'fake-indexeddb'
import { describe, expect, test } from 'vitest'
import { KeptIdentities } from './kept-identity.js'

const seed = Uint8Array.from({ length: seedBytes }, (_, i) => i)
const name = ['user', 'me']

/** A factory that notes with which durability each transaction that may write was begun. */
class NotingFactory extends IDBFactory {
  readonly durabilities: (string | undefined)[] = []

  override open(database: string, version?: number) {
    const request = super.open(database, version)
    request.addEventListener('success', () => {
      const { result } = request
      const begin = result.transaction.bind(result)
      result.transaction = (stores, mode, options) => {
        if (mode === 'readwrite') this.durabilities.push(options?.durability)
        return begin(stores, mode, options)
      }
    })
    return request
  }
}

describe('identities that are kept', () => {
  test('are on the disk before anybody uses them: made or imported, each is one strict transaction', async () => {
    const factory = new NotingFactory()
    const identities = new KeptIdentities(factory)
    await identities.take(['user', 'one'], false)
    await identities.take(['user', 'two'], true)
    await identities.put(['user', 'three'], seed, { exportable: true, replace: false })
    expect(factory.durabilities).toEqual(['strict', 'strict', 'strict'])
    await identities.take(['user', 'one'], false)
    expect(factory.durabilities).toHaveLength(3)
  })

  test.each([true, false])('are of the seed that was imported, exportable: %s', async (exportable) => {
    const identities = new KeptIdentities(new IDBFactory())
    const signer = await identities.put(name, seed, { exportable, replace: false })
    expect(signer.publicKey).toEqual(signerFromSeed(seed).publicKey)
    const kept = await identities.take(name, false)
    const message = Uint8Array.of(1, 2, 3)
    expect(verify(await kept.sign(message), message, publicKey(signer.publicKey))).toBe(true)
  })

  test('of two imports at once, one is refused and the other stands', async () => {
    const identities = new KeptIdentities(new IDBFactory())
    const put = (other: Uint8Array) => identities.put(name, other, { exportable: true, replace: false })
    const [first, second] = await Promise.allSettled([put(seed), put(seed.toReversed())])
    expect([first.status, second.status].toSorted()).toEqual(['fulfilled', 'rejected'])
    const stands = first.status === 'fulfilled' ? seed : seed.toReversed()
    expect(await identities.seedOf(name)).toEqual(stands)
  })
})
