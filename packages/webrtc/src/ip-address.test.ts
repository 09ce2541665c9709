import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isLoopback, isUnicast, parseIpAddress, printIpAddress } from './ip-address.js'

describe('parseIpAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['2001:db8::', '2001:db8:0:0:0:0:0:0'],
    ['2001:DB8::1:2', '2001:db8:0:0:0:0:1:2'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['::ffff:192.0.2.1', '0:0:0:0:0:ffff:c000:201'],
    ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4:5:6:c000:201'],
  ])('%s', (text, printed) => {
    expect(printIpAddress(parseIpAddress(text)!)).toBe(printed)
  })

  it.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.0.0.1',
    '1.2.3.x',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    'fe80::1%1',
    '192.0.2.1:80',
    '[::1]',
    'x'.repeat(100),
  ])('refuses "%s"', (text) => {
    expect(parseIpAddress(text)).toBeUndefined()
  })

  it('reads back what printIpAddress writes', () => {
    const address = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
    fc.assert(
      fc.property(address, (bytes) => {
        expect(parseIpAddress(printIpAddress(bytes))).toEqual(bytes)
      }),
    )
  })

  it('reads every form that fast-check makes', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        expect(parseIpAddress(text)?.length).toBe(16)
      }),
    )
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(parseIpAddress(text)?.length).toBe(4)
      }),
    )
  })
})

it.each([
  ['192.0.2.1', true],
  ['127.0.0.1', true],
  ['169.253.0.1', true],
  ['169.254.0.1', false],
  ['0.1.2.3', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['fd00::2', true],
  ['::', false],
  ['::1', false],
  ['::ffff:192.0.2.1', false],
  ['ff02::1', false],
  ['fe7f::1', true],
  ['fe80::1', false],
  ['febf::1', false],
  ['fec0::1', true],
])('isUnicast %s: %s', (text, wanted) => {
  expect(isUnicast(parseIpAddress(text)!)).toBe(wanted)
})

it.each([
  ['127.0.0.1', true],
  ['127.255.0.9', true],
  ['126.0.0.1', false],
  ['7f00::', false],
])('isLoopback %s: %s', (text, wanted) => {
  expect(isLoopback(parseIpAddress(text)!)).toBe(wanted)
})
