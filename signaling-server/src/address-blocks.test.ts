import { describe, expect, it, test } from 'vitest'
import { AddressBlocks, blockOf, blocksMax, widerBlockTimes } from './address-blocks.js'

test.each([
  ['192.0.2.77', '192.0.2.0/24'],
  ['::ffff:192.0.2.1', '192.0.2.0/24'],
  ['2001:db8:0:1:aaaa::1', '2001:db8:0:1::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:DB8::', '2001:db8:0:0::/64'],
  ['::1:2:3:4:5', '0:0:0:1::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  // As some proxies write it.
  ['192.0.2.77:51234', '192.0.2.0/24'],
  ['[2001:db8::1]:51234', '2001:db8:0:0::/64'],
  ['[2001:db8::1]', '2001:db8:0:0::/64'],
  ['nonsense', 'unknown'],
  [undefined, 'unknown'],
])('the block of %s is %s', (address, block) => expect(blockOf(address)).toMatchObject({ name: block, isOwnMachine: false }))

test.each([
  ['127.0.0.1', '127.0.0.0/24'],
  ['::1', '0:0:0:0::/64'],
  ['::ffff:127.0.1.9', '127.0.1.0/24'],
])('%s is of this machine', (address, block) => expect(blockOf(address)).toMatchObject({ name: block, isOwnMachine: true }))

describe('a block', () => {
  const limits = { blockSocketsMax: 3, blockOpensBurst: 5, blockOpensPerS: 1 }

  it('has so many sockets at once, whichever of its addresses they are of; another is not hindered', () => {
    const blocks = new AddressBlocks(limits)
    const leaves = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => blocks.enter(address, 0))
    expect(leaves.every((leave) => leave !== undefined)).toBe(true)
    expect(blocks.enter('192.0.2.4', 0)).toBeUndefined()
    expect(blocks.enter('198.51.100.1', 0)).toBeDefined()
    // Told twice, as by an error and a close.
    leaves[0]!()
    leaves[0]!()
    expect(blocks.enter('192.0.2.4', 0)).toBeDefined()
    expect(blocks.enter('192.0.2.5', 0)).toBeUndefined()
  })

  it('opens so many at once, and so many a second after that', () => {
    const blocks = new AddressBlocks(limits)
    const opened = (nowMs: number) => {
      let count = 0
      for (let leave = blocks.enter('2001:db8::1', nowMs); leave; leave = blocks.enter('2001:db8::2', nowMs)) {
        leave()
        count += 1
      }
      return count
    }
    expect(opened(0)).toBe(5)
    expect(opened(2_000)).toBe(2)
  })

  it('of this machine has no limit', () => {
    const blocks = new AddressBlocks(limits)
    for (let i = 0; i < 50; i++) expect(blocks.enter('127.0.0.1', 0)).toBeDefined()
    expect(blocks.size).toBe(0)
  })

  it('of this machine has the same, where asked for', () => {
    const blocks = new AddressBlocks(limits, true)
    for (let i = 0; i < limits.blockSocketsMax; i++) expect(blocks.enter('127.0.0.1', 0)).toBeDefined()
    expect(blocks.enter('127.0.0.2', 0)).toBeUndefined()
    expect(blocks.enter('127.0.1.1', 0)).toBeDefined()
  })
})

test('who has many blocks of IPv6 in a row has no more than a few of them', () => {
  const blocks = new AddressBlocks({ blockSocketsMax: 3, blockOpensBurst: 5, blockOpensPerS: 1 })
  const entered = Array.from({ length: 256 }, (_, i) => blocks.enter(`2001:db8:0:${i.toString(16)}::1`, 0)).filter(
    (leave) => leave !== undefined,
  )
  expect(entered).toHaveLength(3 * widerBlockTimes)
  entered[0]!()
  expect(blocks.enter('2001:db8:0:ff::1', 0)).toBeDefined()
  expect(blocks.enter('2001:db8:0:fe::1', 0)).toBeUndefined()
  expect(blocks.enter('2001:db8:1::1', 0)).toBeDefined()
})

test('count is kept of so many blocks at most, of those with a socket first', () => {
  const blocks = new AddressBlocks({ blockSocketsMax: 1, blockOpensBurst: 9, blockOpensPerS: 1 })
  expect(blocks.enter('192.0.2.1', 0)).toBeDefined()
  for (let i = 0; i <= blocksMax; i++) blocks.enter(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 0)?.()
  for (let i = 0; i <= blocksMax; i++) blocks.enter(`2001:db8:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::1`, 0)?.()
  expect(blocks.size).toBe(blocksMax)
  expect(blocks.enter('192.0.2.1', 0)).toBeUndefined()
})
