import { parseArgs } from 'node:util'
import type { IceServer } from '@hashtab/peer'
import { defaultLimits, type SignalingLimits } from './limits.js'
import type { SignalingServerOptions } from './server-options.js'
import type { TurnOptions } from './turn.js'

/** What was asked for: to run, to print something, or what cannot be. */
export type Command =
  | {
      readonly type: 'run'
      readonly options: SignalingServerOptions
      /** Where the Redis is over which several servers share. */
      readonly redis?: string
      /** At SIGTERM: over how long the sockets are dismissed. */
      readonly drainMs: number
    }
  | { readonly type: 'print'; readonly text: string }
  | { readonly type: 'refuse'; readonly why: string }

/** The version that `--version` prints; a test holds it to package.json. */
export const version = '0.1.0'

const defaultPort = 8787
const drainDefaultS = 10
const drainMaxS = 300
/** A week: a name that leaks is good for as long. */
const turnValidMaxS = 604_800

const help = `hashtab-signaling: introduces the peers of Hashtab networks to each other, and forgets them.

  --port <number>        default ${defaultPort}; 0: any free one
  --host <address>       default 127.0.0.1; 0.0.0.0 to be reached from elsewhere (put TLS in front)
  --path <path>          default /signal
  --origin <origin>      pages of this origin only, such as https://chat.example.org; may be repeated
  --client-address-header <name>
                         where the proxy in front says whose request it is, such as x-forwarded-for;
                         only where nobody gets past the proxy
  --ice-server <address> handed out to peers, such as stun:stun.example.org:3478; may be repeated
  --turn <address>       a TURN server that has a secret in common with this one (coturn: use-auth-secret),
                         such as turn:turn.example.org:3478; may be repeated. The secret is read from
  --turn-secret-file <path>
                         or from HASHTAB_TURN_SECRET
  --turn-valid <seconds> how long each peer's name and password hold, default a day
  --redis <address>      shares networks with other servers over this Redis, such as redis://127.0.0.1:6379
                         (or HASHTAB_REDIS, where a password is in it)
  --drain <seconds>      at SIGTERM: over how long the sockets are sent elsewhere, default ${drainDefaultS}
  --reservoir <number>   sockets of one network that stay open, default ${defaultLimits.reservoirSize}
  --limit <name>=<number> any of the limits that the README names, such as socketsMax=20000; may be repeated
  --count-own-machine    sockets from this machine's own addresses are counted by block, too
  --log-addresses        writes down who was refused, with their addresses
  --help, --version

HASHTAB_ICE_SERVERS: more ICE servers, with credentials, as a JSON list of RTCIceServer.
GET /health answers with the numbers of sockets and networks, GET /metrics with more, for Prometheus.
The log is one JSON object a line.`

/** Reads the arguments after the program's name, and the environment. `readText` reads a file, and may throw. */
export function readCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  readText: (path: string) => string,
): Command {
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
        turn: { type: 'string', multiple: true },
        'turn-secret-file': { type: 'string' },
        'turn-valid': { type: 'string' },
        redis: { type: 'string' },
        drain: { type: 'string' },
        reservoir: { type: 'string' },
        limit: { type: 'string', multiple: true },
        'count-own-machine': { type: 'boolean' },
        'log-addresses': { type: 'boolean' },
        help: { type: 'boolean' },
        version: { type: 'boolean' },
      },
    })
    if (values.help) return { type: 'print', text: help }
    if (values.version) return { type: 'print', text: version }
    const iceServers = [...(values['ice-server'] ?? []).map((urls) => ({ urls })), ...iceServersFrom(environment['HASHTAB_ICE_SERVERS'])]
    const secretFile = values['turn-secret-file']
    const secret = secretFile === undefined ? environment['HASHTAB_TURN_SECRET'] : readText(secretFile).trim()
    const turn = turnFrom(values.turn, secret, integer('--turn-valid', values['turn-valid'], 60, turnValidMaxS))
    const reservoirSize = integer('--reservoir', values.reservoir, 1, 2_048)
    const limits = { ...limitsFrom(values.limit ?? []), ...(reservoirSize !== undefined && { reservoirSize }) }
    const redis = values.redis ?? environment['HASHTAB_REDIS']
    const options: SignalingServerOptions = {
      port: integer('--port', values.port, 0, 65_535) ?? defaultPort,
      iceServers,
      ...(values.host !== undefined && { host: values.host }),
      ...(values.path !== undefined && { path: values.path }),
      ...(values.origin !== undefined && { origins: values.origin }),
      ...(values['client-address-header'] !== undefined && { clientAddressHeader: values['client-address-header'] }),
      ...(turn !== undefined && { turn }),
      ...(Object.keys(limits).length > 0 && { limits }),
      ...(values['count-own-machine'] && { countOwnMachine: true }),
      ...(values['log-addresses'] && { logAddresses: true }),
    }
    const drainMs = 1000 * (integer('--drain', values.drain, 0, drainMaxS) ?? drainDefaultS)
    return { type: 'run', options, drainMs, ...(redis !== undefined && redis !== '' && { redis }) }
  } catch (fault) {
    return { type: 'refuse', why: `${fault instanceof Error ? fault.message : String(fault)}\nTry hashtab-signaling --help.` }
  }
}

function integer(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= min && value <= max)) throw new RangeError(`${name} takes a number from ${min} to ${max}, not "${text}".`)
  return value
}

function limitsFrom(texts: readonly string[]): Partial<SignalingLimits> {
  const known = Object.keys(defaultLimits)
  return Object.fromEntries(
    texts.map((text) => {
      const [name = '', value] = text.split('=', 2)
      if (!known.includes(name)) throw new RangeError(`--limit knows no "${name}", but ${known.join(', ')}.`)
      return [name, integer(`--limit ${name}=`, value ?? '', 1, 999_999_999)!]
    }),
  )
}

function turnFrom(urls: readonly string[] | undefined, secret: string | undefined, validS: number | undefined): TurnOptions | undefined {
  if (urls === undefined) return undefined
  if (secret === undefined || secret === '') {
    throw new TypeError('--turn needs the secret of the TURN server: --turn-secret-file, or HASHTAB_TURN_SECRET.')
  }
  return { urls, secret, ...(validS !== undefined && { validS }) }
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
