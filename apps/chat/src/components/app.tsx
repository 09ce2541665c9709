import { useEffect, useState } from 'preact/hooks'
import type { Chat } from '../chat.js'
import { go, goInstead } from '../route.js'
import { AddContact } from './add-contact.js'
import { Conversation } from './conversation.js'
import { EmptyPane } from './empty-pane.js'
import { MyKey } from './my-key.js'
import { Sidebar } from './sidebar.js'
import { useChat, useRoute } from './use-chat.js'
import { Welcome } from './welcome.js'

/** The whole window: the people on one side, one conversation on the other; on a phone one at a time. */
export function App({ chat }: { readonly chat: Chat }) {
  useChat(chat)
  const route = useRoute()
  const [open, setOpen] = useState<'my-key' | 'add' | undefined>()
  const { conversations } = chat
  const [beganWithWelcome] = useState(conversations.name === '')

  const selected = route.page === 'conversation' ? conversations.contact(route.key) : undefined
  const contact = selected?.standing === 'accepted' || selected?.standing === 'asking' ? selected : undefined
  const unread = conversations.accepted.reduce((sum, { key }) => sum + conversations.unread(key), 0)

  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Hashtab chat` : 'Hashtab chat'
  }, [unread])
  useEffect(
    () => chat.attend(contact?.standing === 'accepted' ? contact.key : undefined),
    [contact?.key, contact?.standing, chat.status !== undefined],
  )

  // Asked when the page is come to, and not when somebody leaves the list while their page is open.
  useEffect(() => {
    if (route.page === 'conversation' && !contact) goInstead({ page: 'add', text: route.key })
  }, [route])

  if (conversations.name === '') return <Welcome chat={chat} />
  const offered = route.page === 'add' ? route.text : undefined
  const isAdding = open === 'add' || route.page === 'add'
  const closeAdding = () => {
    setOpen(undefined)
    if (route.page === 'add') go({ page: 'list' })
  }
  return (
    <div class="panes" data-shows={contact ? 'conversation' : 'list'}>
      <Sidebar
        chat={chat}
        takesFocus={beganWithWelcome}
        isPage={route.page === 'list'}
        selected={contact?.key}
        onAdd={() => setOpen('add')}
        onMyKey={() => setOpen('my-key')}
      />
      {contact ? (
        <Conversation key={contact.key} chat={chat} contact={contact} />
      ) : (
        <EmptyPane hasContacts={conversations.accepted.length > 0} onAdd={() => setOpen('add')} onMyKey={() => setOpen('my-key')} />
      )}
      {open === 'my-key' && <MyKey chat={chat} onClose={() => setOpen(undefined)} />}
      {isAdding && <AddContact key={offered} chat={chat} offered={offered} onClose={closeAdding} />}
    </div>
  )
}
