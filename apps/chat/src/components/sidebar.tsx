import { useEffect, useRef } from 'preact/hooks'
import type { Chat } from '../chat.js'
import type { UserKey } from '../model/user-key.js'
import { Avatar } from './avatar.js'
import { ConnectionLine } from './connection-line.js'
import { ContactRow } from './contact-row.js'
import { Icon } from './icon.js'
import { useNow } from './use-chat.js'

interface SidebarProps {
  readonly chat: Chat
  readonly selected: UserKey | undefined
  /** It takes the place of a form that had the focus. */
  readonly takesFocus: boolean
  /** The list is what the address names: come back to, it takes the focus, which what stood there before has taken with it. */
  readonly isPage: boolean
  readonly onAdd: () => void
  readonly onMyKey: () => void
}

/** Who I am, whom I know, who asks, and how the connection is. */
export function Sidebar({ chat, selected, takesFocus, isPage, onAdd, onMyKey }: SidebarProps) {
  const nowMs = useNow(60_000)
  const me = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (takesFocus) me.current?.focus()
  }, [])
  const list = useRef<HTMLElement>(null)
  const wasPage = useRef(isPage)
  useEffect(() => {
    if (isPage && !wasPage.current) list.current?.focus()
    wasPage.current = isPage
  }, [isPage])
  const { conversations, online } = chat
  const { accepted, asking, name } = conversations
  return (
    <nav ref={list} class="sidebar" aria-label="People" tabIndex={-1}>
      <header class="sidebar-head">
        <button ref={me} type="button" class="me" onClick={onMyKey}>
          <Avatar userKey={chat.myKey} name={name} />
          <span class="me-name">{name}</span>
          <span class="unseen">: show my key and name</span>
          <Icon of="key" />
        </button>
        <button type="button" class="icon-button is-strong" aria-label="Add a contact" onClick={onAdd}>
          <Icon of="add" />
        </button>
      </header>
      <div class="sidebar-lists">
        {asking.length > 0 && (
          <section aria-labelledby="asking">
            <h2 id="asking" class="list-title">
              Want to talk to you
            </h2>
            <ul class="contacts">
              {asking.map((contact) => (
                <ContactRow
                  key={contact.key}
                  contact={contact}
                  conversations={conversations}
                  isOnline={false}
                  isSelected={contact.key === selected}
                  nowMs={nowMs}
                />
              ))}
            </ul>
          </section>
        )}
        <section aria-labelledby="contacts">
          <h2 id="contacts" class="list-title">
            Contacts
          </h2>
          {accepted.length === 0 && <p class="list-empty">Nobody yet. Add somebody by their key.</p>}
          <ul class="contacts">
            {accepted.map((contact) => (
              <ContactRow
                key={contact.key}
                contact={contact}
                conversations={conversations}
                isOnline={online.has(contact.key)}
                isSelected={contact.key === selected}
                nowMs={nowMs}
              />
            ))}
          </ul>
        </section>
      </div>
      <ConnectionLine status={chat.status} fault={chat.fault} keepsHistory={chat.keepsHistory} />
    </nav>
  )
}
