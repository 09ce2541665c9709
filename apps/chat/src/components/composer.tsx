import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { messageCharactersMax } from '../model/message.js'
import { Icon } from './icon.js'

interface ComposerProps {
  readonly to: string
  readonly isOnline: boolean
  /** What was written before, and not sent. */
  readonly draft: string
  readonly onDraft: (text: string) => void
  readonly onSay: (text: string) => void
}

/** So many characters before the limit, the count is shown. */
const warnBefore = 300

/** Where a message is written. Enter sends it, Shift and Enter begins a line. */
export function Composer({ to, isOnline, draft, onDraft, onSay }: ComposerProps) {
  const [text, setText] = useState(draft)
  const field = useRef<HTMLTextAreaElement>(null)
  const hintId = useId()
  const words = text.trim()
  const left = messageCharactersMax - words.length
  const canSay = words !== '' && left >= 0

  // Not on a touch screen, where the keyboard would cover what one came to read.
  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) field.current?.focus()
  }, [])

  const write = (written: string) => {
    setText(written)
    onDraft(written)
  }
  const say = () => {
    if (!canSay) return
    onSay(words)
    write('')
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
          aria-label={`Message to ${to}`}
          aria-describedby={hintId}
          aria-invalid={left < 0}
          placeholder="Message"
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
            event.preventDefault()
            say()
          }}
        />
        <button type="submit" class="icon-button is-strong" aria-label="Send" disabled={!canSay}>
          <Icon of="send" />
        </button>
      </div>
      <p id={hintId} class={`hint composer-hint ${hintKind(left, isOnline)}`}>
        {hintWords(left, isOnline)}
      </p>
    </form>
  )
}

function hintKind(left: number, isOnline: boolean): string {
  if (left < 0) return 'is-wrong'
  return isOnline && left >= warnBefore ? 'is-for-keys' : ''
}

function hintWords(left: number, isOnline: boolean): string {
  if (left < 0) return `${left} characters: too long for one message. Send it in parts.`
  if (left < warnBefore) return `${left} characters left`
  return isOnline ? 'Enter to send, Shift + Enter for a new line' : 'Not online: your message waits, and is sent when they come.'
}
