import { isIPv4, isIPv6 } from 'node:net'
import { Allowance } from './allowance.js'

/** Blocks of which count is kept at one time, at some 200 bytes each. Beyond, blocks without a socket are forgotten. */
export const blocksMax = 65_536
/** A /48 of IPv6 may have so many times what one /64 may: whoever has a line at home, or rents a server, is given up to all 65,536 of them. */
export const widerBlockTimes = 4

export interface BlockLimits {
  readonly blockSocketsMax: number
  readonly blockOpensBurst: number
  readonly blockOpensPerS: number
}

interface Block {
  sockets: number
  readonly socketsMax: number
  readonly opens: Allowance
}

/**
 * How many sockets one household, office or attacker has: an address alone says little, for whoever has one IPv6 address has 2⁶⁴,
 * so addresses are counted by block, /24 and /64, and those of IPv6 by their /48, too. Addresses of this machine are not counted, unless asked for: they are its own programs,
 * or a proxy that stands for everybody.
 */
export class AddressBlocks {
  readonly #limits: BlockLimits
  readonly #countOwnMachine: boolean
  readonly #blocks = new Map<string, Block>()

  constructor(limits: BlockLimits, countOwnMachine = false) {
    this.#limits = limits
    this.#countOwnMachine = countOwnMachine
  }

  /** Lets one more socket of this address in; answers with the call for its end, or undefined: there are too many. */
  enter(address: string | undefined, nowMs: number): (() => void) | undefined {
    const { name, wider, isOwnMachine } = blockOf(address)
    if (isOwnMachine && !this.#countOwnMachine) return () => {}
    const blocks = [this.#block(name, 1, nowMs), ...(wider === undefined ? [] : [this.#block(wider, widerBlockTimes, nowMs)])]
    if (!blocks.every(({ sockets, socketsMax, opens }) => sockets < socketsMax && opens.spend(nowMs) === 'granted')) return undefined
    for (const block of blocks) block.sockets += 1
    let isIn = true
    return () => {
      if (isIn) for (const block of blocks) block.sockets -= 1
      isIn = false
    }
  }

  get size(): number {
    return this.#blocks.size
  }

  #block(name: string, times: number, nowMs: number): Block {
    const block = this.#blocks.get(name) ?? this.#newBlock(times, nowMs)
    this.#blocks.delete(name)
    this.#blocks.set(name, block)
    if (this.#blocks.size > blocksMax) this.#forgetOne()
    return block
  }

  #newBlock(times: number, nowMs: number): Block {
    const { blockSocketsMax, blockOpensBurst, blockOpensPerS } = this.#limits
    return { sockets: 0, socketsMax: times * blockSocketsMax, opens: new Allowance(times * blockOpensBurst, times * blockOpensPerS, nowMs) }
  }

  /** The one longest quiet, without a socket: there are fewer sockets than blocks. */
  #forgetOne(): void {
    for (const [name, { sockets }] of this.#blocks) {
      if (sockets > 0) continue
      this.#blocks.delete(name)
      return
    }
  }
}

export interface BlockName {
  /** `192.0.2.0/24`, `2001:db8:0:1::/64`. What is no address at all is one block, `unknown`: nobody gains by being unreadable. */
  readonly name: string
  /** The /48 that an IPv6 address is in. */
  readonly wider?: string
  readonly isOwnMachine: boolean
}

export function blockOf(address: string | undefined): BlockName {
  const bare = withoutPort(address ?? '').split('%', 1)[0]!
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1]
  const v4 = mapped ?? bare
  if (isIPv4(v4)) return { name: `${v4.split('.').slice(0, 3).join('.')}.0/24`, isOwnMachine: v4.startsWith('127.') }
  if (!isIPv6(bare)) return { name: 'unknown', isOwnMachine: false }
  const groups = groupsOf(bare)
  const prefix = groups.slice(0, 4).map((group) => group.toString(16))
  const wider = `${prefix.slice(0, 3).join(':')}::/48`
  return { name: `${prefix.join(':')}::/64`, wider, isOwnMachine: groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1 }
}

/** Some proxies write it: 192.0.2.1:5678, [2001:db8::1]:5678. */
function withoutPort(address: string): string {
  const match = /^(?:\[(?<v6>[^\]]+)\](?::\d+)?|(?<v4>[\d.]+):\d+)$/.exec(address)?.groups
  return match?.['v6'] ?? match?.['v4'] ?? address
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  // The last four bytes may be written as an IPv4 address.
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a, b, c, d] = bytes.slice(0, 4).map(Number)
    return `${(a! * 256 + b!).toString(16)}:${(c! * 256 + d!).toString(16)}`
  })
  const [head, tail] = plain.split('::', 2).map((part) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))))
  if (tail === undefined) return head!
  return [...head!, ...Array.from({ length: 8 - head!.length - tail.length }, () => 0), ...tail]
}
