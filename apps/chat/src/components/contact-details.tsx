import { useState } from 'preact/hooks'
import type { Chat } from '../chat.js'
import { calledName, type Contact } from '../model/contact.js'
import { go } from '../route.js'
import { Dialog } from './dialog.js'
import { KeyText } from './key-text.js'

/** Who a contact is, and how to be rid of them. */
export function ContactDetails({
  chat,
  contact,
  onClose,
}: {
  readonly chat: Chat
  readonly contact: Contact
  readonly onClose: () => void
}) {
  const [isSure, setSure] = useState(false)
  const remove = async () => {
    await chat.remove(contact.key)
    go({ page: 'list' })
  }
  const block = async () => {
    await chat.block(contact.key)
    go({ page: 'list' })
  }
  return (
    <Dialog title={calledName(contact)} onClose={onClose}>
      <p>The name is what they call themselves. The key is who they are: compare it with the one on their screen.</p>
      <KeyText of={contact.key} />
      {isSure ? (
        <div class="button-row" role="group" aria-label="Are you sure?">
          <button type="button" class="button is-quiet" onClick={() => setSure(false)}>
            Keep
          </button>
          <button type="button" class="button is-danger" onClick={() => void remove()}>
            Remove, and forget what was said
          </button>
        </div>
      ) : (
        <div class="button-row">
          <button type="button" class="button is-quiet" onClick={() => setSure(true)}>
            Remove…
          </button>
          <button type="button" class="button is-quiet" onClick={() => void block()}>
            Block
          </button>
        </div>
      )}
    </Dialog>
  )
}
