import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { Icon } from './icon.js'

interface DialogProps {
  readonly title: string
  readonly children: ComponentChildren
  readonly onClose: () => void
}

/** A window over the page. The browser keeps the focus in it, closes it on Escape, and gives the focus back. */
export function Dialog({ title, children, onClose }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  const isTakenAway = useRef(false)
  const titleId = useId()
  useEffect(() => {
    const dialog = element.current!
    dialog.showModal()
    return () => {
      isTakenAway.current = true
      dialog.close()
    }
  }, [])
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-labelledby={titleId}
      onClose={() => {
        // Told late, and also for a dialog that was taken away: then it is news to nobody.
        if (!isTakenAway.current) onClose()
      }}
      onClick={(event) => {
        // The backdrop is the dialog itself; what lies in it has elements of its own.
        if (event.target === element.current) onClose()
      }}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
            <Icon of="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  )
}
