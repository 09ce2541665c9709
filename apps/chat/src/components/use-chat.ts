import { useEffect, useState } from 'preact/hooks'
import type { Chat } from '../chat.js'
import { readRoute, type Route } from '../route.js'

/** Draws the component again when the chat has changed: once for all changes of one turn. */
export function useChat(chat: Chat) {
  const [, draw] = useState(0)
  useEffect(() => chat.listen(() => draw((count) => count + 1)), [chat])
}

/** The page that the address names, followed as it changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => readRoute(location.hash))
  useEffect(() => {
    const follow = () => setRoute(readRoute(location.hash))
    addEventListener('hashchange', follow)
    addEventListener('popstate', follow)
    return () => {
      removeEventListener('hashchange', follow)
      removeEventListener('popstate', follow)
    }
  }, [])
  return route
}

/** The time, coarsely: for words such as "today" in a window that stays open for days. */
export function useNow(everyMs: number): number {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return nowMs
}
