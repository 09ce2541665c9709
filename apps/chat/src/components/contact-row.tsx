import { calledName, type Contact } from '../model/contact.js'
import type { Conversations } from '../model/conversations.js'
import { shownTime } from '../model/message.js'
import { go } from '../route.js'
import { Avatar } from './avatar.js'
import { agoWords } from './time-words.js'

interface ContactRowProps {
  readonly contact: Contact
  readonly conversations: Conversations
  readonly isOnline: boolean
  readonly isSelected: boolean
  readonly nowMs: number
}

/** One person on the list: who, whether they are there, the last words, and how many are new. */
export function ContactRow({ contact, conversations, isOnline, isSelected, nowMs }: ContactRowProps) {
  const last = conversations.messagesWith(contact.key).at(-1)
  const unread = conversations.unread(contact.key)
  return (
    <li>
      <button
        type="button"
        class="contact"
        data-key={contact.key}
        aria-current={isSelected ? 'true' : undefined}
        onClick={() => go({ page: 'conversation', key: contact.key })}
      >
        <Avatar userKey={contact.key} name={contact.name} isOnline={isOnline} />
        <span class="contact-main">
          <span class="contact-name">{calledName(contact)}</span>
          <span class="contact-last">{last ? `${last.from === 'me' ? 'You: ' : ''}${last.text}` : 'No messages yet'}</span>
        </span>
        <span class="contact-side">
          {last && <span class="contact-time">{agoWords(shownTime(last), nowMs)}</span>}
          {unread > 0 && (
            <span class="badge">
              {unread > 99 ? '99+' : unread}
              <span class="unseen"> new</span>
            </span>
          )}
        </span>
        {isOnline && <span class="unseen">online</span>}
      </button>
    </li>
  )
}
