import type { Peer } from 'hashtab'
import { presenceRecord } from '../model/presence.js'
import type { UserKey } from '../model/user-key.js'
import type { Notebook } from '../notebook.js'
import { Followed } from './followed.js'
import type { Switchboard } from './switchboard.js'
import type { Whereabouts } from './whereabouts.js'

/** How often those who are there are asked whether they still are, while their conversation is closed: two lookups each. */
const lookEveryMs = 30_000
/** How often the others are looked for: that they come is told by the record in which they say where they are. */
const lookForAbsentEvery = 4
/** The same for the one whose conversation is open. */
const attendEveryMs = 8_000
/** How many of the latest conversations are looked after: a long list must not become a flood of lookups. */
const lookedAfterMax = 20

export interface LookoutListener {
  changed(): void
  /** A contact who was not there is there now. */
  seen(contact: UserKey): void
}

/** Sees who is there: an open line proves it, an answer to a question says it. Whom to ask, and when, their own word in the table tells as it comes. */
export class Lookout {
  readonly #whereabouts: Whereabouts
  readonly #switchboard: Switchboard
  readonly #notebook: Notebook
  readonly #listener: LookoutListener
  readonly #lines = new Set<UserKey>()
  readonly #answering = new Set<UserKey>()
  readonly #looking = new Set<UserKey>()
  readonly #presences: Followed
  #looks = 0
  #attended: UserKey | undefined

  constructor(peer: Peer, whereabouts: Whereabouts, switchboard: Switchboard, notebook: Notebook, listener: LookoutListener) {
    this.#whereabouts = whereabouts
    this.#switchboard = switchboard
    this.#notebook = notebook
    this.#listener = listener
    this.#presences = new Followed(peer, presenceRecord, lookedAfterMax, (contact) => {
      if (!this.#answering.has(contact)) void this.lookFor(contact)
    })
    setInterval(() => this.#lookAgain(), lookEveryMs)
    setInterval(() => this.#lookAfterAttended(), attendEveryMs)
  }

  get online(): ReadonlySet<UserKey> {
    return new Set([...this.#lines, ...this.#answering])
  }

  attend(contact: UserKey | undefined) {
    this.#attended = contact
    this.#lookAfterAttended()
  }

  lineOpened(contact: UserKey) {
    this.#lines.add(contact)
    this.#listener.changed()
  }

  lineClosed(contact: UserKey) {
    this.#lines.delete(contact)
    this.#answering.delete(contact)
    this.#listener.changed()
  }

  /** Follows where those who are looked after say they are: to be called when they change. */
  follow() {
    this.#presences.follow(this.#lookedAfter)
  }

  /** Looks for all who are looked after, now. */
  look() {
    this.follow()
    for (const contact of this.#lookedAfter) void this.lookFor(contact)
  }

  /** Looks for one contact, unless a line to them is open. Never rejects. */
  async lookFor(contact: UserKey) {
    if (this.#lines.has(contact) || this.#looking.has(contact)) return
    this.#looking.add(contact)
    // The one we are talking to is called: the line will be wanted.
    const isThere = await (contact === this.#attended ? this.#switchboard.call(contact) : this.#whereabouts.isThere(contact))
    this.#looking.delete(contact)
    this.#hear(contact, isThere)
  }

  get #lookedAfter(): UserKey[] {
    return this.#notebook.conversations.accepted.slice(0, lookedAfterMax).map(({ key }) => key)
  }

  #lookAgain() {
    this.#looks += 1
    if (this.#looks % lookForAbsentEvery === 0) return this.look()
    this.follow()
    for (const contact of this.#lookedAfter) if (this.#answering.has(contact)) void this.lookFor(contact)
  }

  #lookAfterAttended() {
    if (this.#attended !== undefined) void this.lookFor(this.#attended)
  }

  #hear(contact: UserKey, isThere: boolean) {
    if (this.#answering.has(contact) === isThere) return
    if (isThere) this.#answering.add(contact)
    else this.#answering.delete(contact)
    this.#listener.changed()
    if (isThere) this.#listener.seen(contact)
  }
}
