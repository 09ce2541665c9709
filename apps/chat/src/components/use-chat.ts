import { useEffect, useState } from 'preact/hooks'
import type { Chat } from '../chat.js'
import { readRoute, type Route } from '../route.js'
import { DrawBatch } from './draw-batch.js'

/** Draws the component again when the chat has changed: once a frame, however much has. */
export function useChat(chat: Chat) {
  const [, draw] = useState(0)
  useEffect(() => {
    const batch = new DrawBatch(() => draw((count) => count + 1))
    const stop = chat.listen(() => batch.ask())
    // What changed between the first drawing and now.
    batch.ask()
    return () => {
      stop()
      batch.callOff()
    }
  }, [chat])
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
