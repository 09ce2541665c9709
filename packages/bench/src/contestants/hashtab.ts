import { fileURLToPath } from 'node:url'
import { ServerProcess } from '../server-process.js'
import type { Contestant } from './contestant.js'

const program = fileURLToPath(import.meta.resolve('@hashtab/signaling-server').replace('index.js', 'cli.js'))

/** Hashtab as `join` makes it, with the signalling server's command line. */
export const hashtab: Contestant = {
  name: 'Hashtab',
  variant: 'default',
  page: 'hashtab',
  unlinks: false,
  async introduce(port, countedPort) {
    const server = await ServerProcess.start(program, ['--port', String(port), '--host', '127.0.0.1'], /ws:\S+/)
    return { address: `ws://127.0.0.1:${countedPort}/signal`, kill: () => server.kill() }
  },
}
