import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { nameCharactersMax, tidyName } from '../model/profile.js'

interface NameFormProps {
  readonly name: string
  readonly action: string
  /** It is what its page is for. In a window over the page, the window decides. */
  readonly takesFocus?: boolean
  readonly onName: (name: string) => void
}

/** Asks how the user is called. */
export function NameForm({ name, action, takesFocus = false, onName }: NameFormProps) {
  const [text, setText] = useState(name)
  const [isMissing, setMissing] = useState(false)
  const [inputId, hintId] = [useId(), useId()]
  const field = useRef<HTMLInputElement>(null)
  // Not the `autofocus` attribute: by the HTML standard it counts once a page, and may not where the address has a `#`.
  useEffect(() => {
    if (takesFocus) field.current?.focus()
  }, [])
  const submit = (event: Event) => {
    event.preventDefault()
    const tidy = tidyName(text)
    setMissing(tidy === '')
    if (tidy !== '') onName(tidy)
  }
  return (
    <form class="name-form" onSubmit={submit} noValidate>
      <label for={inputId}>Your name</label>
      <div class="field-row">
        <input
          ref={field}
          id={inputId}
          class="input"
          value={text}
          maxLength={nameCharactersMax}
          autocomplete="nickname"
          aria-describedby={hintId}
          aria-invalid={isMissing}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="button">
          {action}
        </button>
      </div>
      <p id={hintId} class={isMissing ? 'hint is-wrong' : 'hint'} role={isMissing ? 'alert' : undefined}>
        {isMissing
          ? 'Type a name first: any name your friends will know you by.'
          : 'Anyone who has your key can see it. You can change it later.'}
      </p>
    </form>
  )
}
