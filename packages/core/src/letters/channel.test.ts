import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contact } from '../fixtures/visible-key.js'
import { type ChannelFrame, partBytesMax } from '../wire/letter.js'
import {
  Channel,
  type ChannelEffect,
  type ChannelEvent,
  channelLostMs,
  channelMessageBytesMax,
  idleMs,
  resendMs,
  windowParts,
} from './channel.js'

const id = 'c0'.repeat(16)
const channelOf = () => new Channel(id, contact('0b1'), 0)
const bytes = (length: number, fill = 1) => new Uint8Array(length).fill(fill)
const send = (operation: number, data: Uint8Array): ChannelEvent => ({ type: 'send', operation, data })
const frame = (body: Extract<ChannelFrame, { type: 'part' | 'progress' | 'probe' | 'close' }>): ChannelEvent => ({
  type: 'frame',
  frame: body,
})
const part = (seq: number, data = bytes(1), last = true) => ({ type: 'part', channel: id, seq, last, data }) as const
const progress = (next: number, limit = next + windowParts) => ({ type: 'progress', channel: id, next, limit }) as const
const write = (body: ChannelFrame) => ({ type: 'write', body })
const parts = (effects: readonly ChannelEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'write' && effect.body.type === 'part' ? effect.body.seq : []))
const closed = (reason: string, unsent: readonly number[] = []) => ({ type: 'closed', reason, unsent })

describe('sending', () => {
  it('cuts a message into full parts, of which the last says so', () => {
    const effects = channelOf().handle(send(1, bytes(2 * partBytesMax + 5)), 0)
    expect(effects).toEqual([
      write(part(0, bytes(partBytesMax), false)),
      write(part(1, bytes(partBytesMax), false)),
      write(part(2, bytes(5), true)),
      { type: 'sent', operation: 1 },
    ])
  })

  it('takes an empty message for one, too', () => {
    expect(channelOf().handle(send(1, bytes(0)), 0)).toEqual([write(part(0, bytes(0))), { type: 'sent', operation: 1 }])
  })

  it('2: has no more parts under way than the window, and says of each message when its last part is', () => {
    const channel = channelOf()
    const effects = channel.handle(send(1, bytes((windowParts + 1) * partBytesMax)), 0)
    expect(parts(effects)).toEqual(Array.from({ length: windowParts }, (_, seq) => seq))
    expect(channel.handle(send(2, bytes(1)), 1)).toEqual([])
    expect(channel.handle(frame(progress(1)), 2)).toEqual([write(part(windowParts, bytes(partBytesMax))), { type: 'sent', operation: 1 }])
    expect(channel.handle(frame(progress(2)), 3)).toEqual([write(part(windowParts + 1)), { type: 'sent', operation: 2 }])
  })

  it('3: gives up what nobody wants to send any more, unless part of it is on its way', () => {
    const channel = channelOf()
    channel.handle(send(1, bytes((windowParts + 1) * partBytesMax)), 0)
    for (const operation of [2, 3, 4]) channel.handle(send(operation, bytes(partBytesMax + 1, operation)), 0)
    for (const operation of [1, 2, 4]) expect(channel.handle({ type: 'cancelled', operation }, 1)).toEqual([])
    expect(channel.handle(frame(progress(3)), 2)).toEqual([
      write(part(windowParts, bytes(partBytesMax))),
      { type: 'sent', operation: 1 },
      write(part(windowParts + 1, bytes(partBytesMax, 3), false)),
      write(part(windowParts + 2, bytes(1, 3))),
      { type: 'sent', operation: 3 },
    ])
    expect(channel.handle(frame(progress(windowParts + 3)), 3)).toEqual([])
  })

  it('again what was not acknowledged in time, each time later', () => {
    const channel = channelOf()
    channel.handle(send(1, bytes(1)), 0)
    expect(channel.wakeAtMs).toBe(resendMs)
    expect(channel.handle({ type: 'woke' }, resendMs - 1)).toEqual([])
    expect(channel.handle({ type: 'woke' }, resendMs)).toEqual([write(part(0))])
    expect(channel.wakeAtMs).toBe(resendMs + 2 * resendMs)
    expect(channel.handle(frame(progress(1)), resendMs + 1)).toEqual([])
    expect(channel.wakeAtMs).toBe(resendMs + 1 + idleMs)
  })

  it('again at once when the way changed, and asks whether the other end is there', () => {
    const channel = channelOf()
    channel.handle(send(1, bytes(1)), 0)
    expect(channel.handle({ type: 'rerouted' }, 1)).toEqual([write({ type: 'probe', channel: id }), write(part(0))])
    channel.handle(frame(progress(1)), 2)
    expect(channel.wakeAtMs).toBe(2 + idleMs)
  })
})

