import { printCandidate } from './candidate.js'
import { type Description, fingerprintBytes } from './description.js'

/** Message size we tell our own browser that the other end takes: the default of RFC 8841. Frames stay far below it. */
const maxMessageSize = 65_536

/**
 * What varies in the SDP that this end's own browser wrote, without the candidates, which it tells one by one.
 * `undefined` when it is no SDP of one data channel.
 */
export function readSdp(sdp: string): Omit<Description, 'candidates'> | undefined {
  const value = (name: string) => new RegExp(`^a=${name}:(\\S+)`, 'm').exec(sdp)?.[1]
  const fingerprint = parseFingerprint(/^a=fingerprint:sha-256 (\S+)/im.exec(sdp)?.[1] ?? '')
  const [ufrag, pwd, setup] = [value('ice-ufrag'), value('ice-pwd'), value('setup')]
  if (fingerprint === undefined || ufrag === undefined || pwd === undefined) return undefined
  if (setup !== 'actpass' && setup !== 'active' && setup !== 'passive') return undefined
  return { fingerprint, ufrag, pwd, setup }
}

/**
 * The SDP of the other end, made from our own template: nothing in it but what the description's grammar lets through.
 *
 * An offer leaves its role in DTLS open; here it says that it will be the client. So an answering browser waits for an end that knows its fingerprint.
 * As the client it would begin before its answer has arrived, and libdatachannel at the other end would then lose a second, or the link
 * (paullouisageneau/libdatachannel#1390).
 */
export function writeSdp({ ufrag, pwd, fingerprint, setup, candidates }: Description): string {
  const lines = [
    'v=0',
    'o=- 1 1 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${pwd}`,
    'a=ice-options:trickle',
    `a=fingerprint:sha-256 ${printFingerprint(fingerprint)}`,
    `a=setup:${setup === 'actpass' ? 'active' : setup}`,
    'a=sctp-port:5000',
    `a=max-message-size:${maxMessageSize}`,
    ...candidates.map((candidate) => `a=${printCandidate(candidate)}`),
  ]
  return lines.map((line) => `${line}\r\n`).join('')
}

function parseFingerprint(text: string): Uint8Array | undefined {
  const pairs = text.split(':')
  if (pairs.length !== fingerprintBytes || !pairs.every((pair) => /^[0-9a-f]{2}$/i.test(pair))) return undefined
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))
}

function printFingerprint(fingerprint: Uint8Array): string {
  return Array.from(fingerprint, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':')
}
