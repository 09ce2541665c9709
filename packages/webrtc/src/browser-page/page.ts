import { connect, TransportEnd, transportSuite } from '@hashtab/conformance'
import { encode } from '@hashtab/core'
import type { CloseReason, TransportEvent } from '@hashtab/peer'
import { encodeDescription } from '../description.js'
import { frameBytesMax } from '../frames.js'
import { WebRtcTransport } from '../web-rtc-transport.js'
import { HostileEnd } from './hostile-end.js'

/** Every way to break a rule on an open link. */
const abuses = {
  'an unasked channel': ({ pc }: HostileEnd) => void pc.createDataChannel('more'),
  'two thousand unasked channels': ({ pc }: HostileEnd) => {
    for (let turn = 0; turn < 2_000; turn++) pc.createDataChannel(`more ${turn}`)
  },
  text: ({ channel }: HostileEnd) => channel.send('hello'),
  'an empty frame': ({ channel }: HostileEnd) => channel.send(new Uint8Array(0)),
  'an unknown kind of frame': ({ channel }: HostileEnd) => channel.send(Uint8Array.of(9, 1, 2)),
  'a frame too long': ({ channel }: HostileEnd) => channel.send(new Uint8Array(frameBytesMax + 1)),
  'a frame of 256 KiB': ({ channel }: HostileEnd) => channel.send(new Uint8Array(256 * 1024)),
  'frames that never end': ({ channel }: HostileEnd) => {
    channel.send(frame(1, 0, 0, 0x80, 0))
    for (let turn = 0; turn < 500; turn++) channel.send(frame(2))
  },
  'two ends': ({ channel }: HostileEnd) => channel.send(Uint8Array.of(3, 3)),
  'a message of 4 GiB': ({ channel }: HostileEnd) => channel.send(frame(1, 0xff, 0xff, 0xff, 0xff)),
  'first frames without end': ({ channel }: HostileEnd) => {
    for (let turn = 0; turn < 500; turn++) channel.send(frame(1, 0, 0, 0x80, 0))
  },
  'a half frame': ({ channel }: HostileEnd) => {
    channel.send(frame(1, 0, 0, 0x80, 0))
    channel.send(Uint8Array.of(2, 1, 2, 3))
  },
} satisfies Record<string, (end: HostileEnd) => void>

let across: { transport: WebRtcTransport; end: TransportEnd } | undefined

