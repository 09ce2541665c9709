import { useState } from 'preact/hooks'
import type { Chat } from '../chat.js'
import { calledName, type Contact } from '../model/contact.js'
import { go } from '../route.js'
import { AreYouSure, type Question } from './are-you-sure.js'
import { blockQuestion } from './block-question.js'
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
  const [question, ask] = useState<Question | undefined>()
  const removeQuestion: Question = {
    words: 'They go off your list, and what was said is forgotten here. They can ask to talk again.',
    action: 'Remove, and forget what was said',
    onAct: () => {
      go({ page: 'list' })
      void chat.remove(contact.key)
    },
  }
  return (
    <Dialog title={calledName(contact)} onClose={onClose}>
      <p>The name is what they call themselves. The key is who they are: compare it with the one on their screen.</p>
      <KeyText of={contact.key} />
      <AreYouSure question={question} onKeep={() => ask(undefined)}>
        <button type="button" class="button is-quiet" onClick={() => ask(removeQuestion)}>
          Remove…
        </button>
        <button type="button" class="button is-quiet" onClick={() => ask(blockQuestion(chat, contact))}>
          Block…
        </button>
      </AreYouSure>
    </Dialog>
  )
}
