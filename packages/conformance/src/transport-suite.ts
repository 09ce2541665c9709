import { descriptionBytesMax, messageBytesMax } from '@hashtab/core'
import type { Clock, Transport } from '@hashtab/peer'
import { ManualClock } from './manual-clock.js'
import { connect, TransportEnd } from './transport-end.js'

/** Transports that can reach each other, made for one case. */
export interface TransportPlace {
  /** `clock` runs the deadlines, where a case needs them to pass. */
  make(options?: { readonly clock?: Pick<Clock, 'wake'> }): Transport
}

/** One promise of the `Transport` port. Runs wherever its transports do, in a test runner or in a page; rejects when the promise is broken. */
export interface TransportCase {
  readonly name: string
  run(makePlace: () => TransportPlace): Promise<void>
}

/** Longer than any transport may try to open a link. */
const deadlineMsMax = 60_000

/** What every `Transport` promises (source: the port's docstrings). */
export const transportSuite: readonly TransportCase[] = [
  suiteCase('a link opens at both ends and carries messages both ways', async (ends) => {
    const [a, b] = [ends(), ends()]
    await connect(a, 1, b, 7)
    a.order((transport) => transport.send(1, bytes(1)))
    b.order((transport) => transport.send(7, bytes(2)))
    mustEqual((await b.next('received', 7)).message.join(), '1', 'the message of the offering end')
    mustEqual((await a.next('received', 1)).message.join(), '2', 'the message of the answering end')
  }),
  suiteCase('what is sent as soon as a link is open arrives, and after the other end has told that it is', async (ends) => {
    const [a, b] = [ends(), ends()]
    for (const [end, link] of [
      [a, 1],
      [b, 2],
    ] as const) {
      end.watch((event) => {
        if (event.type === 'opened') end.order((transport) => transport.send(link, bytes(link)))
      })
    }
    await connect(a, 1, b, 2)
    await Promise.all([a.next('received', 1), b.next('received', 2)])
    for (const end of [a, b]) {
      const types = end.told.map((event) => event.type)
      mustEqual(types.indexOf('opened') < types.indexOf('received'), true, `opened before received in ${types.join()}`)
    }
  }),
  suiteCase('messages of every length keep their bytes and their order', async (ends) => {
    const [a, b] = [ends(), ends()]
    await connect(a, 1, b, 1)
    const lengths = [1, 2, 1_000, 16_379, 16_380, 16_383, 16_384, 16_385, messageBytesMax - 1, messageBytesMax, 1]
    const sent = lengths.map((length, turn) => Uint8Array.from({ length }, (_, place) => (place * 31 + turn) % 256))
    for (const message of sent) {
      const copy = message.slice()
      a.order((transport) => transport.send(1, copy))
      copy.fill(0) // The sender's buffer is its own again.
    }
    for (const [turn, message] of sent.entries()) {
      const received = (await b.next('received', 1)).message
      mustEqual(received.length, message.length, `the length of message ${turn}`)
      mustEqual(
        received.every((byte, place) => byte === message[place]),
        true,
        `the bytes of message ${turn}`,
      )
    }
  }),
  suiteCase('a mebibyte goes both ways at once, a quarter of it under way at a time', async (ends) => {
    const [a, b] = [ends(), ends()]
    await connect(a, 1, b, 2)
    const atOnce = 16
    const pour = (end: TransportEnd, link: number, from: number) => {
      for (let turn = from; turn < from + atOnce; turn++) end.order((transport) => transport.send(link, new Uint8Array(16_384).fill(turn)))
    }
    const taken = async (end: TransportEnd, link: number, from: number) => {
      for (let turn = from; turn < from + atOnce; turn++) {
        const { message } = await end.next('received', link)
        mustEqual(message.length === 16_384 && message.every((byte) => byte === turn), true, `message ${turn} whole and in its turn`)
      }
    }
    for (let from = 0; from < 4 * atOnce; from += atOnce) {
      pour(a, 1, from)
      pour(b, 2, from)
      await Promise.all([taken(a, 1, from), taken(b, 2, from)])
    }
    mustEqual(a.transport.bufferedBytes(1) + b.transport.bufferedBytes(2), 0, 'what is left in the queues')
  }),
  suiteCase('several links of several transports are made at once and do not mix', async (ends) => {
    const [a, b, c] = [ends(), ends(), ends()]
    const pairs = [
      [a, 1, b, 1],
      [b, 2, c, 1],
      [c, 2, a, 2],
      [a, 3, b, 3],
    ] as const
    await Promise.all(pairs.map(([from, link, to, toLink]) => connect(from, link, to, toLink)))
    for (const [turn, [from, link]] of pairs.entries()) from.order((transport) => transport.send(link, bytes(turn)))
    for (const [turn, [, , to, toLink]] of pairs.entries())
      mustEqual((await to.next('received', toLink)).message[0], turn, `what link ${turn} carried`)
    mustEqual(a.transport.connectionsMade, 3, 'the connections made')
  }),
  suiteCase('end: the other end hears closed, after all that was sent before; this end hears nothing more', async (ends) => {
    const [a, b] = [ends(), ends()]
    await connect(a, 1, b, 1)
    const told = a.told.length
    a.order((transport) => {
      for (let turn = 0; turn < 20; turn++) transport.send(1, new Uint8Array(16_000).fill(turn))
      transport.end(1)
    })
    b.order((transport) => transport.send(1, bytes(9)))
    mustEqual((await b.next('closed', 1)).reason, 'ended', 'the reason')
    mustEqual(
      b
        .messages(1)
        .map((message) => message[0])
        .join(),
      Array.from({ length: 20 }, (_, turn) => turn).join(),
      'the messages received',
    )
    mustEqual(b.told.at(-1)?.type, 'closed', 'the last event')
    await connect(a, 2, b, 2)
    mustEqual(
      a.told.slice(told).some((event) => event.link === 1),
      false,
      'something told of an ended link',
    )
  }),
  suiteCase('end during an attempt: nothing is told of it, and the transport goes on', async (ends) => {
    const [a, b] = [ends(), ends()]
    a.order((transport) => transport.offer(1))
    a.order((transport) => transport.end(1))
    a.order((transport) => transport.offer(2))
    const offer = await a.next('described', 2)
    b.order((transport) => transport.answer(2, offer.description))
    a.order((transport) => transport.end(2))
    b.order((transport) => transport.end(2))
    await connect(a, 3, b, 3)
    mustEqual(a.told.filter((event) => event.link !== 3).length, 1, 'the events of ended attempts')
    mustEqual(b.told.filter((event) => event.link !== 3).length, 0, 'the events of the ended answer')
  }),
  suiteCase('orders for unknown links are ignored', async (ends) => {
    const [a, b] = [ends(), ends()]
    a.order((transport) => {
      transport.accept(99, bytes(1))
      transport.addCandidates(99, bytes(1))
      transport.send(99, bytes(1))
      transport.end(99)
    })
    mustEqual(a.transport.bufferedBytes(99), 0, 'the bytes buffered')
    await connect(a, 1, b, 1)
    mustEqual(
      a.told.every((event) => event.link === 1),
      true,
      'only the known link is told of',
    )
  }),
  suiteCase('a malformed description or candidate ends the link, and throws nothing', async (ends) => {
    const end = ends()
    for (const [turn, bad] of badBytes.entries()) {
      end.order((transport) => transport.answer(turn, bad))
      mustEqual(['failed', 'abused'].includes((await end.next('closed', turn)).reason), true, 'failed or abused')
    }
    mustEqual(end.transport.connectionsMade, 0, 'connections made for a bad offer')
    for (const [turn, bad] of badBytes.entries()) {
      for (const [link, order] of [
        [100 + turn, 'accept'],
        [200 + turn, 'addCandidates'],
      ] as const) {
        end.order((transport) => transport.offer(link))
        await end.next('described', link)
        end.order((transport) => transport[order](link, bad))
        mustEqual(['failed', 'abused'].includes((await end.next('closed', link)).reason), true, 'failed or abused')
        mustEqual(end.told.at(-1)?.type, 'closed', 'the last event')
      }
    }
  }),
  suiteCase('when the other end never answers, both ends give up', async (ends) => {
    const [a, clock] = [ends(), new ManualClock()]
    const [alone, answering] = [ends(clock), ends(clock)]
    alone.order((transport) => transport.offer(1))
    a.order((transport) => transport.offer(1))
    const offer = await a.next('described', 1)
    answering.order((transport) => transport.answer(1, offer.description))
    clock.advance(deadlineMsMax)
    mustEqual((await alone.next('closed', 1)).reason, 'failed', 'the reason at the offering end')
    mustEqual((await answering.next('closed', 1)).reason, 'failed', 'the reason at the answering end')
    mustEqual(clock.waiting, 0, 'the timers left behind')
  }),
  suiteCase('an open link has no deadline', async (ends) => {
    const [a, clock] = [ends(), new ManualClock()]
    const b = ends({ wake: (delayMs, callback) => clock.wake(delayMs, callback) })
    const ticking = setInterval(() => clock.advance(10), 1) // Lets the windows of a description pass; a second of this is no deadline.
    await connect(a, 1, b, 1).finally(() => clearInterval(ticking))
    clock.advance(deadlineMsMax)
    b.order((transport) => transport.send(1, bytes(1)))
    await a.next('received', 1)
  }),
  suiteCase('a message of no bytes, or of too many, is a fault of the caller: RangeError, and the link stays', async (ends) => {
    const [a, b] = [ends(), ends()]
    await connect(a, 1, b, 1)
    for (const length of [0, messageBytesMax + 1]) {
      mustEqual(faultOf(() => a.transport.send(1, new Uint8Array(length))) instanceof RangeError, true, `a RangeError for ${length} bytes`)
    }
    a.order((transport) => transport.send(1, bytes(5)))
    mustEqual((await b.next('received', 1)).message[0], 5, 'the message after it')
  }),
  suiteCase('a link whose queue grows without end is closed', async (ends) => {
    const [a, b] = [ends(), ends()]
    await connect(a, 1, b, 1)
    a.order((transport) => {
      for (let turn = 0; turn < 4_096; turn++) transport.send(1, new Uint8Array(16_384))
    })
    mustEqual((await a.next('closed', 1)).reason, 'ended', 'the reason')
    mustEqual(a.transport.bufferedBytes(1), 0, 'the bytes buffered')
    await b.next('closed', 1)
  }),
  suiteCase('close: the other ends hear closed, and this end takes no more orders', async (ends) => {
    const [a, b] = [ends(), ends()]
    await connect(a, 1, b, 1)
    const told = a.told.length
    a.order((transport) => transport.close())
    a.order((transport) => transport.offer(2))
    mustEqual((await b.next('closed', 1)).reason, 'ended', 'the reason')
    mustEqual(a.told.length, told, 'the events told')
  }),
]

/** Bytes that no transport makes. */
const badBytes: readonly Uint8Array[] = [
  bytes(),
  bytes(0),
  bytes(0x64, 0x65),
  bytes(0x6c, 0x65),
  Uint8Array.from('v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n', (character) => character.charCodeAt(0)),
  new Uint8Array(descriptionBytesMax + 1).fill(0x31),
]

/** A case whose transports are all closed when it is over. */
function suiteCase(name: string, steps: (ends: (clock?: Pick<Clock, 'wake'>) => TransportEnd) => Promise<void>): TransportCase {
  return {
    name,
    async run(makePlace) {
      const place = makePlace()
      const made: TransportEnd[] = []
      try {
        await steps((clock) => {
          const end = new TransportEnd(place.make(clock && { clock }))
          made.push(end)
          return end
        })
        for (const end of made) end.check()
      } finally {
        for (const end of made) end.transport.close()
      }
    },
  }
}

function faultOf(call: () => void): unknown {
  try {
    call()
    return undefined
  } catch (fault) {
    return fault
  }
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}

function mustEqual(found: unknown, wanted: unknown, what: string) {
  if (found !== wanted) throw new Error(`Wanted ${what} to be ${String(wanted)}, found ${String(found)}.`)
}
