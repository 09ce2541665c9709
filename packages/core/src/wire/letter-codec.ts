import { decode, encode } from '../bencode/bencode.js'
import { dictionary, required, tagged } from '../bencode/dictionary-shape.js'
import { bytes, type Field, flag, hex, integer, keyField, oneOf, publicKeyField, signatureField } from '../bencode/field.js'
import { type ExchangeKey, exchangeKeyBytes, sealBytes, tagBytes } from '../keys/cipher-suite.js'
import type { Key } from '../keys/key.js'
import { type LetterBody, mailBytesMax, nonceBytes, partBytesMax, sessionIdBytes, type Whisper } from './letter.js'
import type { Malformed } from '../bencode/malformed.js'
import { messageIdBytes } from './message.js'
import type { PublicKey, Signature } from '../keys/public-key.js'
import { encodeUtf8 } from '../bencode/utf8.js'
import { candidatesBytesMax, descriptionBytesMax } from './wire-bounds.js'

/** Seconds that a refusal may ask for: a day. */
const retryAfterMaxS = 86_400
/** Parts of one channel: 2^40 of 12 KiB are more than a tab sends in its life. */
const partSeqMax = 2 ** 40
/** Seconds since 1970: until the year 36812. */
const unixSMax = 2 ** 40

const nonce = hex(nonceBytes)
const exchangeKey = bytes(exchangeKeyBytes, exchangeKeyBytes) as Field<ExchangeKey>
const sealedDescription = bytes(sealBytes + 1, sealBytes + descriptionBytesMax)
const sealedCandidates = bytes(sealBytes + 1, sealBytes + candidatesBytesMax)

const whisperShapes = {
  mail: {
    mailId: required('i', hex(messageIdBytes)),
    writtenUnixS: required('u', integer(0, unixSMax)),
    data: required('d', bytes(0, mailBytesMax)),
  },
  received: { mailId: required('i', hex(messageIdBytes)) },
  open: { channel: required('c', nonce) },
  opened: { channel: required('c', nonce) },
  part: {
    channel: required('c', nonce),
    seq: required('s', integer(0, partSeqMax)),
    last: required('l', flag),
    data: required('d', bytes(0, partBytesMax)),
  },
  progress: { channel: required('c', nonce), next: required('n', integer(0, partSeqMax)), limit: required('l', integer(0, partSeqMax)) },
  probe: { channel: required('c', nonce) },
  close: { channel: required('c', nonce) },
} as const

/** What is encrypted, when there is no link to speak over. */
export const whisperField: Field<Whisper> = tagged('type', 't', whisperShapes)

/** What a letter says, or what is said over a link instead of a letter. */
export const letterBodyField: Field<LetterBody> = tagged('type', 't', {
  knock: {
    nonce: required('n', nonce),
    key: required('k', exchangeKey),
    writtenUnixS: required('u', integer(0, unixSMax)),
    why: required('w', oneOf('sibling', 'bucket', 'app')),
  },
  offer: {
    nonce: required('n', nonce),
    offerNonce: required('o', nonce),
    key: required('k', exchangeKey),
    sealed: required('s', sealedDescription),
  },
  answer: { nonce: required('n', nonce), offerNonce: required('o', nonce), sealed: required('s', sealedDescription) },
  candidates: { nonce: required('n', nonce), offerNonce: required('o', nonce), sealed: required('s', sealedCandidates) },
  refusal: {
    nonce: required('n', nonce),
    reason: required('r', oneOf('full', 'busy')),
    retryAfterS: required('s', integer(0, retryAfterMaxS)),
  },
  greeting: { writtenUnixS: required('u', integer(0, unixSMax)), message: required('m', bytes(exchangeKeyBytes, exchangeKeyBytes)) },
  greeted: {
    session: required('s', hex(sessionIdBytes)),
    message: required('m', bytes(exchangeKeyBytes + tagBytes, exchangeKeyBytes + tagBytes)),
  },
  ...whisperShapes,
})

/** A letter as it travels: who wrote it, to whom, what, and the writer's signature over all of it. */
export interface SealedLetter {
  readonly from: PublicKey
  readonly to: Key
  readonly body: LetterBody
  readonly signature: Signature
}

const letterShape = {
  from: required('f', publicKeyField),
  to: required('t', keyField),
  body: required('b', letterBodyField),
}
const unsealed = dictionary(letterShape)
const sealed = dictionary({ ...letterShape, signature: required('s', signatureField) })

/** Separates these signatures from all others that the same key makes. */
const domain = encodeUtf8('hashtab letter 1:')

/** The bytes that a letter's signature is over: the domain, then writer, reader and body in canonical bencode. */
export function letterSignedBytes(letter: Omit<SealedLetter, 'signature'>): Uint8Array {
  const { from, to, body } = letter
  const content = encode(unsealed.write({ from, to, body }))
  const all = new Uint8Array(domain.length + content.length)
  all.set(domain)
  all.set(content, domain.length)
  return all
}

export function encodeLetter(letter: SealedLetter): Uint8Array {
  return encode(sealed.write(letter))
}

/** Reads a letter's shape; whether its signature holds is for the caller to judge, over `letterSignedBytes`. */
export function decodeLetter(raw: Uint8Array): SealedLetter | Malformed {
  return sealed.read(decode(raw))
}
