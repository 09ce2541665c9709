import type { NewMerging } from '../merging/merging.js'
import type { Doorkeeper } from './doorkeeper.js'

/** What `Linking` may be given late: until then whoever is met is remembered, and who knocks is let in as far as there is room. */
export interface LinkingParts {
  readonly newMerging: NewMerging
  readonly newDoorkeeper: (nowMs: number) => Doorkeeper
}
