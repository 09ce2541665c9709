import { Key } from '../keys/key.js'
import type { Verify } from '../keys/public-key.js'
import { expiryAheadMaxS, openKey, ownedKey, type Record, signedBytes } from './record.js'

/**
 * What a record deserves. `expired`: its time is over. `too-far`: its expiry lies further ahead than anybody may ask for.
 * `misfiled`: it lies under a key that is not its own. `forged`: nobody's signature.
 */
export type RecordVerdict = 'valid' | 'expired' | 'too-far' | 'misfiled' | 'forged'

/** Seconds by which a writer's clock may be ahead of ours. */
export const clockSkewMaxS = 3_600

/** Judges a record, cheap to dear: its expiry, its key, its signature (the last alone costs milliseconds). */
export function judgeRecord(record: Record, verify: Verify, unixS: number): RecordVerdict {
  const expiry = judgeExpiry(record, unixS)
  if (expiry !== 'valid') return expiry
  if (!isFiledRight(record)) return 'misfiled'
  if (record.kind === 'content') return 'valid'
  return verify(record.signature, signedBytes(record), record.publicKey) ? 'valid' : 'forged'
}

/** The part of the judgement that costs nothing. Content has no expiry. */
export function judgeExpiry(record: Record, unixS: number): 'valid' | 'expired' | 'too-far' {
  if (record.kind === 'content') return 'valid'
  if (record.expiresUnixS <= unixS) return 'expired'
  return record.expiresUnixS > unixS + expiryAheadMaxS + clockSkewMaxS ? 'too-far' : 'valid'
}

function isFiledRight(record: Record): boolean {
  if (record.kind === 'content') return Key.hash(record.value).equals(record.key)
  if (record.kind === 'owned') return ownedKey(record.publicKey, record.salt).equals(record.key)
  return openKey(record.salt)?.equals(record.key) ?? false
}
