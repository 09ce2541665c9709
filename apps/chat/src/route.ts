import { readUserKey, type UserKey } from './model/user-key.js'

/** What the address says after its `#`: so the browser's back button and a reload do what people expect. */
export type Route = { readonly page: 'list' } | { readonly page: 'conversation'; readonly key: UserKey } | { readonly page: 'add'; readonly key: UserKey }

export function readRoute(hash: string): Route {
  const [, page, text] = /^#(with|add)=(.{1,200})$/.exec(hash) ?? []
  const key = text === undefined ? undefined : readUserKey(text)
  if (key === undefined) return { page: 'list' }
  return { page: page === 'with' ? 'conversation' : 'add', key }
}

export function go(route: Route) {
  if (route.page === 'list') history.pushState(null, '', location.pathname + location.search)
  else history.pushState(null, '', `#${route.page === 'add' ? 'add' : 'with'}=${route.key}`)
  dispatchEvent(new HashChangeEvent('hashchange'))
}
