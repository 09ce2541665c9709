import { messageBytesMax } from '@hashtab/core'

/** Bytes of one frame, its header included. Every browser passes messages of 16 KiB on without cutting them (RFC 8831, section 6.6). */
export const frameBytesMax = 16 * 1024

/*
 * A message that fits travels as one frame; a longer one as a first frame that names the whole length, then others.
 * All frames of a message but its last are full, so there is one way only to cut a message.
 *
 *   whole   0x00  message of 1 to 16,383 bytes
 *   first   0x01  length of the message, 4 bytes big-endian  16,379 bytes
 *   next    0x02  16,383 bytes, or what is left
 *   end     0x03
 *
 * `end` says that nothing follows. Closing the channel would say so too, but libdatachannel then drops what is queued, and
 * Chromium may wait for ever (crbug.com/882743).
 */
const whole = 0
const first = 1
const next = 2
const end = 3
const headerBytes = 1
const firstHeaderBytes = 5

/** The last frame of an end that is done. */
export const endFrame: Uint8Array = Uint8Array.of(end)

/** The frames of a message. Throws a `RangeError` unless it has 1 to `messageBytesMax` bytes: a fault of the caller. */
export function cutIntoFrames(message: Uint8Array): Uint8Array[] {
  const length = message.length
  if (length < 1 || length > messageBytesMax) throw new RangeError(`A message has 1 to ${messageBytesMax} bytes, not ${length}.`)
  if (length <= frameBytesMax - headerBytes) return [frame([whole], message)]
  const frames = [frame([first, ...lengthBytes(length)], message.subarray(0, frameBytesMax - firstHeaderBytes))]
  for (let at = frameBytesMax - firstHeaderBytes; at < length; at += frameBytesMax - headerBytes) {
    frames.push(frame([next], message.subarray(at, at + frameBytesMax - headerBytes)))
  }
  return frames
}

/**
 * Puts frames together again. Holds at most one message, at most `messageBytesMax` bytes, allocated once its length is known to be allowed.
 */
export class Reassembly {
  #message: Uint8Array | undefined
  #filled = 0

  /** The message that this frame completes; nothing yet; `'ended'`; or `'abused'`: no end that follows our rules sends such a frame. */
  handle(frame: Uint8Array): Uint8Array | undefined | 'ended' | 'abused' {
    if (frame[0] === end) return frame.length === endFrame.length && this.#message === undefined ? 'ended' : 'abused'
    if (frame.length <= headerBytes || frame.length > frameBytesMax) return 'abused'
    switch (frame[0]) {
      case whole:
        return this.#message === undefined ? frame.subarray(headerBytes) : 'abused'
      case first:
        return this.#begin(frame)
      case next:
        return this.#goOn(frame.subarray(headerBytes))
      default:
        return 'abused'
    }
  }

  #begin(frame: Uint8Array): undefined | 'abused' {
    if (this.#message !== undefined || frame.length !== frameBytesMax) return 'abused'
    const length = new DataView(frame.buffer, frame.byteOffset).getUint32(headerBytes)
    if (length <= frameBytesMax - headerBytes || length > messageBytesMax) return 'abused'
    this.#message = new Uint8Array(length)
    this.#message.set(frame.subarray(firstHeaderBytes))
    this.#filled = frameBytesMax - firstHeaderBytes
    return undefined
  }

  #goOn(part: Uint8Array): Uint8Array | undefined | 'abused' {
    const message = this.#message
    if (message === undefined) return 'abused'
    if (part.length !== Math.min(frameBytesMax - headerBytes, message.length - this.#filled)) return 'abused'
    message.set(part, this.#filled)
    this.#filled += part.length
    if (this.#filled < message.length) return undefined
    this.#message = undefined
    return message
  }
}

function lengthBytes(length: number): number[] {
  return [length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff]
}

function frame(header: readonly number[], part: Uint8Array): Uint8Array {
  const frame = new Uint8Array(header.length + part.length)
  frame.set(header)
  frame.set(part, header.length)
  return frame
}
