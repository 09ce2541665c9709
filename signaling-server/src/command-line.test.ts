import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readCommandLine, version } from './command-line.js'

/** The only file there is. */
const readText = (path: string) => {
  if (path === '/etc/turn') return 'north\n'
  throw new Error(`ENOENT: no such file or directory, open '${path}'`)
}
const read = (args: readonly string[], environment: Record<string, string>) => readCommandLine(args, environment, readText)

describe('readCommandLine', () => {
  it('has defaults', () => {
    expect(read([], {})).toEqual({ type: 'run', options: { port: 8787, iceServers: [] }, drainMs: 10_000 })
  })

  it('reads every option', () => {
    const line =
      '--port 0 --host 0.0.0.0 --path /s --origin https://a.org --origin https://b.org --ice-server stun:c.org --reservoir 16 --client-address-header x-real-ip ' +
      '--limit socketsMax=20000 --limit graceMs=5 --count-own-machine --log-addresses --redis redis://r.org --drain 0 ' +
      '--turn turn:e.org --turn turns:e.org --turn-secret-file /etc/turn --turn-valid 3600'
    expect(read(line.split(' '), { HASHTAB_ICE_SERVERS: '[{"urls":["turn:d.org"],"username":"u","credential":"p"}]' })).toEqual({
      type: 'run',
      options: {
        port: 0,
        host: '0.0.0.0',
        path: '/s',
        origins: ['https://a.org', 'https://b.org'],
        clientAddressHeader: 'x-real-ip',
        iceServers: [{ urls: 'stun:c.org' }, { urls: ['turn:d.org'], username: 'u', credential: 'p' }],
        limits: { reservoirSize: 16, socketsMax: 20_000, graceMs: 5 },
        turn: { urls: ['turn:e.org', 'turns:e.org'], secret: 'north', validS: 3_600 },
        countOwnMachine: true,
        logAddresses: true,
      },
      redis: 'redis://r.org',
      drainMs: 0,
    })
  })

  it('reads what is secret from the environment, too', () => {
    expect(read(['--turn', 'turn:e.org'], { HASHTAB_TURN_SECRET: 's', HASHTAB_REDIS: 'redis://:p@r.org' })).toMatchObject({
      options: { turn: { urls: ['turn:e.org'], secret: 's' } },
      redis: 'redis://:p@r.org',
    })
  })

  it.each([
    [['--port', 'http'], {}, '--port takes a number from 0 to 65535, not "http".'],
    [['--port', '70000'], {}, '--port takes a number from 0 to 65535, not "70000".'],
    [['--reservoir', '0'], {}, '--reservoir takes a number from 1 to 2048, not "0".'],
    [['--limit', 'mood=7'], {}, '--limit knows no "mood", but socketsMax, '],
    [['--limit', 'graceMs'], {}, '--limit graceMs= takes a number from 1 to 999999999, not "".'],
    [['--turn', 'turn:e.org'], {}, '--turn needs the secret of the TURN server'],
    [['--turn', 'turn:e.org', '--turn-secret-file', '/etc/none'], {}, 'no such file'],
    [['--drain', '301'], {}, '--drain takes a number from 0 to 300, not "301".'],
    [['--colour'], {}, "Unknown option '--colour'"],
    [['now'], {}, "Unexpected argument 'now'"],
    [[], { HASHTAB_ICE_SERVERS: '{' }, 'HASHTAB_ICE_SERVERS is not JSON.'],
    [[], { HASHTAB_ICE_SERVERS: '[{"urls":7}]' }, 'HASHTAB_ICE_SERVERS is not a list of ICE servers.'],
  ])('refuses %j %j', (args, environment, why) => {
    expect(read(args, environment)).toEqual({ type: 'refuse', why: expect.stringContaining(why) as string })
  })

  it('prints the help and the version of the package', () => {
    const { version: published } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
    expect(read(['--version'], {})).toEqual({ type: 'print', text: published })
    expect(version).toBe(published)
    expect(read(['--help'], {})).toEqual({ type: 'print', text: expect.stringContaining('--ice-server') as string })
  })
})
