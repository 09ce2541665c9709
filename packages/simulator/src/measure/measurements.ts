import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scenarioText } from '../scenario-file.js'
import type { ScenarioResult } from '../scenario-result.js'

/** What a command outside the simulator has measured, as it wrote it: see `measuredElsewhere`. */
export type OtherResult = Pick<ScenarioResult, 'about' | 'command' | 'figures' | 'wallSeconds'>

/** The results that are kept, one JSON file for each scenario: a run that was broken off goes on where it was. */
export class Measurements {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
    mkdirSync(join(folder, 'results'), { recursive: true })
  }

  fileOf(name: string): string {
    return join(this.folder, 'results', `${name}.json`)
  }

  /** What another command has measured; undefined: it has not. */
  otherResultOf(name: string): OtherResult | undefined {
    const file = this.fileOf(name)
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as OtherResult) : undefined
  }

  /** What came of a scenario; undefined: it was not run, or its file is another by now. */
  resultOf(scenario: string): ScenarioResult | undefined {
    const file = this.fileOf(scenario)
    if (!existsSync(file)) return undefined
    const result = JSON.parse(readFileSync(file, 'utf8')) as ScenarioResult
    return result.digest === digestOf(scenario) ? result : undefined
  }
}

/** Tells one state of a scenario's file from another. */
export function digestOf(scenario: string): string {
  return createHash('sha256').update(scenarioText(scenario)).digest('hex').slice(0, 12)
}
