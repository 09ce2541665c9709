export type { WebRtcImplementation } from './connection.js'
export { WebRtcTransport, type WebRtcTransportOptions } from './web-rtc-transport.js'
