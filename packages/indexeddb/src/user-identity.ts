import { PeerError, type Signer, StorageFault } from '@hashtab/peer'
import { KeptIdentities } from './kept-identity.js'

export interface UserIdentityOptions {
  /**
   * Whether `exportIdentity` can read the key out again: false unless said. It decides how a key is made; one that is there stays as it is.
   * Who runs script in the page can steal a key that is exportable.
   */
  readonly exportable?: boolean
}

export interface ImportOptions extends UserIdentityOptions {
  /** Also where another identity is kept under the name, which is lost by it. */
  readonly replace?: boolean
}

/** One identity per origin and name, shared by all its tabs: a user, not a peer. Rejects with a `PeerError` (`unavailable`, `quota`, `closed`) where it cannot be kept. */
export function userIdentity(name: string, options: UserIdentityOptions = {}): Promise<Signer> {
  return kept((identities) => identities.take(['user', name], options.exportable ?? false))
}

/**
 * The identity of this name as a line of text, which only the passphrase (8 to 1,024 characters) opens: for `importIdentity`, in any browser. Takes about a second, and 128 MiB.
 * Rejects with a `PeerError` (`not-exportable`, `invalid` at the passphrase, `unreachable` where the code for it cannot be loaded; `unavailable`, `quota`, `closed` as above).
 */
export async function exportIdentity(name: string, passphrase: string): Promise<string> {
  const [seed, { sealIdentity }] = await Promise.all([kept((identities) => identities.seedOf(['user', name])), load()])
  return sealIdentity(seed, passphrase)
}

/**
 * Keeps the identity that was exported as this text under this name, here: from now on `userIdentity(name)`. Takes as much as the export did, whatever the text says.
 * Rejects with a `PeerError` (`damaged`, `wrong-passphrase`, `identity-kept` where another would be replaced, and the others as above); then nothing has changed.
 */
export async function importIdentity(name: string, text: string, passphrase: string, options: ImportOptions = {}): Promise<Signer> {
  const { exportable = false, replace = false } = options
  const { openIdentity } = await load()
  const seed = await openIdentity(text, passphrase)
  return kept((identities) => identities.put(['user', name], seed, { exportable, replace }))
}

/** What becomes of the identities kept here. An app meets a storage's fault as the error that every call of it fails with. */
async function kept<T>(work: (identities: KeptIdentities) => Promise<T>): Promise<T> {
  try {
    return await work(new KeptIdentities(globalThis.indexedDB))
  } catch (reason) {
    if (reason instanceof StorageFault) throw new PeerError(reason.code, reason.message, { cause: reason })
    throw reason
  }
}

/** Ciphers that few visitors of a page ever need: a file of their own. */
async function load() {
  return import('./identity-text.js').catch((reason: unknown) => {
    throw new PeerError('unreachable', 'The code for this could not be loaded: the server of the page must be there.', { cause: reason })
  })
}
