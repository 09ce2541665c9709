import { expect, test } from 'vitest'
import { sealIdentity } from './identity-text.js'
import { exportIdentity, importIdentity, userIdentity } from './user-identity.js'

const passphrase = 'correct horse battery staple'

test('where there is no IndexedDB, as in Node, every call fails as all calls of a peer do', async () => {
  const text = await sealIdentity(new Uint8Array(32).fill(7), passphrase)
  for (const call of [userIdentity('me'), exportIdentity('me', passphrase), importIdentity('me', text, passphrase)]) {
    await expect(call).rejects.toMatchObject({ name: 'PeerError', code: 'unavailable', cause: { name: 'StorageFault' } })
  }
})
