import { verify, type Signer } from 'hashtab'
import { jsonObject } from './json-object.js'
import { isUserKey, type UserKey } from './user-key.js'

/**
 * A user's word that a peer speaks for them until a time. Each tab is a peer with a key of its own; this ties it to the
 * one user of the browser. Only the peer can use it, so handing it out tells nobody anything they could replay.
 */
export interface Delegation {
  readonly user: UserKey
  /** The peer's public key, 64 hex digits. */
  readonly peer: string
  /** Unix seconds. */
  readonly expires: number
  /** 128 hex digits: the user's signature. */
  readonly signature: string
}

/** How long a delegation holds. A peer whose user signs no more is believed at most so long. */
export const delegationS = 3_600
/** How far apart the clocks of two honest machines may be. */
const clockSkewS = 600
/** The longest written delegation: 64 + 128 digits and a time, with names. */
const charactersMax = 400

export async function delegate(signer: Signer, peer: string, nowMs: number): Promise<Delegation> {
  const user = hexOf(signer.publicKey) as UserKey
  const expires = Math.floor(nowMs / 1_000) + delegationS
  const signature = await signer.sign(signedBytes(user, peer, expires))
  return { user, peer, expires, signature: hexOf(signature) }
}

/** True when the user did sign it and it still holds, give or take the skew of clocks. Never throws. */
export function holds(delegation: Delegation, nowMs: number): boolean {
  const nowS = nowMs / 1_000
  if (delegation.expires < nowS - clockSkewS || delegation.expires > nowS + delegationS + clockSkewS) return false
  const { user, peer, expires } = delegation
  return verify(bytesOf(delegation.signature), signedBytes(user, peer, expires), bytesOf(user))
}

/** As it is written into a presence record. User and peer are not: the record's key and its publisher name them. */
export function writeDelegation({ expires, signature }: Delegation): string {
  return JSON.stringify({ expires, signature })
}

/** Reads what `writeDelegation` wrote. `undefined`: it is something else. Whether it holds is not judged yet. */
export function readDelegation(text: string, user: UserKey, peer: string): Delegation | undefined {
  const fields = jsonObject(text, charactersMax)
  return fields && delegationFrom(fields, user, peer)
}

/** The delegation in the fields of a JSON object. */
export function delegationFrom(fields: Readonly<Record<string, unknown>>, user: unknown, peer: string): Delegation | undefined {
  const { expires, signature } = fields
  if (!isUserKey(user) || !isUserKey(peer)) return undefined
  if (!Number.isSafeInteger(expires) || typeof signature !== 'string' || !/^[0-9a-f]{128}$/.test(signature)) return undefined
  return { user, peer, expires: expires as number, signature }
}

/** The words before the fields keep this signature from ever being taken for one over a record, which begins with a bencoded name. */
function signedBytes(user: UserKey, peer: string, expires: number): Uint8Array {
  return new TextEncoder().encode(`hashtab-chat: a peer speaks for a user, 1\nuser ${user}\npeer ${peer}\nuntil ${expires}\n`)
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16))
}
