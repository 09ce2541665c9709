// @ts-check
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createSignalingServer } from '@hashtab/signaling-server'
import sirv from 'sirv'
import { root } from './command.mjs'

/**
 * Serves the chat and, at /signal, the signalling, until Ctrl-C. Rejects with what to do when the port cannot be had.
 *
 * @param {{ port: number, open: boolean }} choices port 0: any free one
 */
export async function serve({ port, open }) {
  const pages = sirv(join(root, 'apps/chat/dist'), { etag: true })
  const server = createServer((request, response) =>
    pages(request, response, () => {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('There is nothing here. The chat is at /.\n')
    }),
  )
  // It takes the sockets at /signal of the same server.
  const signaling = createSignalingServer({ server })
  await listen(server, port)

  const address = `http://localhost:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}/`
  console.log(
    `\nThe Hashtab chat is at ${address}\nOpen it in two windows of different browsers or profiles, and they are two people. Ctrl-C stops it.`,
  )
  if (open) openInBrowser(address)

  const stop = () => {
    // Once: whoever asks a second time does not want to wait.
    process.off('SIGINT', stop).off('SIGTERM', stop)
    server.close()
    void signaling.close().then(() => {
      server.closeAllConnections()
      console.log('Stopped.')
    })
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
}

/**
 * This machine only: pages from elsewhere would need TLS to have WebCrypto.
 *
 * @param {import('node:http').Server} server
 * @param {number} port
 */
async function listen(server, port) {
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    const other = `npm start -- --port ${port < 65_535 ? Math.max(port + 1, 1024) : 8080}`
    if (code === 'EADDRINUSE')
      throw new Error(`Port ${port} is taken by another program. Stop that one, or choose another port: ${other}`, { cause })
    if (code === 'EACCES') throw new Error(`Port ${port} is not for ordinary users. Choose another: ${other}`, { cause })
    throw cause
  }
}

/** @param {string} address */
function openInBrowser(address) {
  /** @type {Partial<Record<NodeJS.Platform, readonly [string, string[]]>>} */
  const openers = { darwin: ['open', [address]], win32: ['cmd', ['/c', 'start', '', address]] }
  const [program, parameters] = openers[process.platform] ?? ['xdg-open', [address]]
  const opener = spawn(program, parameters, { stdio: 'ignore', detached: true })
  opener.on('error', () => console.log(`Could not open a browser: open ${address} yourself.`))
  opener.unref()
}
