import { delegationFrom, type Delegation } from './delegation.js'
import { jsonObject } from './json-object.js'
import { isMessageId, messageCharactersMax, wellFormed, type MessageId } from './message.js'

/** What two peers say to each other over a channel: hello first, both of them, then texts and receipts, and a ping when it has been quiet. */
export type ChannelMessage =
  | { readonly type: 'hello'; readonly delegation: Delegation }
  | { readonly type: 'text'; readonly id: MessageId; readonly text: string; readonly sentAt: number }
  | { readonly type: 'receipt'; readonly id: MessageId }
  /** Are you there? Answered by `pong`. */
  | { readonly type: 'ping' }
  | { readonly type: 'pong' }

/** Bytes of one message: a text in which every character is escaped to six (`\u0001`), with its fields. */
const bytesMax = 6 * messageCharactersMax + 500

export function writeChannelMessage(message: ChannelMessage): Uint8Array {
  const { type } = message
  if (type !== 'hello') return new TextEncoder().encode(JSON.stringify(message))
  const { user, expires, signature } = message.delegation
  return new TextEncoder().encode(JSON.stringify({ type, user, expires, signature }))
}

/** Reads one message. `peer`: the public key of who sent it, which a hello must speak for. `undefined`: it breaks the rules. */
export function readChannelMessage(bytes: Uint8Array, peer: string): ChannelMessage | undefined {
  const fields = bytes.length <= bytesMax ? jsonObject(utf8(bytes), bytesMax) : undefined
  if (!fields) return undefined
  const { type, id, text, sentAt, user } = fields
  switch (type) {
    case 'hello': {
      const delegation = delegationFrom(fields, user, peer)
      return delegation && { type, delegation }
    }
    case 'text':
      if (!isMessageId(id) || typeof text !== 'string' || text.length === 0 || text.length > messageCharactersMax) return undefined
      return isTime(sentAt) ? { type, id, text: wellFormed(text), sentAt } : undefined
    case 'receipt':
      return isMessageId(id) ? { type, id } : undefined
    case 'ping':
    case 'pong':
      return { type }
    default:
      return undefined
  }
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 8.64e15
}

/** Empty for bytes that are not UTF-8, which is no JSON either. */
function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return ''
  }
}
