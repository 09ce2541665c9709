import { isLoopback } from '../model/page-host.js'
import { Icon } from './icon.js'

interface EmptyPaneProps {
  readonly hasContacts: boolean
  readonly onAdd: () => void
  readonly onMyKey: () => void
}

/** What stands where no conversation is open: how to come to one. */
export function EmptyPane({ hasContacts, onAdd, onMyKey }: EmptyPaneProps) {
  if (hasContacts) {
    return (
      <main class="pane empty">
        <p class="empty-line">Choose a conversation.</p>
      </main>
    )
  }
  return (
    <main class="pane empty">
      <div class="empty-body">
        <h2>Your list is empty</h2>
        <p>People find each other here by key. There is no directory to search, and no server knows whom you know.</p>
        <ol class="steps">
          <li>
            <h3>Give somebody your key</h3>
            <p>{isLoopback(location.hostname) ? 'Send them the key.' : 'Send them the link, or let them scan the code.'}</p>
            <button type="button" class="button is-quiet" onClick={onMyKey}>
              <Icon of="key" /> Show my key
            </button>
          </li>
          <li>
            <h3>Or add theirs</h3>
            <p>Paste the key or the link that they gave you.</p>
            <button type="button" class="button" onClick={onAdd}>
              <Icon of="add" /> Add a contact
            </button>
          </li>
        </ol>
        <p class="hint">Alone for now? Open this page in a private window: that is somebody else, with another key.</p>
      </div>
    </main>
  )
}
