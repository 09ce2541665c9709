import type { CipherSuite } from './keys/cipher-suite.js'
import { type NewSessions, Sessions } from './letters/sessions.js'
import type { AskingParts } from './lookups/asking-event.js'
import { Delivering } from './lookups/delivering.js'
import { Placements } from './lookups/placements.js'
import { Merging, type NewMerging } from './merging/merging.js'
import { Watchers } from './watches/watchers.js'
import { Watching } from './watches/watching.js'
import type { NewWatchers, NewWatching } from './watches/watch-room.js'

/** What an overlay can begin without, so that a page may load it once it has begun: see `OverlayOptions`. */
export interface LateParts extends AskingParts {
  readonly newSessions: NewSessions
  readonly newMerging: NewMerging
  readonly newWatching: NewWatching
  readonly newWatchers: NewWatchers
}

/** All of them; sessions under the keys of this cipher suite. The one module that knows their classes: a page that imports it late carries them late. */
export const latePartsWith = (suite: CipherSuite): LateParts => ({
  newSessions: (self, ids) => new Sessions(self, suite, ids),
  newDelivering: (table, ids, host) => new Delivering(table, ids, host),
  newPlacements: (self, host) => new Placements(self, host),
  newMerging: (table, ids, nowMs) => new Merging(table, ids, nowMs),
  newWatching: (ids, holds) => new Watching(ids, holds),
  newWatchers: (host, nowMs) => new Watchers(host, nowMs),
})
