import { useId, useState } from 'preact/hooks'
import { nameCharactersMax, tidyName } from '../model/profile.js'

interface NameFormProps {
  readonly name: string
  readonly action: string
  readonly onName: (name: string) => void
}

/** Asks how the user is called. */
export function NameForm({ name, action, onName }: NameFormProps) {
  const [text, setText] = useState(name)
  const [isMissing, setMissing] = useState(false)
  const [inputId, hintId] = [useId(), useId()]
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
        {isMissing ? 'Type a name first: any name your friends will know you by.' : 'Anyone who has your key can see it. You can change it later.'}
      </p>
    </form>
  )
}
