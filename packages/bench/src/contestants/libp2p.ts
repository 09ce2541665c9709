import { fileURLToPath } from 'node:url'
import { ServerProcess } from '../server-process.js'
import type { Contestant } from './contestant.js'

const program = fileURLToPath(new URL('libp2p-relay.js', import.meta.url))

async function introduce(port: number, countedPort: number) {
  const server = await ServerProcess.start(program, [String(port), String(countedPort)], /\/ip4\S+/)
  return { address: server.announced, kill: () => server.kill() }
}

/** js-libp2p as its guide to WebRTC between browsers and the README of its DHT configure it. */
export const libp2pAsDocumented: Contestant = { name: 'js-libp2p', variant: 'documented', page: 'libp2p', unlinks: true, introduce }

/** js-libp2p at its best: every tab is a circuit relay for the others too, which its documentation does not describe. */
export const libp2pAtItsBest: Contestant = { name: 'js-libp2p, tabs relay', variant: 'relays', page: 'libp2p', unlinks: true, introduce }
