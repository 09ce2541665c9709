import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { help, readCommandLine } from './command-line.js'
import { benchGuest } from './guest-bench.js'
import type { BrowserChoice } from './stage.js'
import { benchTabs } from './tab-bench.js'

/** Where and when figures were measured: they do not travel without it. */
export interface Machine {
  readonly node: string
  readonly cpu: string
  readonly cores: number
  readonly platform: string
}

/** Runs what the arguments ask for. Answers with the exit code. */
export async function bench(
  parameters: readonly string[],
  browser: () => Promise<BrowserChoice>,
  print: (line: string) => void,
): Promise<number> {
  const command = readCommandLine(parameters)
  switch (command.type) {
    case 'help':
      print(help)
      return 0
    case 'refuse':
      print(command.why)
      return 1
    case 'tabs': {
      const choice = await browser()
      const reports = []
      for (const tabs of command.tabs) reports.push(await benchTabs(tabs, command.rounds, choice, print))
      await write(command.json, { machine: machine(), tabs: reports })
      return 0
    }
    case 'guest':
      await write(command.json, { machine: machine(), guest: await benchGuest(command.tabs, await browser(), print) })
      return 0
    case 'nodes': {
      const { benchNodes } = await import('./nodes/node-bench.js')
      await write(command.json, { machine: machine(), nodes: await benchNodes(command.nodes, command.rounds, print) })
      return 0
    }
  }
}

function machine(): Machine {
  const processors = cpus()
  return {
    node: process.version,
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    platform: `${process.platform} ${process.arch}`,
  }
}

/** JSON knows no Infinity: what did not come in time is written as null. */
async function write(path: string | undefined, report: object): Promise<void> {
  if (path !== undefined) await writeFile(path, `${JSON.stringify(report, undefined, 2)}\n`)
}
