declare const brand: unique symbol

/** The public key of a user, as 64 lower-case hex digits: what contacts give each other. */
export type UserKey = string & { readonly [brand]: 'UserKey' }

/** Hex digits in a key. */
export const userKeyDigits = 64

/** The longest text that is searched for a key: a link with a long address. */
const pastedCharactersMax = 2_000

/** A key among words: 64 digits on end, or sixteen groups of four with no further digit beside them. */
const amongWords = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])|(?<![0-9a-f][\s·-]*)[0-9a-f]{4}(?:[\s·-]+[0-9a-f]{4}){15}(?![\s·-]*[0-9a-f])/g

/** Reads a key as people hand it on: bare, in groups, in a link that ends in `#add=…`, or with words around it. `undefined`: there is none in it, or more than one. */
export function readUserKey(text: string): UserKey | undefined {
  if (text.length > pastedCharactersMax) return undefined
  const linked = /[#&?]add=([0-9a-f]+)/i.exec(text)?.[1]
  const digits = (linked ?? text.replace(/[\s\u00a0·-]/g, '')).toLowerCase()
  if (linked !== undefined || isUserKey(digits)) return isUserKey(digits) ? digits : undefined
  const found = new Set(Array.from(text.toLowerCase().matchAll(amongWords), ([run]) => run.replace(/[^0-9a-f]/g, '')))
  const [only] = found
  return found.size === 1 && isUserKey(only) ? only : undefined
}

/** A link that opens this chat and offers to add the key's owner. `page`: this page's own address. */
export function linkTo(key: UserKey, page: URL): string {
  const link = new URL(page)
  link.hash = `add=${key}`
  return link.href
}

/** The same key in groups of four digits, for reading aloud and comparing. */
export function inGroups(key: UserKey): string {
  return key.match(/.{4}/g)!.join(' ')
}

export function isUserKey(text: unknown): text is UserKey {
  return typeof text === 'string' && text.length === userKeyDigits && /^[0-9a-f]+$/.test(text)
}
