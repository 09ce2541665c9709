import { draftSigned, type Record, withSignature } from '@hashtab/core'
import type { Conduct } from './conduct.js'

/** Alters the records of every answer that it gives or passes on: one bit of the value, and a higher seq under the old signature. */
export const forger: Conduct = {
  orders(effect) {
    if (effect.type !== 'send' || effect.message.type !== 'envelope') return effect
    const { message } = effect
    const { payload } = message
    if (payload.type !== 'response' || payload.answer.type !== 'found') return effect
    const answer = { ...payload.answer, records: payload.answer.records.map(forged) }
    return { ...effect, message: { ...message, payload: { ...payload, answer } } }
  },
}

function forged(record: Record): Record {
  const value = Uint8Array.from(record.value, (byte, i) => (i === 0 ? byte ^ 1 : byte))
  if (record.kind === 'content') return { ...record, value }
  const { publicKey, salt, seq, expiresUnixS, key } = record
  const place = record.kind === 'open' ? ({ kind: 'open', key } as const) : ({ kind: 'owned', salt } as const)
  return withSignature(draftSigned({ publicKey, seq: seq + 1n, expiresUnixS, value, ...place }), record.signature)
}
