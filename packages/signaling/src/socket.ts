/** What is needed of a WebSocket: the browser's and the one of the `ws` package both fit. */
export interface Socket {
  binaryType: string
  readonly bufferedAmount: number
  send(bytes: Uint8Array<ArrayBuffer>): void
  close(code?: number): void
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: SocketEvent) => void): void
}

export interface SocketEvent {
  readonly type: string
  /** Of `message`. */
  readonly data?: unknown
  /** Of `close`. */
  readonly code?: number
  readonly reason?: string
}

export type SocketConstructor = new (url: string, protocols: string[]) => Socket
