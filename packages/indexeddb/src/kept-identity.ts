import { publicKey, publicKeyBytes, signature } from '@hashtab/core'
import { PeerError, seedBytes, signerFromSeed, type Signer } from '@hashtab/peer'
import { promisifyRequest } from 'idb-keyval'
import { Database, committed } from './database.js'

/** Holds the identities of all networks and users of this origin. */
const identitiesDatabase = 'hashtab/identities'

/** What comes before a seed in PKCS #8 (RFC 8410, section 7): the one form in which WebCrypto takes a private key of Ed25519. */
const pkcs8Prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]

/** As kept in IndexedDB. The private half of a key pair cannot be read out, not even by this page; a seed can. */
type Identity = { keyPair: Pick<CryptoKeyPair, 'privateKey'>; publicKey: Uint8Array } | { seed: Uint8Array }

/** The identities of an origin, each under a name of several words. Every call rejects with a `StorageFault` where they cannot be kept. */
export class KeptIdentities {
  readonly #factory: IDBFactory | undefined

  constructor(factory: IDBFactory | undefined) {
    this.#factory = factory
  }

  /** The identity of this name, made when there is none: `exportable` says how. Many tabs may ask at once: the first to write decides for all. */
  take(name: readonly string[], exportable: boolean): Promise<Signer> {
    return this.#use(async (database) => {
      const found = await kept(database, name)
      return signerOf(found ?? (await keep(database, name, await newIdentity(exportable), (standing) => standing)))
    })
  }

  /** The 32-byte seed of the identity of this name. Errors: `not-exportable`, also when there is no identity. */
  seedOf(name: readonly string[]): Promise<Uint8Array> {
    return this.#use(async (database) => {
      const found = await kept(database, name)
      if (found && 'seed' in found) return found.seed
      const reason = found ? 'Its key was made to stay in this browser' : 'There is no identity of this name'
      throw new PeerError('not-exportable', `${reason}: identities made with userIdentity(name, { exportable: true }) can be exported.`)
    })
  }

  /** Keeps the identity with this seed. Error: `identity-kept` when another is kept under the name and is not to be replaced. */
  put(name: readonly string[], seed: Uint8Array, { exportable, replace }: { exportable: boolean; replace: boolean }): Promise<Signer> {
    return this.#use(async (database) => {
      const fresh = exportable ? { seed } : await lockedIdentity(seed)
      const signer = signerOf(fresh)
      const standing = await keep(database, name, fresh, (other) => (replace || isOf(other, signer) ? fresh : other))
      if (standing === fresh) return signer
      throw new PeerError('identity-kept', 'Another identity is kept under this name: import under another, or lose it with replace: true.')
    })
  }

  async #use<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = new Database(identitiesDatabase, this.#factory)
    try {
      return await work(database)
    } finally {
      await database.close()
    }
  }
}

/** An identity that nobody keeps. */
export async function passingIdentity(): Promise<Signer> {
  return signerOf(await newIdentity(false))
}

async function kept(database: Database, name: readonly string[]): Promise<Identity | undefined> {
  const found: unknown = await database.store('relaxed')('readonly', (store) => promisifyRequest(store.get([...name])))
  return isIdentity(found) ? found : undefined
}

/** Looks and keeps in one transaction: this identity, or, where another is kept by now, the one of both that is chosen. Answers with the one that stands. */
function keep(database: Database, name: readonly string[], fresh: Identity, choose: (standing: Identity) => Identity): Promise<Identity> {
  return database.store('strict')('readwrite', async (store) => {
    let chosen = fresh
    const request = store.get([...name]) as IDBRequest<unknown>
    request.onsuccess = () => {
      if (isIdentity(request.result)) chosen = choose(request.result)
      if (chosen === fresh) store.put(fresh, [...name])
    }
    await committed(store.transaction)
    return chosen
  })
}

/** A key pair that cannot be exported; or a seed, on wish and where WebCrypto has no Ed25519 (Chromium before 137, Safari before 17, Firefox before 129). */
async function newIdentity(exportable: boolean): Promise<Identity> {
  try {
    if (exportable) return newSeed()
    const keyPair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
    return { keyPair, publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', keyPair.publicKey)) }
  } catch {
    return newSeed()
  }
}

function newSeed(): Identity {
  return { seed: crypto.getRandomValues(new Uint8Array(seedBytes)) }
}

/** The identity with this seed, as a key that cannot be read out again where WebCrypto has Ed25519. */
async function lockedIdentity(seed: Uint8Array): Promise<Identity> {
  try {
    const privateKey = await crypto.subtle.importKey('pkcs8', Uint8Array.of(...pkcs8Prefix, ...seed), 'Ed25519', false, ['sign'])
    return { keyPair: { privateKey }, publicKey: signerFromSeed(seed).publicKey }
  } catch {
    return { seed }
  }
}

function isOf(identity: Identity, { publicKey: key }: Signer): boolean {
  const { publicKey: its } = signerOf(identity)
  return its.every((byte, i) => byte === key[i])
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