describe('receiving', () => {
  it('1: puts messages together in order, and acknowledges', () => {
    const channel = channelOf()
    expect(channel.handle(frame(part(1, bytes(3, 7))), 0)).toEqual([write(progress(0))])
    expect(channel.handle(frame(part(0, bytes(partBytesMax, 6), false)), 0)).toEqual([
      write(progress(2)),
      { type: 'message', data: Uint8Array.from([...bytes(partBytesMax, 6), 7, 7, 7]) },
    ])
  })

  it('1: shows what comes twice once', () => {
    const channel = channelOf()
    channel.handle(frame(part(0)), 0)
    expect(channel.handle(frame(part(0)), 0)).toEqual([write(progress(1))])
  })

  it('answers a probe with what it has', () => {
    expect(channelOf().handle(frame({ type: 'probe', channel: id }), 0)).toEqual([write(progress(0))])
  })
})

describe('abuse ends it', () => {
  it.each<[string, Parameters<typeof frame>[0]]>([
    ['2: a part past the window', part(windowParts)],
    ['a part that is not full, and not the last', part(0, bytes(partBytesMax - 1), false)],
    ['an empty part that is not the last', part(0, bytes(0), false)],
    ['an acknowledgement of what was never sent', progress(1)],
  ])('%s', (_, body) => {
    expect(channelOf().handle(frame(body), 0)).toEqual([closed('abused')])
  })

  it('an acknowledgement of what is still waiting to be sent', () => {
    const channel = channelOf()
    channel.handle(send(1, bytes((windowParts + 1) * partBytesMax)), 0)
    expect(channel.handle(frame(progress(windowParts + 1)), 1)).toEqual([closed('abused', [1])])
  })

  it('a message longer than any, but what came whole before it is shown', () => {
    const channel = channelOf()
    const tooMany = Math.ceil(channelMessageBytesMax / partBytesMax)
    for (let seq = 0; seq < tooMany - 1; seq++) channel.handle(frame(part(seq, bytes(partBytesMax), false)), 0)
    const last = bytes(channelMessageBytesMax - (tooMany - 1) * partBytesMax + 1)
    expect(channel.handle(frame(part(tooMany - 1, last)), 0)).toEqual([closed('abused')])

    const other = channelOf()
    for (let seq = 1; seq < 5; seq++) other.handle(frame(part(seq, bytes(partBytesMax), false)), 0)
    expect(other.handle(frame(part(0)), 0).map(({ type }) => type)).toEqual(['write', 'message'])
  })

  it('not a limit without bounds: the window stays what it is', () => {
    const channel = channelOf()
    channel.handle(frame(progress(0, 2 ** 40)), 0)
    expect(parts(channel.handle(send(1, bytes(2 * windowParts * partBytesMax)), 1)).length).toBe(windowParts)
  })
})

