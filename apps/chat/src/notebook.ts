import { History } from './history.js'
import { Conversations, isFact, type Fact } from './model/conversations.js'
import type { UserKey } from './model/user-key.js'

/** How the tabs of one profile tell each other what became known. */
const tabsChannel = 'hashtab-chat'

export interface NotebookListener {
  /** `here`: told in this tab, not heard from another. */
  (fact: Fact, here: boolean): void
}

/** What is known, the same in all tabs: a fact told in one is kept on disk once and heard by the others at once. */
export class Notebook {
  readonly #history = new History()
  readonly #tabs = new BroadcastChannel(tabsChannel)
  readonly #listeners = new Set<NotebookListener>()
  #conversations = Conversations.empty
  #keeps = true

  /** Reads what was kept. Never rejects: what cannot be kept lives as long as the tab. */
  static async open(): Promise<Notebook> {
    const notebook = new Notebook()
    // First listened, then read: a fact told meanwhile is heard, and a fact heard twice changes nothing.
    notebook.#tabs.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (isFact(data)) notebook.#add(data, false)
    }
    const kept = await notebook.#history.load().catch(() => {
      notebook.#keeps = false
      return []
    })
    for (const fact of kept) notebook.#add(fact, false)
    const contacts = kept.flatMap((fact) => (fact.type === 'contact' ? [fact.contact.key] : []))
    notebook.#forget(notebook.#conversations.without(contacts))
    return notebook
  }

  get conversations(): Conversations {
    return this.#conversations
  }

  /** False: the disk refused, and what is written now ends with this tab. */
  get keeps(): boolean {
    return this.#keeps
  }

  /** Adds a fact, and resolves when it is on disk. False: there is no room for it, and nothing was added. */
  async tell(fact: Fact): Promise<boolean> {
    if (!this.#conversations.hasRoomFor(fact)) return false
    for (const contact of this.#conversations.displacedBy(fact))
      void this.tell({
        type: 'contact',
        contact: { ...contact, standing: 'removed', standingAt: Math.max(Date.now(), contact.standingAt + 1) },
      })
    const before = this.#conversations.keys
    this.#add(fact, true)
    this.#forget(this.#conversations.without(before))
    // Too old a word to be kept beside what is newer.
    if (fact.type === 'contact' && !this.#conversations.contact(fact.contact.key)) return true
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel has no target: it stays within the origin
    this.#tabs.postMessage(fact)
    try {
      await this.#history.keep(fact)
    } catch {
      this.#keeps = false
      this.#notify(fact, true)
    }
    return true
  }

  listen(listener: NotebookListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What has no place in memory has none on the disk: else every stranger who ever wrote would stay there. */
  #forget(contacts: readonly UserKey[]) {
    if (contacts.length > 0) void this.#history.forget(contacts).catch(() => (this.#keeps = false))
  }

  #add(fact: Fact, here: boolean) {
    const next = this.#conversations.with(fact)
    if (next === this.#conversations) return
    this.#conversations = next
    this.#notify(fact, here)
  }

  #notify(fact: Fact, here: boolean) {
    for (const listener of this.#listeners) listener(fact, here)
  }
}
