import type { Entry, Peer } from 'hashtab'
import type { UserKey } from '../model/user-key.js'

/** One owned record of each of some users, followed as the users change. */
export class Followed {
  readonly #peer: Peer
  readonly #record: string
  readonly #max: number
  readonly #heard: (user: UserKey, entry: Entry) => void
  readonly #stops = new Map<UserKey, () => void>()

  /** `record`: the name under which they publish it; `max`: of how many users. */
  constructor(peer: Peer, record: string, max: number, heard: (user: UserKey, entry: Entry) => void) {
    this.#peer = peer
    this.#record = record
    this.#max = max
    this.#heard = heard
  }

  /** From now on these users, the first of them, and no others. */
  follow(users: readonly UserKey[]) {
    const wanted = new Set(users.slice(0, this.#max))
    for (const [user, stop] of this.#stops) {
      if (wanted.has(user)) continue
      stop()
      this.#stops.delete(user)
    }
    for (const user of wanted) {
      if (!this.#stops.has(user))
        this.#stops.set(
          user,
          this.#peer.follow(user, this.#record, (entry) => this.#heard(user, entry)),
        )
    }
  }
}
