import { parseArgs } from 'node:util'
import type { IceServer } from '@hashtab/peer'
import type { SignalingServerOptions } from './signaling-server.js'

/** What was asked for: to run, to print something, or what cannot be. */
export type Command =
  | { readonly type: 'run'; readonly options: SignalingServerOptions }
  | { readonly type: 'print'; readonly text: string }
  | { readonly type: 'refuse'; readonly why: string }

/** The version that `--version` prints; a test holds it to package.json. */
export const version = '0.1.0'

const defaultPort = 8787

const help = `hashtab-signaling: introduces the peers of Hashtab networks to each other, and forgets them.

  --port <number>        default ${defaultPort}; 0: any free one
  --host <address>       default 127.0.0.1; 0.0.0.0 to be reached from elsewhere (put TLS in front)
  --path <path>          default /signal
  --origin <origin>      pages of this origin only, such as https://chat.example.org; may be repeated
  --client-address-header <name>
                         where the proxy in front says whose request it is, such as x-forwarded-for;
                         only where nobody gets past the proxy
  --ice-server <address> handed out to peers, such as stun:stun.example.org:3478; may be repeated
  --reservoir <number>   sockets of one network that stay open, default 64
  --help, --version

HASHTAB_ICE_SERVERS: more ICE servers, with credentials, as a JSON list of RTCIceServer.
GET /health answers with the numbers of sockets and networks.`

/** Reads the arguments after the program's name, and the environment. Pure. */
export function readCommandLine(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Command {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        path: { type: 'string' },
        origin: { type: 'string', multiple: true },
        'client-address-header': { type: 'string' },
        'ice-server': { type: 'string', multiple: true },
        reservoir: { type: 'string' },
        help: { type: 'boolean' },
        version: { type: 'boolean' },
      },
    })
    if (values.help) return { type: 'print', text: help }
    if (values.version) return { type: 'print', text: version }
    const iceServers = [...(values['ice-server'] ?? []).map((urls) => ({ urls })), ...iceServersFrom(environment['HASHTAB_ICE_SERVERS'])]
    const options: SignalingServerOptions = {
      port: integer('--port', values.port, 0, 65_535) ?? defaultPort,
      iceServers,
      ...(values.host !== undefined && { host: values.host }),
      ...(values.path !== undefined && { path: values.path }),
      ...(values.origin !== undefined && { origins: values.origin }),
      ...(values['client-address-header'] !== undefined && { clientAddressHeader: values['client-address-header'] }),
      ...(values.reservoir !== undefined && { limits: { reservoirSize: integer('--reservoir', values.reservoir, 1, 2_048)! } }),
    }
    return { type: 'run', options }
  } catch (fault) {
    return { type: 'refuse', why: `${fault instanceof Error ? fault.message : String(fault)}\nTry hashtab-signaling --help.` }
  }
}

function integer(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= min && value <= max)) throw new RangeError(`${name} takes a number from ${min} to ${max}, not "${text}".`)
  return value
}

function iceServersFrom(json: string | undefined): IceServer[] {
  if (json === undefined || json === '') return []
  let servers: unknown
  try {
    servers = JSON.parse(json)
  } catch (cause) {
    throw new TypeError('HASHTAB_ICE_SERVERS is not JSON.', { cause })
  }
  if (!Array.isArray(servers) || !servers.every(isIceServer)) throw new TypeError('HASHTAB_ICE_SERVERS is not a list of ICE servers.')
  return servers
}

function isIceServer(value: unknown): value is IceServer {
  if (typeof value !== 'object' || value === null) return false
  const { urls, username, credential } = value as { [property: string]: unknown }
  const areUrls = typeof urls === 'string' || (Array.isArray(urls) && urls.every((url) => typeof url === 'string'))
  return areUrls && [username, credential].every((text) => text === undefined || typeof text === 'string')
}
