import type { PeerStatus } from 'hashtab'
import { connectionWords } from '../model/connection-words.js'

interface ConnectionLineProps {
  readonly status: PeerStatus | undefined
  readonly fault: string | undefined
  readonly keepsHistory: boolean
}

/** Where this tab stands, in one line; and, where something is wrong, what it is and what to do. */
export function ConnectionLine({ status, fault, keepsHistory }: ConnectionLineProps) {
  const words =
    fault === undefined
      ? connectionWords(status, location.hostname)
      : { tone: 'trouble' as const, line: 'Not connected', advice: `${fault} Reload the page to try again.` }
  return (
    <div class="connection" data-tone={words.tone} role="status" aria-atomic="false">
      <p class="connection-words">
        <span class="connection-dot" aria-hidden="true" />
        {words.line}
      </p>
      {words.advice !== undefined && <p class="hint">{words.advice}</p>}
      {!keepsHistory && (
        <p class="hint">
          This browser keeps nothing here now: what is written stays until you close the tab. Free some room, or leave the private window.
        </p>
      )}
    </div>
  )
}
