import { transportSuite } from '@hashtab/conformance'
import { describe, test } from 'vitest'
import { nodeWebRtc } from './node.js'
import { WebRtcTransport } from './web-rtc-transport.js'

describe('WebRtcTransport over node-datachannel keeps the promises of Transport', async () => {
  const wrtc = await nodeWebRtc()
  test.each(transportSuite)('$name', ({ run }) => run(() => ({ make: options => new WebRtcTransport({ ...options, wrtc }) })))
})
