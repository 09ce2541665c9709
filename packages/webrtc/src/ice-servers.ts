import type { IceServer } from '@hashtab/peer'

/** Addresses of STUN servers in use at once: more slow gathering down. */
const stunMax = 2
/** Addresses of TURN servers in use at once: one over UDP, one over TCP or TLS for networks that let nothing else out. */
const turnMax = 2

/** Host (name, IPv4, or IPv6 in brackets), port, transport: RFC 7064 and 7065, without the rare `stuns`, which not every browser takes. */
const stunAddress = /^stun:(?:[\w.-]+|\[[0-9a-f:.]+\])(?::(?<port>\d{1,5}))?$/i
const turnAddress = /^turns?:(?:[\w.-]+|\[[0-9a-f:.]+\])(?::(?<port>\d{1,5}))?(?:\?transport=(?:udp|tcp))?$/i
const portMax = 65_535

/**
 * The servers a connection is made with: the first few of each kind. What no browser would take is left out, because one
 * such address, handed out by a meeting point, would make every construction throw.
 */
export function chooseIceServers(servers: readonly IceServer[]): RTCIceServer[] {
  const addresses = servers.flatMap(({ urls, username, credential }) => [urls].flat().map((url) => ({ url, username, credential })))
  const stun = addresses.filter(({ url }) => isAddress(stunAddress, url)).slice(0, stunMax)
  const turn = addresses
    .filter(({ url, username, credential }) => isAddress(turnAddress, url) && Boolean(username) && Boolean(credential))
    .slice(0, turnMax)
  return [
    ...stun.map(({ url }) => ({ urls: url })),
    ...turn.map(({ url, username, credential }) => ({ urls: url, username: username!, credential: credential! })),
  ]
}

function isAddress(pattern: RegExp, url: string): boolean {
  const match = pattern.exec(url)
  const port = Number(match?.groups?.['port'] ?? 1)
  return match !== null && port >= 1 && port <= portMax
}
