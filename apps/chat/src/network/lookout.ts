import type { UserKey } from '../model/user-key.js'
import type { Notebook } from '../notebook.js'
import type { Switchboard } from './switchboard.js'
import type { Whereabouts } from './whereabouts.js'

/** How often contacts are looked for, while their conversation is closed: a lookup each. */
const lookEveryMs = 30_000
/** The same for the one whose conversation is open. */
const attendEveryMs = 8_000
/** How many of the latest conversations are looked after: a long list must not become a flood of lookups. */
const lookedAfterMax = 20

export interface LookoutListener {
  changed(): void
  /** A contact who was not there is there now. */
  seen(contact: UserKey): void
}

/** Sees who is there: an open line proves it, an answer to a question says it. */
export class Lookout {
  readonly #whereabouts: Whereabouts
  readonly #switchboard: Switchboard
  readonly #notebook: Notebook
  readonly #listener: LookoutListener
  readonly #lines = new Set<UserKey>()
  readonly #answering = new Set<UserKey>()
  readonly #looking = new Set<UserKey>()
  #attended: UserKey | undefined

  constructor(whereabouts: Whereabouts, switchboard: Switchboard, notebook: Notebook, listener: LookoutListener) {
    this.#whereabouts = whereabouts
    this.#switchboard = switchboard
    this.#notebook = notebook
    this.#listener = listener
    setInterval(() => this.look(), lookEveryMs)
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

  /** Looks for all who are looked after, now. */
  look() {
    for (const { key } of this.#notebook.conversations.accepted.slice(0, lookedAfterMax)) void this.lookFor(key)
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
