import type { PublicKey } from '@hashtab/core'

/** One peer's presence at this server, as the other servers may know of it. */
export interface Stay {
  /** The network: 40 hex digits, the key of its name. The name itself is told nobody. */
  readonly network: string
  /** The peer's id, 40 hex digits. */
  readonly id: string
  readonly publicKey: PublicKey
  /** When it proved its key, in this process's monotonic time. */
  readonly sinceMs: number
}

/** `shared`: the other servers are reached. `alone`: they are not, and each serves its own. */
export type CommonsState = 'shared' | 'alone'

export type CommonsEvent =
  /** Somebody at another server wrote this to a peer of ours. */
  | { readonly type: 'letter'; readonly network: string; readonly id: string; readonly letter: Uint8Array }
  /** These have come at another server; a peer of ours is to know them. */
  | { readonly type: 'peers'; readonly network: string; readonly id: string; readonly peers: readonly PublicKey[] }
  /** The same key has since come in at another server. */
  | { readonly type: 'replaced'; readonly network: string; readonly id: string }
  /** The state has changed; `why` is for people. */
  | { readonly type: 'state'; readonly state: CommonsState; readonly why: string }
  /** Other numbers are known of servers, or of peers. */
  | { readonly type: 'counted' }
  /** Something came that is no message of ours. Dropped. */
  | { readonly type: 'malformed'; readonly why: string }

/**
 * What several server processes behind one balancer have in common: who is present, and letters from a peer at one to a peer at another.
 * 1. Best effort: nothing here rejects, throws or waits for longer than a second. While `alone` all of it does nothing.
 * 2. What comes from outside is believed no more than what comes from a peer: bounded, decoded strictly, dropped when malformed.
 * 3. What a server said of its peers ends by itself when that server dies.
 */
export interface Commons {
  /** Called once, first. Goes on trying to reach the others until `close`. */
  start(listener: (event: CommonsEvent) => void): void
  readonly state: CommonsState
  /** Servers that share, this one among them. 1 while `alone`. */
  readonly servers: number
  /** Peers of this network at all servers, as last counted. 0: unknown, or `alone`. */
  present(network: string): number
  /**
   * Says that this peer is here now (of the same key, the latest counts), and makes it and up to `count` peers at other servers, a random
   * sample, known to each other. Resolves with those that were reached.
   */
  enter(stay: Stay, count: number): Promise<readonly PublicKey[]>
  leave(stay: Stay): void
  /** Takes a letter to a peer at another server, if it is there. */
  carry(network: string, id: string, letter: Uint8Array): void
  /** Takes leave of the others. */
  close(): Promise<void>
}
