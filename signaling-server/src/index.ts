export { defaultLimits, type SignalingLimits } from './limits.js'
export { SignalingServerError, type SignalingServerErrorCode } from './listening.js'
export { createSignalingServer, type Health, type SignalingServer, type SignalingServerOptions } from './signaling-server.js'
