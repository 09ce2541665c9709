import type { RequestListener, ServerResponse } from 'node:http'

export interface StatusPages {
  /** What /health says, and whether this server is one to send newcomers to: 200, or 503. */
  readonly health: () => { readonly status: string }
  readonly metrics: () => Promise<string>
  readonly metricsType: string
}

/** Answers `GET /health` with JSON and `GET /metrics` with Prometheus's text; anything else is not found. */
export function statusPages({ health, metrics, metricsType }: StatusPages): RequestListener {
  return (request, response) => {
    const path = request.method === 'GET' || request.method === 'HEAD' ? request.url?.split('?', 1)[0] : undefined
    const answer = (status: number, type: string, body: string) => send(response, request.method === 'HEAD', status, type, body)
    if (path === '/health') {
      const state = health()
      return answer(state.status === 'ok' ? 200 : 503, 'application/json', JSON.stringify(state))
    }
    if (path !== '/metrics')
      return answer(404, 'text/plain', 'A Hashtab signalling server. Nothing to see here but /health and /metrics.\n')
    metrics().then(
      (text) => answer(200, metricsType, text),
      () => answer(500, 'text/plain', 'The metrics cannot be told.\n'),
    )
  }
}

function send(response: ServerResponse, isHead: boolean, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'content-length': Buffer.byteLength(body) })
  response.end(isHead ? undefined : body)
}
