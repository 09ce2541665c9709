import type { Key, PublicKey, Signature } from '@hashtab/core'
import type { IceServer } from '@hashtab/peer'

/** What a signalling server says. */
export type ServerMessage =
  /** First of all: `nonce` is 32 random bytes, fresh for each socket. */
  | { readonly type: 'challenge'; readonly nonce: Uint8Array }
  /** The proof holds. These peers are here (a random sample), and were told of the newcomer. */
  | { readonly type: 'welcome'; readonly peers: readonly PublicKey[]; readonly iceServers: readonly IceServer[] }
  /** These have come. */
  | { readonly type: 'peers'; readonly peers: readonly PublicKey[] }
  /** Somebody here wrote this. Opaque to the server. */
  | { readonly type: 'letter'; readonly letter: Uint8Array }
  | { readonly type: 'pong' }
  /** Enough sockets are open: hang up. Welcome back when drawn, or when the overlay is gone. */
  | { readonly type: 'rest' }
  /** Few sockets are open: bring this many peers of the overlay. */
  | { readonly type: 'draw'; readonly count: number }
  /** The last word on this socket. `message` is for people. */
  | { readonly type: 'refuse'; readonly code: RefuseCode; readonly message: string }

/** What a peer says to a signalling server. */
export type ClientMessage =
  /** `signature` is over `bytesToProve(network, nonce)`. */
  | { readonly type: 'prove'; readonly network: string; readonly publicKey: PublicKey; readonly signature: Signature }
  /** Takes a letter to a peer of the same network, if that one is here. */
  | { readonly type: 'carry'; readonly to: Key; readonly letter: Uint8Array }
  /** Are you there? A page is not shown the server's WebSocket pings, so it asks by itself. */
  | { readonly type: 'ping' }
  /** Who else is here? Answered with `peers`, who are told of the one that asks: it was parted from the others, or has found too few. A server hears it every few seconds at most. */
  | { readonly type: 'look' }

/**
 * `malformed`: not this protocol. `proof`: the signature is not that key's. `late`: no proof in time. `full`: no room, try later.
 * `replaced`: the same key came in on another socket. `too-fast`: far beyond the budget of messages.
 */
export type RefuseCode = (typeof refuseCodes)[number]
export const refuseCodes = ['malformed', 'proof', 'late', 'full', 'replaced', 'too-fast'] as const

/** The WebSocket subprotocol (RFC 6455, section 1.9): a server of something else, or of another version, is noticed in the handshake. */
export const signalingSubprotocol = 'hashtab-signaling-1'

/** Bytes of the server's nonce: nobody meets the same one twice. */
export const challengeBytes = 32
/** Bytes of a network's name in UTF-8: 64 characters of up to 4 bytes. */
export const networkBytesMax = 256
/** Peers named in one message: enough to be linked by, too few to read off who is there. */
export const peersMax = 8
/** Peers asked for in one `draw`: a whole reservoir of the default size. */
export const drawMax = 64
/** Bytes of a refusal's explanation in UTF-8. */
export const refusalBytesMax = 256
/** ICE servers handed out: more than two slow gathering down (measured), and TURN adds a few. */
export const iceServersMax = 8
/** Addresses of one ICE server: UDP, TCP and TLS, over two ports. */
export const iceUrlsMax = 6
/** Bytes of one ICE address: a DNS name has at most 253. */
export const iceUrlBytesMax = 320
/** Bytes of an ICE user name or credential: time-limited ones are about 60, tokens several hundred. */
export const iceCredentialBytesMax = 512
/** Bytes of one message, either way: a welcome full of ICE servers is the longest. Servers and clients refuse longer ones unread. */
export const signalingMessageBytesMax = 16 * 1024
