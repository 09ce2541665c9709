import { publicKey, publicKeyBytes, signature } from '@hashtab/core'
import { seedBytes, signerFromSeed, type Signer } from '@hashtab/peer'
import { promisifyRequest } from 'idb-keyval'
import { Database, committed } from './database.js'

/** Holds the identities of all networks and users of this origin. */
const identitiesDatabase = 'hashtab/identities'

/** As kept in IndexedDB. The private half of a key pair cannot be read out, not even by this page; a seed can. */
type Identity = { keyPair: CryptoKeyPair; publicKey: Uint8Array } | { seed: Uint8Array }

/**
 * The identity kept under this name, made when there is none. Many tabs may ask at once: the first to write decides for all.
 * Rejects with a `StorageFault`.
 */
export async function keptIdentity(name: readonly string[], factory: IDBFactory | undefined): Promise<Signer> {
  const database = new Database(identitiesDatabase, factory)
  try {
    const found: unknown = await database.store('relaxed')('readonly', (store) => promisifyRequest(store.get([...name])))
    return signerOf(isIdentity(found) ? found : await keepFirst(database, [...name], await newIdentity()))
  } finally {
    await database.close()
  }
}

/** An identity that nobody keeps. */
export async function passingIdentity(): Promise<Signer> {
  return signerOf(await newIdentity())
}

/** Keeps this identity unless one is kept by now, in one transaction, and answers with the one that stands. */
function keepFirst(database: Database, name: string[], fresh: Identity): Promise<Identity> {
  return database.store('strict')('readwrite', async (store) => {
    let standing = fresh
    const request = store.get(name) as IDBRequest<unknown>
    request.onsuccess = () => {
      if (isIdentity(request.result)) standing = request.result
      else store.put(fresh, name)
    }
    await committed(store.transaction)
    return standing
  })
}

/** A key pair that cannot be exported, or a seed where WebCrypto has no Ed25519 (Chromium before 137, Safari before 17, Firefox before 129). */
async function newIdentity(): Promise<Identity> {
  try {
    const keyPair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
    return { keyPair, publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', keyPair.publicKey)) }
  } catch {
    return { seed: crypto.getRandomValues(new Uint8Array(seedBytes)) }
  }
}

function signerOf(identity: Identity): Signer {
  if ('seed' in identity) return signerFromSeed(identity.seed)
  const { privateKey } = identity.keyPair
  return {
    publicKey: publicKey(identity.publicKey),
    async sign(message) {
      return signature(new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, message as Uint8Array<ArrayBuffer>)))
    },
  }
}

function isIdentity(kept: unknown): kept is Identity {
  if (typeof kept !== 'object' || kept === null) return false
  if ('seed' in kept) return kept.seed instanceof Uint8Array && kept.seed.length === seedBytes
  return 'keyPair' in kept && 'publicKey' in kept && kept.publicKey instanceof Uint8Array && kept.publicKey.length === publicKeyBytes
}
