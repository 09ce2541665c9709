import { LoadSocket } from './load-socket.js'

/** What a crowd is asked for, as JSON, its only argument. */
export interface CrowdOrder {
  readonly address: string
  readonly sockets: number
  readonly networks: number
  /** Joins that are under way at once. */
  readonly atOnce: number
}

/** What a crowd tells its parent: how far it is, and at last how it went. */
export type CrowdReport =
  | { readonly type: 'progress'; readonly joined: number; readonly failed: number }
  | { readonly type: 'joined'; readonly joined: number; readonly failed: readonly string[]; readonly seconds: number }
  | { readonly type: 'lost'; readonly why: string }

/** Between two reports of progress. */
const progressMs = 5_000

/** A process that holds sockets, so that those who measure have a processor's time of their own. */
if (process.send !== undefined) await hold(JSON.parse(process.argv[2] ?? '') as CrowdOrder, (report) => process.send!(report))

async function hold({ address, sockets, networks, atOnce }: CrowdOrder, tell: (report: CrowdReport) => void): Promise<void> {
  // Whoever asked for it is gone.
  process.on('disconnect', () => process.exit())
  const failed: string[] = []
  let begun = 0
  let joined = 0
  const startedMs = performance.now()
  const joinInTurn = async () => {
    while (begun < sockets) {
      const network = `load-${begun++ % networks}`
      try {
        await LoadSocket.join(
          address,
          network,
          () => {},
          (why) => tell({ type: 'lost', why }),
        )
        joined++
      } catch (fault) {
        failed.push(String(fault))
      }
    }
  }
  const progress = setInterval(() => tell({ type: 'progress', joined, failed: failed.length }), progressMs)
  await Promise.all(Array.from({ length: atOnce }, joinInTurn))
  clearInterval(progress)
  tell({ type: 'joined', joined, failed: failed.slice(0, 10), seconds: (performance.now() - startedMs) / 1000 })
}
