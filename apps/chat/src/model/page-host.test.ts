import { expect, test } from 'vitest'
import { isLoopback } from './page-host.js'

test.each([
  ['http://localhost:8080/', true],
  ['http://chat.localhost/', true],
  ['http://127.0.0.1:8080/', true],
  ['http://127.1/', true],
  ['http://[::1]:8080/', true],
  ['http://192.168.0.7:8080/', false],
  ['https://chat.example.org/', false],
  ['https://localhost.example.org/', false],
  ['https://127.0.0.1.example.org/', false],
  ['http://[2001:db8::1]/', false],
])('%s is for its own machine alone: %s', (address, alone) => expect(isLoopback(new URL(address).hostname)).toBe(alone))
