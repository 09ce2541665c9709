import { messageBytesMax } from '@hashtab/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutIntoFrames, endFrame, frameBytesMax, Reassembly } from './frames.js'

const message = (length: number) => Uint8Array.from({ length }, (_, place) => (place * 7) % 256)
const lengths = fc.oneof(fc.integer({ min: 1, max: messageBytesMax }), fc.constantFrom(1, 16_379, 16_380, 16_383, 16_384, messageBytesMax))

describe('cutIntoFrames and Reassembly', () => {
  it('carry messages of any length, one after the other, in frames of at most 16 KiB', () => {
    fc.assert(
      fc.property(fc.array(lengths, { maxLength: 8 }), (wanted) => {
        const reassembly = new Reassembly()
        const found = wanted
          .flatMap((length) => cutIntoFrames(message(length)))
          .map((frame) => {
            expect(frame.length).toBeLessThanOrEqual(frameBytesMax)
            return reassembly.handle(frame)
          })
        const messages = found.filter((each) => each instanceof Uint8Array)
        expect(messages.map((each) => Buffer.compare(each, message(each.length)))).toEqual(wanted.map(() => 0))
        expect(messages.map((each) => each.length)).toEqual(wanted)
        expect(reassembly.handle(endFrame)).toBe('ended')
      }),
      { numRuns: 50 },
    )
  })

  it('cut a message in one way', () => {
    expect(cutIntoFrames(message(1))).toEqual([Uint8Array.of(0, 0)])
    expect(cutIntoFrames(message(16_383)).map((frame) => frame.length)).toEqual([16_384])
    expect(cutIntoFrames(message(16_384)).map((frame) => frame.length)).toEqual([16_384, 6])
    expect(cutIntoFrames(message(16_384))[0]!.subarray(0, 6)).toEqual(Uint8Array.of(1, 0, 0, 0x40, 0, 0))
    expect(cutIntoFrames(message(messageBytesMax)).map((frame) => frame.length)).toEqual([16_384, 16_384, 7])
  })

  it.each([0, messageBytesMax + 1])('throw a RangeError for a message of %i bytes', (length) => {
    expect(() => cutIntoFrames(new Uint8Array(length))).toThrow(RangeError)
  })
})

describe('Reassembly answers abused for', () => {
  const full = (...header: number[]) => {
    const frame = new Uint8Array(frameBytesMax)
    frame.set(header)
    return frame
  }
  const begun = full(1, 0, 0, 0x80, 0)

  it.each<[string, Uint8Array[]]>([
    ['an empty frame', [new Uint8Array(0)]],
    ['a whole message of no bytes', [Uint8Array.of(0)]],
    ['a frame of 16 KiB and 1', [new Uint8Array(frameBytesMax + 1)]],
    ['an unknown kind', [Uint8Array.of(4, 1)]],
    ['a part of nothing', [full(2)]],
    ['a first frame that is not full', [begun.subarray(0, -1)]],
    ['a first frame of a message that would fit into one', [full(1, 0, 0, 0x3f, 0xff)]],
    ['a message too long', [full(1, 0, 0, 0x80, 1)]],
    ['a message of 4 GiB', [full(1, 0xff, 0xff, 0xff, 0xff)]],
    ['a message within a message', [begun, Uint8Array.of(0, 1)]],
    ['a message begun twice', [begun, begun]],
    ['a part that is not full', [begun, full(2).subarray(0, -1)]],
    ['a last part too long', [begun, full(2), full(2)]],
    ['a last part too short', [begun, full(2), Uint8Array.of(2, 1)]],
    ['an end with something in it', [Uint8Array.of(3, 1)]],
    ['an end within a message', [begun, endFrame]],
  ])('%s', (_name, frames) => {
    const reassembly = new Reassembly()
    const answers = frames.map((frame) => reassembly.handle(frame))
    expect(answers.pop()).toBe('abused')
    for (const answer of answers) expect(answer).toBeUndefined()
  })

  it('or takes any frames, without throwing', () => {
    const frame = fc
      .tuple(fc.nat(4), fc.uint8Array({ maxLength: 8 }), fc.boolean())
      .map(([kind, rest, fill]) => (fill ? full(kind, ...rest) : Uint8Array.of(kind, ...rest)))
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), (frames) => {
        const reassembly = new Reassembly()
        for (const each of frames) {
          const answer = reassembly.handle(each)
          if (answer instanceof Uint8Array) expect(answer.length).toBeLessThanOrEqual(messageBytesMax)
        }
      }),
    )
  })
})
