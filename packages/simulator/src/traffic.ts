import {
  type Answer,
  type Envelope,
  decodeMessage,
  encodeMessage,
  isMalformed,
  type Message,
  messageBytesMax,
  type Question,
} from '@hashtab/core'

/** Every so many-th message goes through the codec and back: all of them would cost more than the protocol itself. */
export const codecSampleEvery = 1_000

/** What a message is about, as far as whoever looks at a link can tell. `read`: questions of lookups for records, and their answers. */
export const trafficClasses = [
  'link',
  'strangers',
  'neighbours',
  'letter',
  'ping',
  'look',
  'read',
  'acknowledgement',
  'store',
  'compare',
  'watch',
  'undeliverable',
  'spoken',
  'secret',
] as const
export type TrafficClass = (typeof trafficClasses)[number]

/** Counts what is sent over links, hop by hop, and tries the codec on a sample. */
export class Traffic {
  readonly sent: { [name in TrafficClass]: number }
  messages = 0
  /** About how many bytes that were, by `sizeOf`. */
  bytes = 0
  sampledMessages = 0
  sampledBytes = 0
  /** What `sizeOf` said of the messages of the sample. */
  sampledGuessedBytes = 0
  largestBytes = 0

  constructor() {
    this.sent = {
      link: 0,
      strangers: 0,
      neighbours: 0,
      letter: 0,
      ping: 0,
      look: 0,
      read: 0,
      acknowledgement: 0,
      store: 0,
      compare: 0,
      watch: 0,
      undeliverable: 0,
      spoken: 0,
      secret: 0,
    }
  }

  /** One hop of a message of about so many bytes. */
  note(message: Message, bytes: number): void {
    this.messages += 1
    this.bytes += bytes
    this.sent[classOf(message)] += 1
    if (this.messages % codecSampleEvery > 0) return
    this.#tryCodec(message)
    this.sampledGuessedBytes += bytes
  }

  get bytesPerMessage(): number {
    return this.sampledMessages === 0 ? 0 : this.sampledBytes / this.sampledMessages
  }

  #tryCodec(message: Message): void {
    const bytes = encodeMessage(message)
    const decoded = decodeMessage(bytes)
    if (isMalformed(decoded)) throw new Error(`The codec does not read its own ${message.type}: ${decoded.malformed}`)
    const again = encodeMessage(decoded)
    if (again.length !== bytes.length || again.some((byte, i) => byte !== bytes[i])) throw new Error(`The codec changes a ${message.type}.`)
    if (bytes.length > messageBytesMax) throw new Error(`A ${message.type} of ${bytes.length} bytes is more than a message may have.`)
    this.sampledMessages += 1
    this.sampledBytes += bytes.length
    this.largestBytes = Math.max(this.largestBytes, bytes.length)
  }
}

function classOf(message: Message): TrafficClass {
  switch (message.type) {
    case 'hello':
    case 'wants':
    case 'role':
    case 'leaving':
    case 'draw':
      return 'link'
    case 'strangers':
    case 'neighbours':
    case 'spoken':
      return message.type
    case 'seek':
      if (message.store) return 'store'
      return message.want === 'peers' ? 'look' : 'read'
    case 'taken':
    case 'declined':
      return 'acknowledgement'
    case 'envelope':
      return classOfEnvelope(message)
  }
}

function classOfEnvelope({ payload }: Envelope): TrafficClass {
  switch (payload.type) {
    case 'letter':
    case 'undeliverable':
    case 'secret':
      return payload.type
    case 'forgotten':
      return 'secret'
    case 'request':
      return classOfQuestion(payload.question)
    case 'response':
      return classOfAnswer(payload.answer)
  }
}

function classOfQuestion(question: Question): TrafficClass {
  switch (question.type) {
    case 'ping':
    case 'store':
    case 'watch':
    case 'compare':
      return question.type
    case 'changed':
      return 'watch'
    case 'find':
      return question.want === 'peers' ? 'look' : 'read'
  }
}

function classOfAnswer(answer: Answer): TrafficClass {
  switch (answer.type) {
    case 'pong':
      return 'ping'
    case 'receipt':
    case 'placed':
      return 'store'
    case 'compared':
      return 'compare'
    case 'found':
      return 'look'
    case 'watching':
    case 'heard':
      return 'watch'
  }
}
