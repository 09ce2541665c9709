import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readCommandLine, version } from './command-line.js'

describe('readCommandLine', () => {
  it('has defaults', () => {
    expect(readCommandLine([], {})).toEqual({ type: 'run', options: { port: 8787, iceServers: [] } })
  })

  it('reads every option', () => {
    const line =
      '--port 0 --host 0.0.0.0 --path /s --origin https://a.org --origin https://b.org --ice-server stun:c.org --reservoir 16 --client-address-header x-real-ip'
    expect(readCommandLine(line.split(' '), { HASHTAB_ICE_SERVERS: '[{"urls":["turn:d.org"],"username":"u","credential":"p"}]' })).toEqual({
      type: 'run',
      options: {
        port: 0,
        host: '0.0.0.0',
        path: '/s',
        origins: ['https://a.org', 'https://b.org'],
        clientAddressHeader: 'x-real-ip',
        iceServers: [{ urls: 'stun:c.org' }, { urls: ['turn:d.org'], username: 'u', credential: 'p' }],
        limits: { reservoirSize: 16 },
      },
    })
  })

  it.each([
    [['--port', 'http'], {}, '--port takes a number from 0 to 65535, not "http".'],
    [['--port', '70000'], {}, '--port takes a number from 0 to 65535, not "70000".'],
    [['--reservoir', '0'], {}, '--reservoir takes a number from 1 to 2048, not "0".'],
    [['--colour'], {}, "Unknown option '--colour'"],
    [['now'], {}, "Unexpected argument 'now'"],
    [[], { HASHTAB_ICE_SERVERS: '{' }, 'HASHTAB_ICE_SERVERS is not JSON.'],
    [[], { HASHTAB_ICE_SERVERS: '[{"urls":7}]' }, 'HASHTAB_ICE_SERVERS is not a list of ICE servers.'],
  ])('refuses %j %j', (args, environment, why) => {
    expect(readCommandLine(args, environment)).toEqual({ type: 'refuse', why: expect.stringContaining(why) as string })
  })

  it('prints the help and the version of the package', () => {
    const { version: published } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
    expect(readCommandLine(['--version'], {})).toEqual({ type: 'print', text: published })
    expect(version).toBe(published)
    expect(readCommandLine(['--help'], {})).toEqual({ type: 'print', text: expect.stringContaining('--ice-server') as string })
  })
})
