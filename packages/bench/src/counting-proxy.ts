import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Stands before a server and counts what goes through, both ways, as bytes of TCP payload. The same for every contestant. */
export class CountingProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #bytes = 0

  private constructor(server: Server) {
    this.#server = server
  }

  /** On a free port of loopback, before the server on `targetPort`. */
  static async before(targetPort: number): Promise<CountingProxy> {
    const server = createServer()
    const proxy = new CountingProxy(server)
    server.on('connection', (near) => {
      const far = connect(targetPort, '127.0.0.1')
      proxy.#pass(near, far)
      proxy.#pass(far, near)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Ends every connection at once; nobody answers on its port any more. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from)
    from.setNoDelay(true)
    from.on('data', (chunk) => (this.#bytes += chunk.length))
    from.pipe(to)
    // A socket that breaks also closes, and the other end with it.
    from.on('error', () => undefined)
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
