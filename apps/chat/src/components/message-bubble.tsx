import { shownTime, type Message, type MessageState } from '../model/message.js'
import { clockWords } from './time-words.js'

const stateWords: Record<MessageState, string> = { queued: 'Waiting', sent: 'Sent', delivered: 'Delivered' }

/** One message. `follows`: by the same person as the one before it, just after it. */
export function MessageBubble({ message, follows }: { readonly message: Message; readonly follows: boolean }) {
  const { from, text, state } = message
  return (
    <li class="message" data-from={from} data-follows={follows} data-state={state}>
      <div class="bubble">
        <span class="unseen">{from === 'me' ? 'You: ' : 'They: '}</span>
        <p class="bubble-text" dir="auto">
          {text}
        </p>
        <span class="bubble-foot">
          <time dateTime={new Date(shownTime(message)).toISOString()}>{clockWords(shownTime(message))}</time>
          {from === 'me' && <Mark state={state} />}
        </span>
      </div>
    </li>
  )
}

/** A clock, one tick, two ticks. The words are a label, so that a screen reader does not speak up at each change. */
function Mark({ state }: { readonly state: MessageState }) {
  return (
    <svg class="mark" viewBox="0 0 18 12" role="img" aria-label={stateWords[state]}>
      <title>{stateWords[state]}</title>
      {state === 'queued' && <path d="M9 1.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6ZM9 3.6V6l1.8 1.2" />}
      {state === 'sent' && <path d="m4.5 6.5 3 3 6-7" />}
      {state === 'delivered' && <path d="m2 6.5 3 3 6-7M9.2 8.3l1.3 1.2 6-7" />}
    </svg>
  )
}