describe('closing', () => {
  it('lets what was sent before arrive first', () => {
    const channel = channelOf()
    channel.handle(send(1, bytes(1)), 0)
    expect(channel.handle({ type: 'close' }, 1)).toEqual([])
    expect(channel.handle(frame(progress(1)), 2)).toEqual([write({ type: 'close', channel: id }), closed('closed')])
  })

  it('3: refuses what comes after it, and goes on closing', () => {
    const channel = channelOf()
    channel.handle(send(1, bytes(1)), 0)
    channel.handle({ type: 'close' }, 1)
    expect(channel.handle(send(2, bytes(1)), 2)).toEqual([{ type: 'unsent', operation: 2 }])
    expect(channel.handle(frame(progress(1)), 3)).toEqual([write({ type: 'close', channel: id }), closed('closed')])
    expect(channel.handle(send(3, bytes(1)), 4)).toEqual([{ type: 'unsent', operation: 3 }])
  })

  it('3: by the other end tells of every send that did not go out', () => {
    const channel = channelOf()
    channel.handle(send(1, bytes(windowParts * partBytesMax)), 0)
    channel.handle(send(2, bytes(1)), 0)
    channel.handle(send(3, bytes(1)), 0)
    expect(channel.handle(frame({ type: 'close', channel: id }), 1)).toEqual([closed('closed', [2, 3])])
  })

  it('happens after long silence, not sooner', () => {
    const channel = channelOf()
    channel.handle(send(1, bytes(1)), 0)
    let nowMs = 0
    let effects: ChannelEffect[] = []
    while (channel.wakeAtMs !== undefined && !effects.some(({ type }) => type === 'closed')) {
      nowMs = channel.wakeAtMs
      effects = channel.handle({ type: 'woke' }, nowMs)
    }
    expect(effects).toEqual([closed('lost')])
    expect(nowMs).toBeGreaterThanOrEqual(channelLostMs)
    expect(nowMs).toBeLessThan(channelLostMs + 8 * resendMs + 1)
  })

  it('happens to one on which nothing was said when the other end is gone; one that is there says so', () => {
    const there = channelOf()
    const probe = there.handle({ type: 'woke' }, idleMs)
    expect(probe).toEqual([write({ type: 'probe', channel: id })])
    expect(there.handle(frame(progress(0)), idleMs + 90)).toEqual([])
    expect(there.wakeAtMs).toBe(2 * idleMs + 90)

    const gone = channelOf()
    expect(gone.handle({ type: 'woke' }, idleMs - 1)).toEqual([])
    const said: ChannelEffect[] = []
    while (gone.wakeAtMs !== undefined) said.push(...gone.handle({ type: 'woke' }, gone.wakeAtMs))
    expect(said.at(-1)).toEqual(closed('lost'))
    expect(said.length).toBeGreaterThan(3)
  })

  it('does not happen at once to one that slept: it is tried a few times first', () => {
    const channel = channelOf()
    channel.handle(send(1, bytes(1)), 0)
    expect(channel.handle({ type: 'woke' }, 10 * channelLostMs)).toEqual([write(part(0))])
  })

  it('4: happens once, and nothing is said afterwards', () => {
    const channel = channelOf()
    channel.handle({ type: 'close' }, 0)
    for (const event of [
      frame(part(0)),
      frame(progress(0)),
      frame({ type: 'close', channel: id }),
      { type: 'close' },
      { type: 'rerouted' },
      { type: 'woke' },
    ] as ChannelEvent[]) {
      expect(channel.handle(event, 1)).toEqual([])
    }
    expect(channel.wakeAtMs).toBeUndefined()
  })
})

/** How often one frame arrives, and after how many milliseconds each time. */
type Fate = readonly number[]

/** Two channels joined by a pipe that loses, doubles and reorders frames as it is told. */
class Pipe {
  readonly ends = [channelOf(), channelOf()] as const
  readonly messages: [Uint8Array[], Uint8Array[]] = [[], []]
  readonly ended = new Map<number, number>()
  readonly closes: [string[], string[]] = [[], []]
  readonly #fates: readonly Fate[]
  readonly #due: { atMs: number; happen: () => void }[] = []
  #frames = 0
  #nowMs = 0

  constructor(fates: readonly Fate[]) {
    this.#fates = fates
  }

  at(atMs: number, end: 0 | 1, event: ChannelEvent): void {
    this.#due.push({ atMs, happen: () => this.#take(end, event) })
  }