/** What the test calls in the page. */
export const page = {
  cases: transportSuite.map(({ name }) => name),
  abuses: Object.keys(abuses),

  /** Runs one case of the suite; resolves to what went wrong. */
  async runCase(name: string): Promise<string | undefined> {
    const found = transportSuite.find((each) => each.name === name)
    try {
      await found!.run(() => ({ make: (options) => new WebRtcTransport(options) }))
      return undefined
    } catch (fault) {
      return String(fault)
    }
  },

  /** How a link is closed when its other end does this. */
  async abuse(name: string): Promise<CloseReason> {
    const [end, hostile] = [new TransportEnd(new WebRtcTransport()), new HostileEnd()]
    try {
      await link(end, hostile)
      abuses[name as keyof typeof abuses](hostile)
      return (await end.next('closed', 1)).reason
    } finally {
      end.transport.close()
      hostile.pc.close()
    }
  },

  /** How a link is closed whose other end has another certificate than its answer says. */
  async wrongFingerprint(): Promise<CloseReason> {
    const [end, hostile] = [new TransportEnd(new WebRtcTransport()), new HostileEnd()]
    try {
      end.transport.offer(1)
      const { description } = await end.next('described', 1)
      end.transport.accept(
        1,
        await hostile.answer(description, (answer) => ({ ...answer, fingerprint: answer.fingerprint.map((byte) => byte ^ 1) })),
      )
      return (await end.next('closed', 1)).reason
    } finally {
      end.transport.close()
      hostile.pc.close()
    }
  },

  /** How a link is closed whose other end names nine candidates in all, and how many connections that took. */
  async tooManyCandidates(): Promise<CloseReason> {
    const [end, hostile] = [new TransportEnd(new WebRtcTransport()), new HostileEnd()]
    try {
      await link(end, hostile)
      const dead = (place: number) =>
        new Map<string, number | Uint8Array>([
          ['a', Uint8Array.of(192, 0, 2, place)],
          ['o', 5_000],
          ['p', 1],
          ['t', latin1('host')],
        ])
      for (let place = 0; place < 9; place++) end.transport.addCandidates(1, encode([dead(place)]))
      return (await end.next('closed', 1)).reason
    } finally {
      end.transport.close()
      hostile.pc.close()
    }
  },

  /** How an offer with something else in the place of one of its fields is closed, and how many connections that took. */
  async inject(field: string, bytes: number[]): Promise<[CloseReason, number]> {
    const transport = new WebRtcTransport()
    const end = new TransportEnd(transport)
    const fields = new Map<string, string | Uint8Array | []>([
      ['c', []],
      ['f', new Uint8Array(32)],
      ['p', latin1('p'.repeat(22))],
      ['s', latin1('actpass')],
      ['u', latin1('uuuu')],
    ])
    try {
      transport.answer(1, encode(new Map([...fields, [field, Uint8Array.from(bytes)]]) as never))
      return [(await end.next('closed', 1)).reason, transport.connectionsMade]
    } finally {
      transport.close()
    }
  },

  /** Answers an offer that names these ports of an IPv4 address, where nobody answers: resolves to how the link ends, and after how many milliseconds. */
  async callOn(address: number[], ports: number[], loopback: boolean): Promise<[CloseReason, number]> {
    const transport = new WebRtcTransport({ loopback })
    const end = new TransportEnd(transport)
    const beganMs = performance.now()
    const candidates = ports.map((port, i) => ({ address: address.join('.'), port, priority: 2_000_000 - i, type: 'host' as const }))
    transport.answer(
      1,
      encodeDescription({ candidates, fingerprint: new Uint8Array(32), pwd: 'p'.repeat(22), setup: 'actpass', ufrag: 'uuuu' }),
    )
    const { reason } = await end.next('closed', 1)
    return [reason, performance.now() - beganMs]
  },

  /** Milliseconds until `closed` when the other end closes its connection without a word. */
  async droppedAfterMs(): Promise<number> {
    const [end, hostile] = [new TransportEnd(new WebRtcTransport()), new HostileEnd()]
    await link(end, hostile)
    const beganMs = performance.now()
    hostile.pc.close()
    await end.next('closed', 1)
    end.transport.close()
    return performance.now() - beganMs
  },

  /** Milliseconds of each of so many links, one after the other. */
  async openingMs(links: number): Promise<number[]> {
    const [a, b] = [new TransportEnd(new WebRtcTransport()), new TransportEnd(new WebRtcTransport())]
    const durations: number[] = []
    for (let id = 1; id <= links; id++) {
      const beganMs = performance.now()
      await connect(a, id, b, id)
      durations.push(performance.now() - beganMs)
      a.transport.end(id)
    }
    a.transport.close()
    b.transport.close()
    return durations
  },

  /** Takes every slot for connections; resolves to how the next link ends, and milliseconds until one can be begun again. */
  async withoutSlots(): Promise<{ reason: CloseReason | undefined; recoveredAfterMs: number }> {
    const end = new TransportEnd(new WebRtcTransport())
    const attempt = (id: number) =>
      new Promise<TransportEvent>((resolve) => {
        const stop = end.watch((event) => {
          if (event.link !== id) return
          stop()
          resolve(event)
        })
        end.transport.offer(id)
      })
    const held: RTCPeerConnection[] = []
    try {
      for (;;) {
        held.push(new RTCPeerConnection())
        held.at(-1)!.close()
      }
    } catch {
      held.length = 0
    }
    const beganMs = performance.now()
    const refused = await attempt(1)
    for (let id = 2; (await attempt(id)).type !== 'described'; id++) await new Promise((resolve) => setTimeout(resolve, 100))
    end.transport.close()
    return { reason: refused.type === 'closed' ? refused.reason : undefined, recoveredAfterMs: performance.now() - beganMs }
  },

  /** One end of a link to another page. */
  offer: async () => {
    const transport = new WebRtcTransport()
    across = { transport, end: new TransportEnd(transport) }
    transport.offer(1)
    return [...(await across.end.next('described', 1)).description]
  },
  answer: async (description: number[]) => {
    const transport = new WebRtcTransport()
    across = { transport, end: new TransportEnd(transport) }
    transport.answer(1, Uint8Array.from(description))
    return [...(await across.end.next('described', 1)).description]
  },
  accept: async (description: number[]) => {
    across!.transport.accept(1, Uint8Array.from(description))
    await across!.end.next('opened', 1)
  },
  addCandidates: (candidates: number[]) => across!.transport.addCandidates(1, Uint8Array.from(candidates)),
  /** Sends back the next message of that link. */
  echo: async () => {
    const { message } = await across!.end.next('received', 1)
    across!.transport.send(1, message)
  },
  /** What the end of that link is told, each with milliseconds from now, until it is closed. */
  lostAfterMs: async () => {
    const beganMs = performance.now()
    const told: [type: string, ms: number][] = []
    across!.end.watch((event) => told.push([event.type, performance.now() - beganMs]))
    while (told.at(-1)?.[0] !== 'closed') await new Promise((resolve) => setTimeout(resolve, 100))
    return told
  },
}

export type Page = typeof page
Object.assign(globalThis, { page })

async function link(end: TransportEnd, hostile: HostileEnd): Promise<void> {
  end.transport.offer(1)
  const { description } = await end.next('described', 1)
  end.transport.accept(1, await hostile.answer(description))
  await Promise.all([end.next('opened', 1), hostile.opened()])
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** A full frame that begins so. */
function frame(...header: number[]): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(frameBytesMax)
  frame.set(header)
  return frame
}
