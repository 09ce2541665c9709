import {
  bytes,
  candidatesBytesMax,
  decode,
  descriptionBytesMax,
  dictionary,
  encode,
  type FieldValue,
  isMalformed,
  list,
  malformed,
  type Malformed,
  mapped,
  oneOf,
  required,
} from '@hashtab/core'
import { type Candidate, candidateField, candidatesMax } from './candidate.js'

/** Bytes of a SHA-256 certificate fingerprint (RFC 8122). Every browser makes this one. */
export const fingerprintBytes = 32

const candidatesField = list(candidateField, candidatesMax)

/**
 * One end of a link: all that varies in the SDP of a data channel. `ufrag` and `pwd` are the ICE credentials (RFC 8839, section 5.4: at least
 * 4 and 22 characters; browsers make 4 to 8 and 22 to 32). `setup` is its role in DTLS (RFC 8842).
 */
const descriptionField = dictionary({
  candidates: required('c', candidatesField),
  fingerprint: required('f', bytes(fingerprintBytes, fingerprintBytes)),
  pwd: required('p', iceText(22, 64)),
  setup: required('s', oneOf('actpass', 'active', 'passive')),
  ufrag: required('u', iceText(4, 32)),
})
export type Description = FieldValue<typeof descriptionField>

/** At most `descriptionBytesMax` bytes: eight candidates in their longest form need 900. */
export function encodeDescription(description: Description): Uint8Array {
  return encode(descriptionField.write(description))
}

/** Reads what the other end sent. Everything but the canonical bytes of a `Description` is `Malformed`. */
export function decodeDescription(bytes: Uint8Array): Description | Malformed {
  if (bytes.length > descriptionBytesMax) return malformed('description too long')
  return descriptionField.read(decode(bytes))
}

/** At most `candidatesBytesMax` bytes. */
export function encodeCandidates(candidates: readonly Candidate[]): Uint8Array {
  return encode(candidatesField.write(candidates))
}

/** Reads a late batch of one or more, with the rules of `decodeDescription`. */
export function decodeCandidates(bytes: Uint8Array): readonly Candidate[] | Malformed {
  if (bytes.length > candidatesBytesMax) return malformed('candidates too long')
  const candidates = candidatesField.read(decode(bytes))
  return !isMalformed(candidates) && candidates.length === 0 ? malformed('no candidates') : candidates
}

/** A text of `ice-char`s (RFC 8839): no line break can hide in it. */
function iceText(min: number, max: number) {
  return mapped(bytes(min, max), readIceText, (text) => Uint8Array.from(text, (character) => character.charCodeAt(0)))
}

function readIceText(bytes: Uint8Array): string | Malformed {
  const text = String.fromCharCode(...bytes)
  return /^[A-Za-z0-9+/]*$/.test(text) ? text : malformed('no ice-char')
}
