import { useEffect, useState } from 'preact/hooks'
import type { Chat } from '../chat.js'
import { isLoopback } from '../model/page-host.js'
import { linkTo } from '../model/user-key.js'
import { Dialog } from './dialog.js'
import { KeyText } from './key-text.js'
import { NameForm } from './name-form.js'
import { QrCode } from './qr-code.js'

/** How long "Copied" stands on a button. */
const copiedMs = 2_000

/** What to give to somebody who is to find me: a code, a link, the key itself. No code where no phone could open what it says. */
export function MyKey({ chat, onClose }: { readonly chat: Chat; readonly onClose: () => void }) {
  const link = linkTo(chat.myKey, new URL(location.href))
  return (
    <Dialog title="My key" onClose={onClose}>
      <p>Whoever has this key can find you and ask to talk. It is safe to give away.</p>
      {!isLoopback(location.hostname) && <QrCode text={link} label="A code with the link that adds you" />}
      <KeyText of={chat.myKey} />
      {isLoopback(location.hostname) && (
        <p class="hint">This page is for this machine alone, and so is the link. The key is good anywhere.</p>
      )}
      <div class="button-row">
        <CopyButton text={chat.myKey} words="Copy key" />
        <CopyButton text={link} words="Copy link" />
      </div>
      <hr />
      <NameForm
        name={chat.conversations.name}
        action="Save"
        onName={(name) => {
          void chat.rename(name)
          onClose()
        }}
      />
    </Dialog>
  )
}

function CopyButton({ text, words }: { readonly text: string; readonly words: string }) {
  const [outcome, setOutcome] = useState<'copied' | 'refused' | undefined>()
  useEffect(() => {
    if (outcome === undefined) return
    const timer = setTimeout(() => setOutcome(undefined), copiedMs)
    return () => clearTimeout(timer)
  }, [outcome])
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setOutcome('copied'),
      () => setOutcome('refused'),
    )
  }
  return (
    <button type="button" class="button is-quiet" onClick={copy}>
      <span aria-live="polite">{outcome === 'copied' ? 'Copied' : outcome === 'refused' ? 'Select it by hand' : words}</span>
    </button>
  )
}
