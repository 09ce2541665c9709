// @ts-check
// `npm run load`: builds the signalling server, and measures one process of it with ten thousand sockets.
import { runNode } from './command.mjs'
import { install } from './setup.mjs'

await install()
if ((await runNode('node_modules/typescript/bin/tsc', ['-b', 'signaling-server'])) !== 0) {
  throw new Error('The signalling server does not compile: see above.')
}
process.exitCode = await runNode('signaling-server/dist/load/cli.js', process.argv.slice(2))
