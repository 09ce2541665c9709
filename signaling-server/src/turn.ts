import { createHmac } from 'node:crypto'
import type { IceServer } from '@hashtab/peer'

export interface TurnOptions {
  /** `turn:turn.example.org:3478?transport=udp` and the like. */
  readonly urls: readonly string[]
  /** What coturn has as `static-auth-secret`. */
  readonly secret: string
  /** How long a name may be used. Default a day, as the draft has it. */
  readonly validS?: number
}

const validDefaultS = 86_400

/**
 * One peer's access to a TURN server, for a time: the name is the time of its end (Unix seconds) and the peer's id, the password
 * base64(HMAC-SHA-1(secret, name)). coturn takes it with `use-auth-secret`, and knows nothing of the peer but that name.
 * draft-uberti-behave-turn-rest-00, section 2.2. Throws a `TypeError` for an empty secret.
 */
export function turnServer({ urls, secret, validS = validDefaultS }: TurnOptions, id: string, nowS: number): IceServer {
  if (secret === '') throw new TypeError('TURN needs a secret: the one the TURN server has.')
  const username = `${Math.floor(nowS) + validS}:${id}`
  return { urls, username, credential: createHmac('sha1', secret).update(username).digest('base64') }
}
