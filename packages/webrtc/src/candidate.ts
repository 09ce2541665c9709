import { bytes, dictionary, type FieldValue, integer, isMalformed, malformed, type Malformed, mapped, oneOf, required } from '@hashtab/core'
import { isLoopback, isUnicast, parseIpAddress, printIpAddress } from './ip-address.js'

/**
 * Candidates that one end may name in the whole life of a link, the late ones counted.
 * Each dead one costs the other end some 240 packets (measured in Chromium): more would make an offer a weapon.
 */
export const candidatesMax = 8

/** The lowest port of a candidate. NATs keep to it (RFC 4787, REQ-3), and DNS, NTP and their like sit below. */
const portMin = 1024
/** As in RFC 8445, section 5.1.2.1. */
const priorityMax = 2 ** 31 - 1
/** Bytes of an mDNS name: a UUID and `.local`, as every browser makes them (draft-ietf-mmusic-mdns-ice-candidates). */
const mdnsNameBytes = 42
const mdnsName = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.local$/

/** Where an end may be reached: an IPv4 or IPv6 address as `parseIpAddress` reads it, or an mDNS name. */
const addressField = mapped(bytes(4, mdnsNameBytes), readAddress, writeAddress)

/**
 * One ICE candidate (RFC 8839, section 5.1) as it travels: always component 1, always UDP. The foundation is left out (the reader
 * makes one from the priority), and so is the related address, which would only tell strangers of a private network.
 */
export const candidateField = dictionary({
  address: required('a', addressField),
  port: required('o', integer(portMin, 65_535)),
  priority: required('p', integer(1, priorityMax)),
  type: required('t', oneOf('host', 'srflx', 'prflx', 'relay')),
})
export type Candidate = FieldValue<typeof candidateField>

/**
 * The candidate in an `RTCIceCandidate.candidate` of this end's own browser.
 * `undefined` for what is never told: TCP, other components, and what `candidateField` would refuse at the other end.
 */
export function parseCandidate(text: string): Candidate | undefined {
  const match = /^(?:a=)?candidate:\S+ 1 udp (\d{1,10}) (\S{1,45}) (\d{1,5}) typ (host|srflx|prflx|relay)\b/i.exec(text)
  if (match === null) return undefined
  const [, priority, address, port, type] = match
  const printed = printedAddress(address!.toLowerCase())
  if (printed === undefined) return undefined
  const fields = { address: printed, port: Number(port), priority: Number(priority), type: type!.toLowerCase() as Candidate['type'] }
  const candidate = candidateField.read(candidateField.write(fields))
  return isMalformed(candidate) ? undefined : candidate
}

/** The candidate as this end's browser takes it, in an SDP after `a=` or in an `RTCIceCandidate`. */
export function printCandidate({ address, port, priority, type }: Candidate): string {
  const line = `candidate:${priority} 1 udp ${priority} ${address} ${port} typ ${type}`
  // RFC 8839 wants a related address here, and has this one for ends that keep theirs to themselves.
  return type === 'host' ? line : `${line} raddr ${address.includes(':') ? '::' : '0.0.0.0'} rport 9`
}

/** Whether packets to it stay on the machine that sends them. */
export function isOnLoopback({ address }: Candidate): boolean {
  const bytes = parseIpAddress(address)
  return bytes !== undefined && isLoopback(bytes)
}

function readAddress(bytes: Uint8Array): string | Malformed {
  if (bytes.length === 4 || bytes.length === 16) return isUnicast(bytes) ? printIpAddress(bytes) : malformed('no unicast address')
  const name = String.fromCharCode(...bytes)
  return mdnsName.test(name) ? name : malformed('no address')
}

function writeAddress(address: string): Uint8Array {
  return parseIpAddress(address) ?? Uint8Array.from(address, (character) => character.charCodeAt(0))
}

/** The address in the one form we write it. */
function printedAddress(text: string): string | undefined {
  const address = parseIpAddress(text)
  if (address !== undefined) return printIpAddress(address)
  return mdnsName.test(text) ? text : undefined
}
