declare const brand: unique symbol

/** The public key of a user, as 64 lower-case hex digits: what contacts give each other. */
export type UserKey = string & { readonly [brand]: 'UserKey' }

/** Hex digits in a key. */
export const userKeyDigits = 64

/** The longest text that is searched for a key: a link with a long address. */
const pastedCharactersMax = 2_000

/** Reads a key as people hand it on: bare, in groups, or in a link that ends in `#add=…`. `undefined`: there is none in it. */
export function readUserKey(text: string): UserKey | undefined {
  if (text.length > pastedCharactersMax) return undefined
  const linked = /[#&?]add=([0-9a-f]+)/i.exec(text)?.[1]
  const digits = (linked ?? text.replace(/[\s\u00a0·-]/g, '')).toLowerCase()
  return isUserKey(digits) ? digits : undefined
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
