import { PeerError } from './peer-error.js'

/** Characters (Unicode code points) in the name of a network: databases, locks and channels are named after it, and 4 bytes each fit the wire. */
export const networkCharactersMax = 64

/** The name of a network, if it is one: 1 to 64 characters, and no half of a surrogate pair, which UTF-8 would change. Error: `invalid`. */
export function checkedNetwork(name: string): string {
  if (typeof name === 'string' && isWellFormed(name) && name !== '' && Array.from(name).length <= networkCharactersMax) return name
  throw new PeerError('invalid', `A network needs a name: that of your app, 1 to ${networkCharactersMax} characters.`)
}

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
