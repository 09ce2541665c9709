import { type BencodeValue, encode } from '../bencode/bencode.js'
import { dictionary, required, type Shape, tagged } from '../bencode/dictionary-shape.js'
import { bytes, type Field, type FieldValue, integer, integer64, keyField, publicKeyField, signatureField } from '../bencode/field.js'
import { isMalformed, malformed, type Malformed } from '../bencode/malformed.js'
import { contentBytesMax, expiresUnixSMax, openKey, ownedKey, type Record, saltBytesMax, seqMax, signedPayloadBytesMax } from './record.js'

/** A record as bencode: `{t: 'content', h: key, v: bytes}` or BEP 44's `{t: 'owned' | 'open', k, salt, seq, sig, v: {e, v}}`. */
export function encodeRecord(record: Record): BencodeValue {
  return wireRecord.write(record.kind === 'content' ? record : { ...record, v: record })
}

/**
 * The record a bencoded value says, or `Malformed`. Shape and bounds only: `judgeRecord` says whether it is true.
 * The key of a signed record is derived, never claimed; a content record claims its own, and is judged.
 */
export function decodeRecord(value: BencodeValue | Malformed): Record | Malformed {
  const wire = wireRecord.read(value)
  return isMalformed(wire) || wire.kind === 'content' ? wire : fromItem(wire)
}

/** A record within a message. */
export const recordField: Field<Record> = { read: decodeRecord, write: encodeRecord }

const payload = dictionary({
  expiresUnixS: required('e', integer(0, expiresUnixSMax)),
  value: required('v', bytes(0, signedPayloadBytesMax)),
})

const item = {
  publicKey: required('k', publicKeyField),
  salt: required('salt', bytes(0, saltBytesMax)),
  seq: required('seq', integer64(0n, seqMax)),
  signature: required('sig', signatureField),
  v: required('v', payload),
} satisfies Shape

const wireRecord = tagged('kind', 't', {
  content: { key: required('h', keyField), value: required('v', bytes(0, contentBytesMax)) },
  owned: item,
  open: item,
})

type WireItem = Exclude<FieldValue<typeof wireRecord>, { kind: 'content' }>

function fromItem(wire: WireItem): Record | Malformed {
  const { kind, publicKey, salt, seq, signature } = wire
  const v = encode(payload.write(wire.v))
  const key = kind === 'owned' ? ownedKey(publicKey, salt) : openKey(salt)
  if (key === undefined) return malformed('salt: holds no key')
  return { kind, key, publicKey, salt, seq, expiresUnixS: wire.v.expiresUnixS, value: wire.v.value, v, signature }
}
