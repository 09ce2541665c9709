// One node in a process of its own. Arguments: the contestant, and who introduces it (empty: it is the first).
import { startBittorrent } from './bittorrent-node.js'
import { startHashtab } from './hashtab-node.js'
import { startHyperdht } from './hyperdht-node.js'
import type { StartNode } from './node-peer.js'
import type { Answer, Order } from './worker-messages.js'

const starts: Record<string, StartNode> = { hashtab: startHashtab, bittorrent: startBittorrent, hyperdht: startHyperdht }
const [contestant = '', introducer = ''] = process.argv.slice(2)
const peer = await starts[contestant]!(introducer)

// Whoever interrupts the bench wants no node left behind.
process.on('disconnect', () => process.exit())
process.on('message', (order: Order) => void follow(order).then(answer))
answer({ type: 'up', record: peer.record, address: peer.address })

async function follow(order: Order): Promise<Answer> {
  switch (order.type) {
    case 'known':
      return { type: 'known', count: peer.known() }
    case 'put':
      return repeat(order.times, async (turn) => {
        await peer.put(`version ${turn} of ${peer.record}`)
        return true
      })
    case 'get':
      return repeat(order.times, async (turn) => {
        const record = order.records[turn % order.records.length]!
        return (await peer.get(record))?.endsWith(record) === true
      })
    case 'cpu': {
      const { user, system } = process.cpuUsage()
      return { type: 'cpu', ms: (user + system) / 1_000 }
    }
  }
}

async function repeat(times: number, work: (turn: number) => Promise<boolean>): Promise<Answer> {
  let succeeded = 0
  const latenciesMs: number[] = []
  for (let turn = 0; turn < times; turn++) {
    const startMs = performance.now()
    if (await work(turn).catch(() => false)) succeeded++
    latenciesMs.push(performance.now() - startMs)
  }
  return { type: 'done', succeeded, latenciesMs }
}

function answer(message: Answer): void {
  process.send!(message)
}
