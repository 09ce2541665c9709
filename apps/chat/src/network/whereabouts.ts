import { PeerError, peerIdOf, type Entry, type Peer, type Signer } from 'hashtab'
import { delegate, holds, readDelegation, writeDelegation, type Delegation } from '../model/delegation.js'
import { presenceRecord, presenceS, readPresence, withTab, writePresence } from '../model/presence.js'
import type { UserKey } from '../model/user-key.js'

/** A delegation is made anew when less than this is left of it (ms): longer than a record with it lives. */
const delegationReserveMs = 600_000
/** Entries under one user's key that are believed: a user has a few tabs. Entries that prove nothing are not counted, for anybody may write there. */
const entriesMax = 32
/** Times that the list of the user's tabs is written when another tab writes it too; the last time it is written over whatever is there, and mended a minute later. */
const listTriesMax = 4
/** The longest wait between two of them; a random part of it, so that two tabs do not stay in step. */
const listWaitMs = 400

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

  /**
   * Tells the table that the user is at this peer, for three minutes: in the list that only the user's key can write, and, as long as
   * a tab of theirs may have written over it, in an open record of this peer. Rejects with a `PeerError`.
   */
  async announce(): Promise<void> {
    const delegation = writeDelegation(await this.delegation())
    await Promise.all([this.#peer.put(openKey(this.#user), delegation, { expiresInS: presenceS }), this.#enlist()])
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

  /** The ids of the peers a user is at: those in the user's own list first, then those whose own word is all there is. Rejects with a `PeerError`. */
  async find(user: UserKey, signal?: AbortSignal): Promise<string[]> {
    const options = signal ? { signal } : {}
    const [listed, told] = await Promise.allSettled([
      this.#peer.resolve(user, presenceRecord, options),
      this.#peer.get(openKey(user), options),
    ])
    if (listed.status === 'rejected' && told.status === 'rejected') throw told.reason
    const nowMs = Date.now()
    const tabs = listed.status === 'fulfilled' && listed.value ? readPresence(listed.value.text, nowMs) : []
    const proved = told.status === 'fulfilled' ? believed(told.value, user, nowMs) : []
    return [...new Set([...tabs.map(({ peerId }) => peerId), ...proved])]
  }

  /** Adds this tab to the user's own list, beside their other tabs, which may be at it too. */
  async #enlist(): Promise<void> {
    const user = this.#user
    for (let tries = 1; ; tries++) {
      const entry = await this.#peer.resolve(user, presenceRecord)
      const nowMs = Date.now()
      const tabs = withTab(entry ? readPresence(entry.text, nowMs) : [], this.#peer.id, nowMs)
      // Where the last list has expired there is nothing to compare with, though its seq is remembered.
      const ifSeq = entry && tries < listTriesMax ? { ifSeq: entry.seq } : {}
      try {
        await this.#peer.publish(presenceRecord, writePresence(tabs), { signer: this.#signer, expiresInS: presenceS, ...ifSeq })
        return
      } catch (reason) {
        if (!(reason instanceof PeerError) || reason.code !== 'cas-mismatch') throw reason
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * listWaitMs))
    }
  }
}

/** The peers whose entries carry the user's word for them. Signatures are checked no further than needed. */
function believed(entries: readonly Entry[], user: UserKey, nowMs: number): string[] {
  const peerIds: string[] = []
  for (const { text, publisher } of entries) {
    const delegation = readDelegation(text, user, publisher)
    if (!delegation || !holds(delegation, nowMs)) continue
    peerIds.push(peerIdOf(publisher))
    if (peerIds.length === entriesMax) break
  }
  return peerIds
}

function openKey(user: UserKey): string {
  return `chat/at/${user}`
}
