export type { Socket, SocketConstructor, SocketEvent } from './socket.js'
export { TabsMeetingPoint, type TabsMeetingPointOptions } from './tabs-meeting-point.js'
export { WebSocketMeetingPoint, type WebSocketMeetingPointOptions } from './websocket-meeting-point.js'
