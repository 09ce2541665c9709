import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CountingProxy } from './counting-proxy.js'

const echo = createServer((socket) => {
  socket.on('error', () => undefined)
  socket.pipe(socket)
})
let proxy: CountingProxy
let client: Socket

beforeEach(async () => {
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  proxy = await CountingProxy.before((echo.address() as AddressInfo).port)
  client = connect(proxy.port, '127.0.0.1')
  await once(client, 'connect')
})
afterEach(async () => {
  client.destroy()
  await proxy.stop()
  echo.close()
  await once(echo, 'close')
})

test('what goes through is counted both ways', async () => {
  client.write('12345')
  const [back] = (await once(client, 'data')) as [Buffer]
  expect(back.toString()).toBe('12345')
  expect(proxy.bytes).toBe(10)
})

test('stopped, it ends every connection and takes no other', async () => {
  client.write('12345')
  await once(client, 'data')
  const ended = once(client, 'close')
  const { port } = proxy
  await proxy.stop()
  await ended
  const late = connect(port, '127.0.0.1')
  const [fault] = (await once(late, 'error')) as [NodeJS.ErrnoException]
  expect(fault.code).toBe('ECONNREFUSED')
})
