import { decode, encode } from '../bencode/bencode.js'
import { dictionary, optional, required, tagged } from '../bencode/dictionary-shape.js'
import {
  bytes,
  type Field,
  flag,
  hex,
  integer,
  integer64,
  keyField,
  list,
  mapped,
  oneOf,
  packed,
  publicKeyField,
} from '../bencode/field.js'
import { tagBytes } from '../keys/cipher-suite.js'
import { sessionIdBytes } from './letter.js'
import { letterBodyField } from './letter-codec.js'
import { isMalformed, malformed, type Malformed } from '../bencode/malformed.js'
import {
  type Answer,
  answerRecordsMax,
  avoidMax,
  comparedMax,
  hopsMax,
  leaseMaxS,
  type Message,
  messageIdBytes,
  neighbourRttMaxMs,
  neighboursMax,
  type Payload,
  type Placed,
  protocolVersion,
  type Question,
  replicas,
  type Seek,
  type StoreOrder,
  strangersMax,
} from './message.js'
import type { Neighbour } from '../links/neighbour-list.js'
import { keyBytes, prefixBytes } from '../keys/key.js'
import { type Contact, contactOf, publicKey, publicKeyBytes } from '../keys/public-key.js'
import { cachedLinksMax } from '../records/content-cache.js'
import { recordField } from '../records/record-codec.js'
import { seqMax } from '../records/record.js'
import { type VersionDigest, versionDigestBytes, versionsDigestBytes } from '../records/record-version.js'
import { messageBytesMax } from './wire-bounds.js'

const contactField: Field<Contact> = mapped(
  publicKeyField,
  (key) => contactOf(key),
  (contact) => contact.publicKey,
)
const id = hex(messageIdBytes)
const session = hex(sessionIdBytes)
/** Secrets under one key: more than are sent in the hour that it serves. */
const secretCounterMax = 2 ** 40
/** Bytes that each hop adds to an envelope: `20:` and an id, in its path. */
const hopBytes = 3 + keyBytes

const wantField = oneOf('peers', 'content', 'owned', 'open')
const pathField = mapped(
  list(keyField, hopsMax + 1),
  (path) => (path.length > 0 ? path : malformed('no source')),
  (path) => path,
)

const receiptField = oneOf('stored', 'same', 'stale', 'conflict', 'full', 'refused')
const ifSeqField = integer64(0n, seqMax)

const versionsField: Field<readonly VersionDigest[]> = packed(hex(versionDigestBytes), versionDigestBytes, comparedMax)

const questionField: Field<Question> = tagged('type', 'q', {
  ping: {},
  find: { target: required('k', keyField), want: required('w', wantField) },
  store: { record: required('r', recordField), ifSeq: optional('c', ifSeqField) },
  compare: { versions: required('v', versionsField) },
  watch: {
    target: required('k', keyField),
    want: required('w', oneOf('owned', 'open')),
    lease: required('l', id),
    leaseS: required('s', integer(0, leaseMaxS)),
    known: required('h', hex(versionsDigestBytes)),
  },
  changed: { lease: required('l', id), records: required('r', list(recordField, answerRecordsMax)), ending: required('e', flag) },
})

const placedField: Field<Placed> = dictionary({ contact: required('k', contactField), receipt: optional('s', receiptField) })

const answerField: Field<Answer> = tagged('type', 'a', {
  pong: {},
  found: {
    contacts: required('c', list(contactField, replicas)),
    records: required('r', list(recordField, answerRecordsMax)),
    links: optional('l', integer(1, cachedLinksMax)),
  },
  receipt: {
    receipt: required('s', receiptField),
    newer: optional('r', recordField),
  },
  placed: { replicas: required('c', list(placedField, replicas)), newer: optional('r', recordField) },
  compared: { lacking: required('v', versionsField) },
  watching: {
    verdict: required('v', oneOf('taken', 'full', 'elsewhere', 'ended')),
    leaseS: required('s', integer(0, leaseMaxS)),
    contacts: required('c', list(contactField, replicas)),
    records: required('r', list(recordField, answerRecordsMax)),
  },
  heard: { watching: required('w', flag) },
})

