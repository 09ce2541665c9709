import { useId, useState } from 'preact/hooks'
import type { Chat } from '../chat.js'
import { readUserKey } from '../model/user-key.js'
import { go } from '../route.js'
import { Dialog } from './dialog.js'

interface AddContactProps {
  readonly chat: Chat
  /** What the link that led here says: a key, or junk where it was cut. */
  readonly offered: string | undefined
  readonly onClose: () => void
}

const emptyWords = 'Paste a key first, or the link that they gave you.'
const noKeyWords = 'That is no key. A key has 64 characters, 0–9 and a–f; paste it whole, or paste the link.'
const brokenLinkWords =
  'There is no whole key in the link that you followed: it was cut or changed on its way. Ask for it again, or paste the key here.'

/** Takes a key or a link, and says plainly when it is neither. */
export function AddContact({ chat, offered, onClose }: AddContactProps) {
  const isBroken = offered !== undefined && readUserKey(offered) === undefined
  const [text, setText] = useState(offered ?? '')
  const [fault, setFault] = useState(isBroken ? brokenLinkWords : undefined)
  const [inputId, hintId] = [useId(), useId()]

  const submit = async (event: Event) => {
    event.preventDefault()
    if (text.trim() === '') return setFault(emptyWords)
    const key = readUserKey(text)
    if (key === undefined) return setFault(noKeyWords)
    if (key === chat.myKey) return setFault('That is your own key. Give it to somebody, and add theirs here.')
    if (!(await chat.add(key))) return setFault('Your list is full. Remove somebody first.')
    onClose()
    go({ page: 'conversation', key })
  }
  return (
    <Dialog title="Add a contact" onClose={onClose}>
      <form class="add-form" onSubmit={(event) => void submit(event)} noValidate>
        <p>
          {offered !== undefined && !isBroken
            ? 'You followed a link to this person. They are looked up in the network once you add them.'
            : 'They find their key under their name, at the top of their list.'}
        </p>
        <label for={inputId}>Their key or link</label>
        <textarea
          id={inputId}
          class="input key-input"
          rows={3}
          value={text}
          autofocus
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          aria-describedby={hintId}
          aria-invalid={fault !== undefined}
          onInput={(event) => {
            setText(event.currentTarget.value)
            setFault(undefined)
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') void submit(event)
          }}
        />
        <p id={hintId} class={fault === undefined ? 'hint' : 'hint is-wrong'} role={fault === undefined ? undefined : 'alert'}>
          {fault ?? '64 characters, or a link that ends in #add=…'}
        </p>
        <div class="button-row">
          <button type="button" class="button is-quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button">
            Add
          </button>
        </div>
      </form>
    </Dialog>
  )
}
