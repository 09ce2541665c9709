import { type Clock, type Peer, type PeerRole, SystemClock } from '@hashtab/peer'

/** A tab that is hidden for less is not worth a word to others: its user looks at another for a moment. */
export const hiddenMs = 10_000

/** What the browser tells of one page. */
export interface Page {
  /** `visibilitychange`, `freeze` and `resume` happen here (Page Lifecycle; the last two in Chromium only). */
  readonly document: EventTarget & { readonly visibilityState: DocumentVisibilityState }
  /** `pageshow` happens here: with `persisted`, a page comes out of the back/forward cache. */
  readonly window: EventTarget
  /** The user has asked the browser to save data (Chromium only). */
  readonly savesData: boolean
}

/**
 * Has a peer follow what becomes of its page: a leaf while it is hidden (with the role `auto`), links looked after when it is back. Until the signal is aborted.
 */
export function followPage(
  peer: Pick<Peer, 'become' | 'resume'>,
  role: 'auto' | PeerRole,
  signal: AbortSignal,
  page: Page = thisPage(),
  clock: Pick<Clock, 'wake' | 'nowMs'> = new SystemClock(),
): void {
  const { document, window, savesData } = page
  const rest: PeerRole = role === 'leaf' || (role === 'auto' && savesData) ? 'leaf' : 'full'
  let hiddenSinceMs: number | undefined
  let cancelHiding: (() => void) | undefined
  const look = () => {
    cancelHiding?.()
    cancelHiding = undefined
    if (document.visibilityState === 'hidden') {
      hiddenSinceMs ??= clock.nowMs()
      cancelHiding = clock.wake(hiddenMs, () => role === 'auto' && peer.become('leaf'))
      return
    }
    // By the clock, for the timer of a page that froze first never came.
    const isBack = hiddenSinceMs !== undefined && clock.nowMs() - hiddenSinceMs >= hiddenMs
    hiddenSinceMs = undefined
    if (isBack) back()
  }
  const back = () => {
    if (role === 'auto') peer.become(rest)
    // Phones freeze hidden pages without a word, and their links die meanwhile.
    peer.resume()
  }
  if (rest === 'leaf') peer.become('leaf')
  look()
  document.addEventListener('visibilitychange', look, { signal })
  document.addEventListener('resume', () => peer.resume(), { signal })
  window.addEventListener('pageshow', (event) => (event as PageTransitionEvent).persisted && peer.resume(), { signal })
  signal.addEventListener('abort', () => cancelHiding?.(), { once: true })
}

function thisPage(): Page {
  const { connection } = navigator as Navigator & { readonly connection?: { readonly saveData?: boolean } }
  return { document, window, savesData: connection?.saveData === true }
}
