/** The 4 or 16 bytes of a written IP address; `undefined` for anything else (names, zones, leading zeros in IPv4). */
export function parseIpAddress(text: string): Uint8Array | undefined {
  if (text.length > ipTextLengthMax) return undefined
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/** The address as text: dotted decimal for 4 bytes, eight groups of hex digits for 16, which every SDP parser reads. */
export function printIpAddress(address: Uint8Array): string {
  if (address.length === 4) return address.join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((address[i * 2]! << 8) | address[i * 2 + 1]!).toString(16))
  return groups.join(':')
}

/**
 * Whether packets may be sent there at a stranger's word: no unspecified, multicast, broadcast or link-local address, and no IPv4 within IPv6. Loopback of IPv6
 * is none; that of IPv4 only for `isLoopback` to say.
 */
export function isUnicast(address: Uint8Array): boolean {
  const [first, second] = [address[0]!, address[1]!]
  if (address.length === 4) return first > 0 && first < 224 && !(first === 169 && second === 254)
  const isLinkLocal = first === 0xfe && second >> 6 === 2
  return first !== 0xff && !isLinkLocal && address.subarray(0, 8).some((byte) => byte !== 0)
}

/** Whether this is IPv4's 127.0.0.0/8: the machine itself. */
export function isLoopback(address: Uint8Array): boolean {
  return address.length === 4 && address[0] === 127
}

/** Characters in the longest form of an IPv6 address: six full groups and an IPv4 address. */
const ipTextLengthMax = 45

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return undefined
  return Uint8Array.from(parts, Number)
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = withoutIpv4(text).split('::')
  if (halves.length > 2) return undefined
  const [front, back] = halves.map(groupsOf)
  if (front === undefined || (halves.length === 2 && back === undefined)) return undefined
  const missing = 8 - front.length - (back?.length ?? 0)
  if (back === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...front, ...new Array<number>(missing).fill(0), ...(back ?? [])]
  return Uint8Array.from(groups.flatMap((group) => [group >>> 8, group & 0xff]))
}

/** An IPv4 address may stand for the last two groups. */
function withoutIpv4(text: string): string {
  const lastColon = text.lastIndexOf(':')
  const ipv4 = parseIpv4(text.slice(lastColon + 1))
  if (ipv4 === undefined) return text
  const [high, low] = [(ipv4[0]! << 8) | ipv4[1]!, (ipv4[2]! << 8) | ipv4[3]!]
  return `${text.slice(0, lastColon)}:${high.toString(16)}:${low.toString(16)}`
}

/** The 16-bit groups of one side of `::`. */
function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  if (!parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return undefined
  return parts.map((part) => Number.parseInt(part, 16))
}
