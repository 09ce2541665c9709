import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { messageCharactersMax } from '../model/message.js'
import { Icon } from './icon.js'

interface ComposerProps {
  readonly to: string
  readonly isOnline: boolean
  readonly onSay: (text: string) => void
}

/** So many characters before the limit, the count is shown. */
const warnBefore = 300

/** Where a message is written. Enter sends it, Shift and Enter begins a line. */
export function Composer({ to, isOnline, onSay }: ComposerProps) {
  const [text, setText] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  const hintId = useId()
  const left = messageCharactersMax - text.length

  // Not on a touch screen, where the keyboard would cover what one came to read.
  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) field.current?.focus()
  }, [])

  const say = () => {
    if (text.trim() === '') return
    onSay(text.trim())
    setText('')
    field.current?.focus()
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        say()
      }}
    >
      <div class="composer-field">
        <textarea
          ref={field}
          class="input"
          rows={1}
          dir="auto"
          value={text}
          maxLength={messageCharactersMax}
          aria-label={`Message to ${to}`}
          aria-describedby={hintId}
          placeholder="Message"
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
            event.preventDefault()
            say()
          }}
        />
        <button type="submit" class="icon-button is-strong" aria-label="Send" disabled={text.trim() === ''}>
          <Icon of="send" />
        </button>
      </div>
      <p id={hintId} class={isOnline && left >= warnBefore ? 'hint composer-hint is-for-keys' : 'hint composer-hint'}>
        {left < warnBefore
          ? `${left} characters left`
          : isOnline
            ? 'Enter to send, Shift + Enter for a new line'
            : 'Not online: your message waits, and is sent when they come.'}
      </p>
    </form>
  )
}
