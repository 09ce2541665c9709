import { useState } from 'preact/hooks'
import type { Chat } from '../chat.js'
import { calledName, type Contact } from '../model/contact.js'
import { AreYouSure, type Question } from './are-you-sure.js'
import { blockQuestion } from './block-question.js'

/** Somebody unknown has written: let them in, or never hear of them again. */
export function RequestBar({ chat, contact }: { readonly chat: Chat; readonly contact: Contact }) {
  const [isFull, setFull] = useState(false)
  const [question, ask] = useState<Question | undefined>()
  const accept = async () => setFull(!(await chat.add(contact.key)))
  return (
    <section class="request" aria-label="Request">
      <p>
        <strong>{calledName(contact)}</strong> wants to talk to you. Anybody can bear this name: compare the key{' '}
        <code>{contact.key.slice(0, 8)}…</code> if it matters.
      </p>
      {isFull && (
        <p class="hint is-wrong" role="alert">
          Your list is full. Remove somebody first.
        </p>
      )}
      <AreYouSure question={question} onKeep={() => ask(undefined)}>
        <button type="button" class="button is-quiet" onClick={() => ask(blockQuestion(chat, contact))}>
          Block…
        </button>
        <button type="button" class="button" onClick={() => void accept()}>
          Accept
        </button>
      </AreYouSure>
    </section>
  )
}
