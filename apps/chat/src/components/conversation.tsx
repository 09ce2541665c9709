import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Chat } from '../chat.js'
import { calledName, type Contact } from '../model/contact.js'
import { go } from '../route.js'
import { Avatar } from './avatar.js'
import { Composer } from './composer.js'
import { ContactDetails } from './contact-details.js'
import { Icon } from './icon.js'
import { LogEntry } from './log-entry.js'
import { RequestBar } from './request-bar.js'
import { startOfDay } from './time-words.js'
import { useNow } from './use-chat.js'

/** Messages drawn at first, and more with each "Show earlier": a long history must not make each keystroke slow. */
const pageSize = 200
/** Scrolled up by no more than this, the reader is at the end and wants to see what comes. */
const atEndPx = 80

/** One conversation: who it is with, what was said, and what to say next. */
export function Conversation({ chat, contact }: { readonly chat: Chat; readonly contact: Contact }) {
  const today = startOfDay(useNow(60_000))
  const [shown, setShown] = useState(pageSize)
  const [showsDetails, setShowsDetails] = useState(false)
  const isOnline = chat.online.has(contact.key)
  const all = chat.conversations.messagesWith(contact.key)
  const messages = all.slice(-shown)
  const lastId = all.at(-1)?.id
  const log = useFollowedEnd(lastId)
  useReading(chat, contact, lastId)

  return (
    <main class="pane conversation">
      <header class="conversation-head">
        <button type="button" class="icon-button back" aria-label="Back to the list" onClick={() => go({ page: 'list' })}>
          <Icon of="back" />
        </button>
        <Avatar userKey={contact.key} name={contact.name} isOnline={isOnline} />
        <div class="conversation-who">
          <h1>{calledName(contact)}</h1>
          <p class="conversation-presence">{presenceWords(chat, contact)}</p>
        </div>
        <button type="button" class="icon-button" aria-label={`About ${calledName(contact)}`} onClick={() => setShowsDetails(true)}>
          <Icon of="more" />
        </button>
      </header>
      <div class="log" ref={log} role="log" aria-label={`Messages with ${calledName(contact)}`} tabIndex={0}>
        {all.length > messages.length && (
          <button type="button" class="button is-quiet earlier" onClick={() => setShown(shown + pageSize)}>
            Show earlier messages
          </button>
        )}
        {messages.length === 0 && <p class="log-empty">{beginning(contact, isOnline)}</p>}
        <ol class="messages">
          {messages.map((message, i) => (
            <LogEntry key={message.id} message={message} before={messages[i - 1]} today={today} />
          ))}
        </ol>
      </div>
      {contact.standing === 'asking' ? (
        <RequestBar chat={chat} contact={contact} />
      ) : (
        <Composer
          to={calledName(contact)}
          isOnline={isOnline}
          draft={chat.draftTo(contact.key)}
          onDraft={(text) => chat.keepDraft(contact.key, text)}
          onSay={(text) => void chat.say(contact.key, text)}
        />
      )}
      {showsDetails && <ContactDetails chat={chat} contact={contact} onClose={() => setShowsDetails(false)} />}
    </main>
  )
}

function presenceWords(chat: Chat, { key, standing }: Contact): string {
  if (standing === 'asking') return 'Not on your list'
  if (!chat.online.has(key)) return 'Not online'
  return chat.isRelayed(key) ? 'Online, through other tabs (encrypted)' : 'Online'
}

function beginning(contact: Contact, isOnline: boolean): string {
  if (isOnline) return `${calledName(contact)} is here. Say hello.`
  return `${calledName(contact)} is not online now. Write anyway: your message waits in this browser, and goes out when both of you are.`
}

/** Keeps the end of the log in sight, unless the reader has scrolled up. */
function useFollowedEnd(lastId: string | undefined) {
  const log = useRef<HTMLDivElement>(null)
  const wasAtEnd = useRef(true)
  useEffect(() => {
    const element = log.current!
    const note = () => {
      wasAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < atEndPx
    }
    // A phone's keyboard, a tall draft, a turned screen: the log becomes smaller, and its end must not go out of sight.
    const sizes = new ResizeObserver(() => {
      if (wasAtEnd.current) element.scrollTop = element.scrollHeight
    })
    element.addEventListener('scroll', note, { passive: true })
    sizes.observe(element)
    return () => {
      element.removeEventListener('scroll', note)
      sizes.disconnect()
    }
  }, [])
  useLayoutEffect(() => {
    if (wasAtEnd.current && log.current) log.current.scrollTop = log.current.scrollHeight
  }, [lastId])
  return log
}

/** Messages count as read while the window is looked at. */
function useReading(chat: Chat, contact: Contact, lastId: string | undefined) {
  useEffect(() => {
    const read = () => {
      if (document.visibilityState === 'visible') void chat.read(contact.key)
    }
    read()
    document.addEventListener('visibilitychange', read)
    return () => document.removeEventListener('visibilitychange', read)
  }, [chat, contact.key, lastId])
}
