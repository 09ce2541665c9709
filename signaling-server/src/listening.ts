import { once } from 'node:events'
import type { Server } from 'node:http'

/** `port-taken`: something else listens there. `port-denied`: this user may not. `no-such-host`: not an address of this machine. */
export type SignalingServerErrorCode = 'port-taken' | 'port-denied' | 'no-such-host' | 'failed'

export class SignalingServerError extends Error {
  override readonly name = 'SignalingServerError'
  readonly code: SignalingServerErrorCode
  constructor(code: SignalingServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export async function listenAt(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw plainError(cause, port, host)
  }
}

/** `127.0.0.1:8787`; `localhost` where it listens at every address. Throws before the server listens. */
export function addressOf(server: Server): string {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server does not listen at a port yet.')
  if (address.address === '0.0.0.0' || address.address === '::') return `localhost:${address.port}`
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`
}

/** Takes no more connections, ends those that carry no WebSocket, and resolves when all are gone. */
export async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}

function plainError(cause: unknown, port: number, host: string): SignalingServerError {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new SignalingServerError('port-taken', `Port ${port} is taken at ${host}. Choose another, or stop what listens there.`, {
        cause,
      })
    case 'EACCES':
      return new SignalingServerError('port-denied', `Port ${port} needs more rights than this user has. Choose one above 1023.`, { cause })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new SignalingServerError('no-such-host', `${host} is not an address of this machine. 0.0.0.0 means all of them.`, { cause })
    default:
      return new SignalingServerError('failed', `The server cannot listen at ${host}, port ${port}: ${String(cause)}`, { cause })
  }
}
