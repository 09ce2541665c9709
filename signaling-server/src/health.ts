import type { RequestListener } from 'node:http'

/** Answers `GET /health` with this, as JSON; anything else is not found. */
export function healthHandler(health: () => object): RequestListener {
  return (request, response) => {
    const isHealth = (request.method === 'GET' || request.method === 'HEAD') && request.url?.split('?', 1)[0] === '/health'
    const body = isHealth ? JSON.stringify(health()) : 'A Hashtab signalling server. Nothing to see here but /health.\n'
    const headers = { 'content-type': isHealth ? 'application/json' : 'text/plain', 'cache-control': 'no-store' }
    response.writeHead(isHealth ? 200 : 404, { ...headers, 'content-length': Buffer.byteLength(body) })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}
