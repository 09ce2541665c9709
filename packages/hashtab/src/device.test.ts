import { expect, test } from 'vitest'
import { isSmallDevice } from './device.js'
import { linkLimits } from './join-options.js'

test.each([
  [
    'Chromium on a desktop',
    false,
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    false,
  ],
  [
    'Chromium without client hints',
    false,
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  ],
  [
    'Chromium on a phone',
    true,
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36',
    true,
  ],
  ['Firefox on a desktop', false, 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0'],
  ['Firefox on a phone', true, 'Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0'],
  [
    'Safari on a Mac, or an iPad',
    true,
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
  ],
  [
    'Safari on an iPhone',
    true,
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
  ],
  [
    'Chrome on an iPhone',
    true,
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/156.0.0.0 Mobile/15E148 Safari/604.1',
  ],
] as const)('%s is small: %s', (_, small, userAgent, mobile?: boolean) => {
  expect(isSmallDevice({ userAgent, ...(mobile !== undefined && { userAgentData: { mobile } }) })).toBe(small)
})

test('a desktop wants 32 links, a small device half as many, and the app as many as it says', () => {
  expect(linkLimits(undefined, false)).toEqual({ target: 32, soft: 48, hard: 64 })
  expect(linkLimits(undefined, true)).toEqual({ target: 16, soft: 24, hard: 32 })
  expect(linkLimits({ target: 40 }, true)).toEqual({ target: 40, soft: 40, hard: 40 })
})
