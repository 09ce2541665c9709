import { peerIdOf, type Peer, type Signer } from 'hashtab'
import { delegate, holds, readDelegation, writeDelegation, type Delegation } from '../model/delegation.js'
import type { UserKey } from '../model/user-key.js'

/** How long the table keeps our word that we are here: two refreshes of a hidden tab, whose timers fire once a minute, and some. */
const presenceS = 180
/** A delegation is made anew when less than this is left of it (ms): longer than a record with it lives. */
const delegationReserveMs = 600_000
/** Entries under one user's key that are looked at: everybody may write there, and a user has a few tabs. */
const entriesMax = 32

/** Peers of one user that are asked whether they are there. */
const askedMax = 3
/** A lookup and a message along a few links: seconds at worst. */
const answerTimeoutMs = 10_000
/** Nobody reads it: that it was received is the answer. */
const areYouThere = 'chat: are you there?'

/** Where users are: the peers (tabs) that speak for them, as the table tells it. */
export class Whereabouts {
  readonly #peer: Peer
  readonly #signer: Signer
  readonly #user: UserKey
  #delegation: Delegation | undefined

  constructor(peer: Peer, signer: Signer, user: UserKey) {
    this.#peer = peer
    this.#signer = signer
    this.#user = user
  }

  /** The user's word for this peer, fresh enough to be shown to anybody. */
  async delegation(): Promise<Delegation> {
    const nowMs = Date.now()
    if (!this.#delegation || this.#delegation.expires * 1_000 < nowMs + delegationReserveMs) {
      this.#delegation = await delegate(this.#signer, this.#peer.publicKey, nowMs)
    }
    return this.#delegation
  }

  /** Tells the table that the user is at this peer, for three minutes. Rejects with a `PeerError`. */
  async announce(): Promise<void> {
    await this.#peer.put(recordKey(this.#user), writeDelegation(await this.delegation()), { expiresInS: presenceS })
  }

  /** Whether a user is there now: a tab of theirs that was closed may stand in the table a while longer, but answers no more. Never rejects. */
  async isThere(user: UserKey): Promise<boolean> {
    const signal = AbortSignal.timeout(answerTimeoutMs)
    const peerIds = await this.find(user, signal).catch(() => [])
    const answers = peerIds.slice(0, askedMax).map((peerId) => this.#peer.send(peerId, areYouThere, { signal }))
    return Promise.any(answers).then(
      () => true,
      () => false,
    )
  }

  /** The ids of the peers a user is at, the latest word first. Rejects with a `PeerError`. */
  async find(user: UserKey, signal?: AbortSignal): Promise<string[]> {
    const entries = await this.#peer.get(recordKey(user), signal ? { signal } : {})
    return entries.slice(0, entriesMax).flatMap((entry) => {
      const delegation = readDelegation(entry.text, user, entry.publisher)
      return delegation && holds(delegation, Date.now()) ? [peerIdOf(entry.publisher)] : []
    })
  }
}

function recordKey(user: UserKey): string {
  return `chat/at/${user}`
}