  run(untilMs = Infinity): void {
    for (let steps = 0; steps < 100_000; steps++) {
      this.#due.sort((a, b) => a.atMs - b.atMs)
      const wakeAtMs = Math.min(...this.ends.map((end) => end.wakeAtMs ?? Infinity))
      const [next] = this.#due
      if (Math.min(wakeAtMs, next?.atMs ?? Infinity) > untilMs) return
      if (next && next.atMs <= wakeAtMs) {
        this.#due.shift()
        this.#nowMs = Math.max(this.#nowMs, next.atMs)
        next.happen()
      } else if (wakeAtMs < Infinity) {
        this.#nowMs = Math.max(this.#nowMs, wakeAtMs)
        for (const end of [0, 1] as const) this.#take(end, { type: 'woke' })
      } else return
    }
    throw new Error('It does not end.')
  }

  #take(end: 0 | 1, event: ChannelEvent): void {
    const there = (1 - end) as 0 | 1
    for (const effect of this.ends[end].handle(event, this.#nowMs)) {
      switch (effect.type) {
        case 'write': {
          const { body } = effect
          if (body.type === 'open' || body.type === 'opened') throw new Error(body.type)
          for (const delayMs of this.#fates[this.#frames++ % this.#fates.length]!) this.at(this.#nowMs + delayMs, there, frame(body))
          break
        }
        case 'message':
          this.messages[end].push(effect.data)
          break
        case 'sent':
        case 'unsent':
          this.#end(effect.operation)
          break
        case 'closed':
          this.closes[end].push(effect.reason)
          effect.unsent.forEach((operation) => this.#end(operation))
      }
    }
  }

  #end(operation: number): void {
    this.ended.set(operation, (this.ended.get(operation) ?? 0) + 1)
  }
}

const anyFate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 300 }).map((delayMs) => [delayMs]) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 2, maxLength: 3 }) },
)
const anySend = fc.record({
  atMs: fc.nat(5_000),
  end: fc.constantFrom<0 | 1>(0, 1),
  length: fc.oneof(fc.nat(100), fc.nat(3 * partBytesMax)),
})

/** A message whose bytes are all the same: comparing that is quick. */
function inWords(data: Uint8Array): string {
  return `${data.length} bytes of ${[...new Set(data)].join()}`
}

describe('two channels joined by a pipe that loses, doubles and reorders', () => {
  it('1–4: bring every message whole, once, in order; end every send; close once', () => {
    fc.assert(
      fc.property(fc.array(anyFate, { minLength: 3, maxLength: 17 }), fc.array(anySend, { maxLength: 12 }), (fates, sends) => {
        const pipe = new Pipe(fates)
        const sent: [Uint8Array[], Uint8Array[]] = [[], []]
        const inOrder = sends.toSorted((a, b) => a.atMs - b.atMs)
        inOrder.forEach(({ atMs, end, length }, operation) => {
          const data = bytes(length, operation + 1)
          sent[end].push(data)
          pipe.at(atMs, end, send(operation, data))
        })
        pipe.at(200_000, 0, { type: 'close' })
        pipe.run()
        for (const end of [0, 1] as const) {
          const [came, wereSent] = [pipe.messages[end], sent[(1 - end) as 0 | 1]]
          expect(came.map(inWords)).toEqual(wereSent.slice(0, came.length).map(inWords))
          if (!pipe.closes.flat().includes('lost')) expect(came.length).toBe(wereSent.length)
          expect(pipe.closes[end].length).toBeLessThanOrEqual(1)
          expect(pipe.closes[end]).not.toContain('abused')
        }
        expect(pipe.closes[0].length).toBe(1)
        expect([...pipe.ended].sort(([a], [b]) => a - b)).toEqual(inOrder.map((_, operation) => [operation, 1]))
      }),
      { numRuns: 200 },
    )
  })

  it('1: bring a long message through, part by part', () => {
    const pipe = new Pipe([[30], [250, 10], [], [5], [90], [40], [700]])
    const data = Uint8Array.from({ length: 3 * windowParts * partBytesMax }, (_, i) => i % 251)
    pipe.at(0, 0, send(1, data))
    pipe.run(3_600_000)
    expect(pipe.messages[1].map((came) => came.length === data.length && came.every((byte, i) => byte === data[i]))).toEqual([true])
    expect(pipe.closes).toEqual([[], []])
  })
})
