import { Key } from '@hashtab/core'
import { type Clock, generateSigner, type MeetingPointEvent, PeerError } from '@hashtab/peer'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { WebSocketMeetingPoint } from './websocket-meeting-point.js'

// How it fares at real servers: signaling-server/src/meeting.test.ts.
describe('WebSocketMeetingPoint', () => {
  it.each(['https://example.org', 'signal.example.org', 'wss://', ''])('refuses the address "%s"', (url) => {
    expect(() => new WebSocketMeetingPoint({ url, network: 'app', webSocket: WebSocket })).toThrow(PeerError)
  })

  it.each(['', 'é'.repeat(65)])('refuses the network "%s"', (network) => {
    expect(() => new WebSocketMeetingPoint({ url: 'ws://127.0.0.1:1', network, webSocket: WebSocket })).toThrow(PeerError)
  })

  it.runIf(globalThis.WebSocket === undefined)('says what to do where the platform has no WebSocket', () => {
    expect(() => new WebSocketMeetingPoint({ url: 'ws://127.0.0.1:1', network: 'app' })).toThrow(
      /the package "ws" as the option `webSocket`/,
    )
  })

  it('says why the platform does not even try, and waits by its clock', async () => {
    const webSocket = class {
      constructor() {
        throw new Error('An insecure address, on a secure page.')
      }
    } as never
    const wakes: { readonly delayMs: number; readonly callback: () => void }[] = []
    const clock: Clock = { nowMs: () => 0, unixMs: () => 0, wake: (delayMs, callback) => (wakes.push({ delayMs, callback }), () => {}) }
    const point = new WebSocketMeetingPoint({
      url: 'ws://127.0.0.1:1',
      network: 'app',
      webSocket,
      clock,
      random: (length) => new Uint8Array(length).fill(0xff),
    })
    const events: MeetingPointEvent[] = []
    await new Promise<void>((resolve) => {
      point.start(
        generateSigner((length) => new Uint8Array(length).fill(1)),
        (event) => {
          events.push(event)
          if (event.type === 'state' && event.state === 'unreachable') resolve()
        },
      )
      expect(events).toEqual([])
    })
    expect(events).toEqual([
      { type: 'state', state: 'connecting' },
      { type: 'state', state: 'unreachable', detail: 'An insecure address, on a secure page.' },
    ])
    expect(wakes.at(-1)!.delayMs).toBeCloseTo(1_000)
  })

  it('takes no harm from calls before its start', () => {
    const point = new WebSocketMeetingPoint({ url: 'ws://127.0.0.1:1', network: 'app', webSocket: WebSocket })
    point.wake()
    point.carry(Key.fromBytes(new Uint8Array(20)), new Uint8Array(1))
    expect(() => point.close()).not.toThrow()
  })
})
