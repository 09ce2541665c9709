import type { CipherSuite } from './keys/cipher-suite.js'
import { Correspondence, type NewCorrespondence } from './letters/correspondence.js'
import { Doorkeeper } from './links/doorkeeper.js'
import type { LinkingParts } from './links/linking-parts.js'
import { RoleKeeper } from './links/role-keeper.js'
import type { AskingParts } from './lookups/asking-event.js'
import { isCrowded } from './lookups/crowding.js'
import { Delivering } from './lookups/delivering.js'
import { type NewSurrounding, Surrounding } from './lookups/surrounding.js'
import { PassingReads } from './lookups/passing-reads.js'
import { Placements } from './lookups/placements.js'
import { repairsOf } from './lookups/read-repair.js'
import { Refresh } from './lookups/refresh.js'
import { Turns } from './lookups/turns.js'
import { Merging } from './merging/merging.js'
import { type NewReplication, Replication } from './records/replication.js'
import { Watchers } from './watches/watchers.js'
import { Watching } from './watches/watching.js'
import type { NewWatchers, NewWatching } from './watches/watch-room.js'

/** What an overlay can begin without, so that a page may load it once it has begun: see `OverlayOptions`. */
export interface LateParts extends AskingParts, LinkingParts {
  readonly newCorrespondence: NewCorrespondence
  readonly newPassingReads: () => PassingReads
  readonly newReplication: NewReplication
  readonly newSurrounding: NewSurrounding
  readonly newWatching: NewWatching
  readonly newWatchers: NewWatchers
}

/** All of them; what is said where there is no link is encrypted with this cipher suite. The one module that knows their classes: a page that imports it late carries them late. */
export const latePartsWith = (suite: CipherSuite): LateParts => ({
  newCorrespondence: (table, ids) => new Correspondence(table, ids, suite),
  newDelivering: (table, ids, host) => new Delivering(table, ids, host),
  newPlacements: (self, host) => new Placements(self, host),
  newDoorkeeper: (nowMs) => new Doorkeeper(nowMs),
  newMerging: (table, ids, nowMs) => new Merging(table, ids, nowMs),
  newPassingReads: () => new PassingReads(),
  newReplication: (table, view, share) => new Replication(table, view, share),
  newRefresh: (table, ids) => new Refresh(table, ids),
  newRoleKeeper: (table, chance) => new RoleKeeper(table, chance),
  newSurrounding: (host) => new Surrounding(host),
  newTurns: () => new Turns(),
  repairsOf,
  isCrowded,
  newWatching: (ids, holds) => new Watching(ids, holds),
  newWatchers: (host, nowMs) => new Watchers(host, nowMs),
})
