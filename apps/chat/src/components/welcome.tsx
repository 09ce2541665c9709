import type { Chat } from '../chat.js'
import { ConnectionLine } from './connection-line.js'
import { NameForm } from './name-form.js'

/** The first page of the first visit. */
export function Welcome({ chat }: { readonly chat: Chat }) {
  return (
    <main class="stage">
      <section class="card welcome">
        <p class="brand">
          <span class="brand-mark" aria-hidden="true">
            #
          </span>
          Hashtab chat
        </p>
        <h1>Talk to people, not to a server</h1>
        <p class="lead">
          The open tabs of everybody who chats here form one network, and messages go from tab to tab. There is no account: this browser has
          just made a key for you, and keeps it.
        </p>
        <NameForm name="" action="Start" takesFocus onName={(name) => void chat.rename(name)} />
        <ConnectionLine status={chat.status} fault={chat.fault} keepsHistory={chat.keepsHistory} />
      </section>
    </main>
  )
}
