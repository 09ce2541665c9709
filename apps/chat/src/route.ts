import { readUserKey, type UserKey } from './model/user-key.js'

/** Characters of a broken link that are shown: as many as its field holds at a glance. */
const offeredCharactersMax = 200

/** What the address says after its `#`: so the browser's back button and a reload do what people expect. */
export type Route =
  | { readonly page: 'list' }
  | { readonly page: 'conversation'; readonly key: UserKey }
  /** `text`: the key that the link offers, or what stands there instead. */
  | { readonly page: 'add'; readonly text: string }

export function readRoute(hash: string): Route {
  const [, page, rest = ''] = /^#(with|add)=(.*)$/s.exec(hash) ?? []
  if (page === undefined) return { page: 'list' }
  const text = decoded(rest)
  const key = readUserKey(text)
  // A cut link is shown and named, not passed over: who sent it can send it again.
  if (page === 'add') return { page, text: key ?? text.slice(0, offeredCharactersMax) }
  return key === undefined ? { page: 'list' } : { page: 'conversation', key }
}

export function go(route: Route) {
  history.pushState(null, '', addressOf(route))
  dispatchEvent(new HashChangeEvent('hashchange'))
}

/** The same from a page that there is not: the way back does not lead there. */
export function goInstead(route: Route) {
  history.replaceState(null, '', addressOf(route))
  dispatchEvent(new HashChangeEvent('hashchange'))
}

function addressOf(route: Route): string {
  switch (route.page) {
    case 'list':
      return location.pathname + location.search
    case 'conversation':
      return `#with=${route.key}`
    case 'add':
      return `#add=${encodeURIComponent(route.text)}`
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
