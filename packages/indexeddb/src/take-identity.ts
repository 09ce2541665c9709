import { checkedNetwork, StorageFault, type Signer } from '@hashtab/peer'
import { KeptIdentities, passingIdentity } from './kept-identity.js'

/** Identities kept for one network, so tabs of one browser that are peers across their reloads. Tabs beyond it get a passing identity. */
export const slotsMax = 64
/** How long a reloaded tab waits for its own slot: the page before it gives its lock back when the browser has torn it down (tens of ms; seconds never seen). */
const ownSlotTimeoutMs = 1_000

export interface TakeIdentityOptions {
  readonly network: string
  /** Default: the page's own Web Locks. `undefined` where there are none. */
  readonly locks?: LockManager | undefined
  /** Default: the page's own. */
  readonly indexedDB?: IDBFactory | undefined
}

/** The identity that this tab holds, and no other tab until it is released. */
export interface HeldIdentity {
  readonly signer: Signer
  /** `undefined`: kept nowhere, because this place has no Web Locks, no IndexedDB, or no free slot. */
  readonly slot: number | undefined
  /** Names the database of this identity's records. `undefined` with `slot`. */
  readonly storageName: string | undefined
  /** Gives the slot back to other tabs. The browser does it for a tab that is closed or crashes. */
  readonly release: () => void
}

/**
 * Takes an identity for this tab: its own one after a reload, else the first that no other tab of this browser holds.
 * One identity never runs in two tabs: who holds a slot holds its Web Lock. Rejects with a `PeerError` (`invalid`) at a network's name that is none.
 */
export async function takeIdentity(options: TakeIdentityOptions): Promise<HeldIdentity> {
  const network = checkedNetwork(options.network)
  const locks = 'locks' in options ? options.locks : globalThis.navigator?.locks
  const factory = 'indexedDB' in options ? options.indexedDB : globalThis.indexedDB
  const held = locks && factory && (await takeSlot(locks, network))
  if (!held) return passing()
  try {
    const signer = await new KeptIdentities(factory).take(['peer', network, String(held.slot)], false)
    return { signer, slot: held.slot, storageName: `hashtab/records/${held.slot}/${network}`, release: held.release }
  } catch (reason) {
    held.release()
    if (reason instanceof StorageFault) return passing()
    throw reason
  }
}

async function passing(): Promise<HeldIdentity> {
  return { signer: await passingIdentity(), slot: undefined, storageName: undefined, release: () => {} }
}

interface HeldSlot {
  readonly slot: number
  readonly release: () => void
}

/** Locks held by this very page, which therefore no page before it can be about to give back. */
const heldHere = new Set<string>()

async function takeSlot(locks: LockManager, network: string): Promise<HeldSlot | undefined> {
  const own = ownSlot(network)
  if (own !== undefined) {
    const release = await hold(locks, lockName(network, own), ownSlotTimeoutMs)
    if (release) return { slot: own, release }
  }
  for (let slot = 0; slot < slotsMax; slot++) {
    const release = await hold(locks, lockName(network, slot), 0)
    if (!release) continue
    rememberSlot(network, slot)
    return { slot, release }
  }
  return undefined
}

/** Holds a lock until the answer is called. `undefined`: somebody else had it for all of `patienceMs`. */
function hold(locks: LockManager, name: string, patienceMs: number): Promise<(() => void) | undefined> {
  if (heldHere.has(name)) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const onTurn = (lock: Lock | null) => {
      if (!lock) return resolve(undefined)
      heldHere.add(name)
      return new Promise<void>((letGo) => resolve(letGo))
    }
    const options = patienceMs > 0 ? { signal: AbortSignal.timeout(patienceMs) } : { ifAvailable: true }
    locks.request(name, options, onTurn).then(
      () => heldHere.delete(name),
      // Not our turn in time, or locks are forbidden here: both mean that this slot is not ours.
      () => resolve(undefined),
    )
  })
}

function lockName(network: string, slot: number): string {
  return `hashtab/slot/${slot}/${network}`
}

/** The slot that this tab held before it was reloaded. A duplicated tab inherits it too, finds it locked, and takes another. */
function ownSlot(network: string): number | undefined {
  const slot = Number(tabMemory()?.getItem(`hashtab/slot/${network}`) ?? -1)
  return Number.isInteger(slot) && slot >= 0 && slot < slotsMax ? slot : undefined
}

/** Where there is no room for it, the tab takes the first free slot when it is reloaded, as a new one does. */
function rememberSlot(network: string, slot: number) {
  try {
    tabMemory()?.setItem(`hashtab/slot/${network}`, String(slot))
  } catch {
    return
  }
}

/** `sessionStorage`, which throws where a page may keep nothing. */
function tabMemory(): globalThis.Storage | undefined {
  try {
    return globalThis.sessionStorage
  } catch {
    return undefined
  }
}