const payloadField: Field<Payload> = tagged('type', 't', {
  request: { id: required('i', id), question: required('q', questionField) },
  response: { id: required('i', id), answer: required('a', answerField) },
  undeliverable: { id: required('i', id) },
  letter: { id: required('i', id), sealed: required('l', bytes(1, messageBytesMax)) },
  secret: {
    id: required('i', id),
    session: required('s', session),
    counter: required('c', integer(0, secretCounterMax)),
    sealed: required('l', bytes(tagBytes, messageBytesMax)),
  },
  forgotten: { session: required('s', session) },
})

/** A public key, and two bytes of a round trip in milliseconds, the greater first. */
const neighbourBytes = publicKeyBytes + 2
const neighbourField: Field<Neighbour> = mapped(
  bytes(neighbourBytes, neighbourBytes),
  (all) => {
    const rttMs = (all[publicKeyBytes]! << 8) | all[publicKeyBytes + 1]!
    return rttMs <= neighbourRttMaxMs
      ? { contact: contactOf(publicKey(all.slice(0, publicKeyBytes))), rttMs }
      : malformed('round trip out of bounds')
  },
  ({ contact, rttMs }) => Uint8Array.of(...contact.publicKey, rttMs >> 8, rttMs),
)

const storeField: Field<StoreOrder> = dictionary({
  record: required('r', recordField),
  ifSeq: optional('c', ifSeqField),
  all: required('a', flag),
})

const messageField: Field<Message> = tagged('type', 't', {
  hello: { version: required('v', integer(protocolVersion, 2 ** 16)) },
  wants: { wanted: required('w', flag) },
  role: { role: required('r', oneOf('full', 'leaf')) },
  neighbours: {
    came: required('c', packed(neighbourField, neighbourBytes, neighboursMax)),
    went: required('w', packed(hex(prefixBytes), prefixBytes, neighboursMax)),
  },
  leaving: {},
  draw: {},
  strangers: { contacts: required('c', list(contactField, strangersMax)) },
  spoken: { id: required('i', id), body: required('b', letterBodyField) },
  seek: {
    id: required('i', id),
    target: required('k', keyField),
    want: required('w', wantField),
    path: required('p', pathField),
    avoid: required('a', list(keyField, avoidMax)),
    hopsLeft: required('h', integer(0, hopsMax)),
    store: optional('s', storeField),
  },
  taken: { id: required('i', id) },
  declined: { id: required('i', id) },
  envelope: {
    destination: required('d', keyField),
    route: required('r', list(keyField, hopsMax)),
    path: required('p', pathField),
    hopsLeft: required('h', integer(0, hopsMax)),
    payload: required('m', payloadField),
  },
})

/** The bytes of a message, in canonical bencode: at most `messageBytesMax` for any message that this package makes. */
export function encodeMessage(message: Message): Uint8Array {
  return encode(messageField.write(message))
}

/** The message that these bytes are, or `Malformed`. Never throws. */
export function decodeMessage(raw: Uint8Array): Message | Malformed {
  if (raw.length > messageBytesMax) return malformed(`${raw.length} bytes are more than a message has`)
  const message = messageField.read(decode(raw))
  if (isMalformed(message) || (message.type !== 'envelope' && message.type !== 'seek')) return message
  if (message.type === 'seek' && message.store && !isStoredRight(message, message.store)) return malformed('a record on a wrong way')
  // Envelopes grow on their way: nobody shall be blamed for passing on what the next peer must refuse.
  const { path, hopsLeft } = message
  const fits = path.length + hopsLeft <= hopsMax + 1 && raw.length + hopsLeft * hopBytes <= messageBytesMax
  return fits ? message : malformed('an envelope without room for the hops it has left')
}

function isStoredRight({ target, want }: Seek, { record }: StoreOrder): boolean {
  return want === 'peers' && record.key.equals(target)
}
