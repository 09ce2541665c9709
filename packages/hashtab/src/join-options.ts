import { desktopLinkLimits, type LinkLimits } from '@hashtab/core'
import { checkedNetwork, type IceServer, PeerError, type PeerRole, type Signer, type Storage } from '@hashtab/peer'

export interface JoinOptions {
  /** 1 to 64 characters. Peers of other networks are never met. */
  readonly network: string
  /** Addresses of signalling servers, wss:// (or ws:// on this machine): several at once are all stood at, and what formed apart at them becomes one. */
  readonly signaling?: string | readonly string[]
  /** Meet the other tabs of this browser, with no server at all: true unless said. In Node: false. */
  readonly tabs?: boolean
  /** STUN and TURN servers besides those that the signalling server hands out. */
  readonly iceServers?: readonly IceServer[]
  /** Who this peer is. Unless given, one kept in the browser: a reloaded tab is the same peer again. */
  readonly identity?: Signer
  /** Where records outlive the tab: IndexedDB unless said. */
  readonly storage?: Storage | 'memory'
  /** How many links to have: 32 wanted, none to fill a bucket beyond 48, none at all beyond 64; half of that on phones and in Safari. */
  readonly links?: Partial<LinkLimits>
  /**
   * What the peer is for others: `full` keeps records and passes messages on, `leaf` does not while at least 8 others do. `auto`, unless said: full, but a leaf while
   * the tab is hidden for over 10 s, or the user asked the browser to save data. In Node `auto` is full.
   */
  readonly role?: 'auto' | PeerRole
  /** For tests of what happens behind NATs: a peer (40 hex digits) for which this is false cannot be linked to. Asked each time. */
  readonly mayLink?: (peerId: string) => boolean
  readonly signal?: AbortSignal
}

/** Options whose words mean something. */
export interface CheckedOptions extends JoinOptions {
  readonly role: NonNullable<JoinOptions['role']>
}

const roles: readonly unknown[] = ['auto', 'full', 'leaf'] satisfies JoinOptions['role'][]

/** The options, if a network is named and the role is one. Error: `invalid`. */
export function checkedOptions(options: JoinOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null)
    throw new PeerError('invalid', `Say which network to join: join({ network: 'my-app' }).`)
  const { network, role = 'auto' } = options
  if (!roles.includes(role)) throw new PeerError('invalid', `A role is 'auto', 'full' or 'leaf', not ${JSON.stringify(role)}.`)
  return { ...options, network: checkedNetwork(network), role }
}

export function urlsOf(signaling: JoinOptions['signaling']): readonly string[] {
  return signaling === undefined ? [] : [signaling].flat()
}

/** The limits asked for, over those of the kind of device. Error: `invalid`. */
export function linkLimits(asked: JoinOptions['links'], small: boolean): LinkLimits {
  const share = small ? 0.5 : 1
  const { target, soft, hard } = { ...desktopLinkLimits }
  const base = { target: target * share, soft: soft * share, hard: hard * share, ...asked }
  const limits = { target: base.target, soft: Math.max(base.soft, base.target), hard: Math.max(base.hard, base.target) }
  if (Object.values(limits).every((count) => Number.isInteger(count) && count >= 1)) return limits
  throw new PeerError('invalid', 'links: target, soft and hard are whole numbers from 1.')
}
