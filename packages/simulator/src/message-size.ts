import type { Answer, Contact, Envelope, LetterBody, Message, Payload, Record, Spoken } from '@hashtab/core'

/** Bytes of the codec's own marks around each kind of thing, counted from encoded messages (`traffic.ts` compares all of it with the codec on a sample). */
const frameBytes = 30
const keyOnWireBytes = 23
const contactOnWireBytes = 35
const neighbourOnWireBytes = 34
const goneOnWireBytes = 8
const seekBytes = 50
const envelopeBytes = 70
const requestBytes = 60
const storeBytes = 30
const responseBytes = 50
const signedRecordBytes = 190
const contentRecordBytes = 20
const letterBodyBytes = 60
const receiptOnWireBytes = 18
const versionDigestBytes = 8

/** About how many bytes a message takes on the wire. Encoding each to know would cost more than the protocol does. */
export function sizeOf(message: Message): number {
  switch (message.type) {
    case 'hello':
    case 'wants':
    case 'role':
    case 'leaving':
    case 'draw':
      return frameBytes
    case 'neighbours':
      return frameBytes + neighbourOnWireBytes * message.came.length + goneOnWireBytes * message.went.length
    case 'strangers':
      return frameBytes + contactOnWireBytes * message.contacts.length
    case 'seek':
      return (
        seekBytes +
        keyOnWireBytes * (1 + message.path.length + message.avoid.length) +
        (message.store ? storeBytes + sizeOfRecord(message.store.record) : 0)
      )
    case 'taken':
    case 'declined':
      return frameBytes
    case 'spoken':
      return frameBytes + sizeOfSpoken(message)
    case 'envelope':
      return sizeOfEnvelope(message)
  }
}

function sizeOfEnvelope({ route, path, payload }: Envelope): number {
  return envelopeBytes + keyOnWireBytes * (1 + route.length + path.length) + sizeOfPayload(payload)
}

function sizeOfPayload(payload: Payload): number {
  switch (payload.type) {
    case 'request': {
      const { question } = payload
      if (question.type === 'store') return storeBytes + sizeOfRecord(question.record)
      if (question.type === 'changed') return requestBytes + question.records.reduce((sum, record) => sum + sizeOfRecord(record), 0)
      if (question.type === 'compare') return requestBytes + versionDigestBytes * question.versions.length
      return question.type === 'ping' ? frameBytes : requestBytes
    }
    case 'response':
      return responseBytes + sizeOfAnswer(payload.answer)
    case 'undeliverable':
      return frameBytes
    case 'letter':
    case 'secret':
      return frameBytes + payload.sealed.length
    case 'forgotten':
      return frameBytes
  }
}

function sizeOfAnswer(answer: Answer): number {
  switch (answer.type) {
    case 'pong':
      return 0
    case 'found':
      return sizeOfContacts(answer.contacts) + answer.records.reduce((sum, record) => sum + sizeOfRecord(record), 0)
    case 'receipt':
      return answer.newer ? sizeOfRecord(answer.newer) : 0
    case 'placed':
      return (contactOnWireBytes + receiptOnWireBytes) * answer.replicas.length + (answer.newer ? sizeOfRecord(answer.newer) : 0)
    case 'compared':
      return versionDigestBytes * answer.lacking.length
    case 'watching':
      return sizeOfContacts(answer.contacts) + answer.records.reduce((sum, record) => sum + sizeOfRecord(record), 0)
    case 'heard':
      return 0
  }
}

function sizeOfSpoken({ body }: Spoken): number {
  return letterBodyBytes + sizeOfBody(body)
}

function sizeOfBody(body: LetterBody): number {
  if ('data' in body) return body.data.length
  return 'sealed' in body ? body.sealed.length : 0
}

function sizeOfRecord(record: Record): number {
  return (record.kind === 'content' ? contentRecordBytes : signedRecordBytes) + record.value.length
}

function sizeOfContacts(contacts: readonly Contact[]): number {
  return contactOnWireBytes * contacts.length
}
