import { encodedLength } from '../bencode/bencode.js'
import { answerRecordBytesMax, answerRecordsMax } from '../wire/message.js'
import { encodeRecord } from './record-codec.js'
import type { Record } from './record.js'

/** As many of the records as one message holds, from the first. */
export function recordsThatFit(records: readonly Record[]): Record[] {
  let bytes = 0
  return records.slice(0, answerRecordsMax).filter((record) => (bytes += encodedLength(encodeRecord(record))) <= answerRecordBytesMax)
}
