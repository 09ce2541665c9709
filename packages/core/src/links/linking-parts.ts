import type { NewMerging } from '../merging/merging.js'
import type { FreshIds } from '../fresh-ids.js'
import type { Doorkeeper } from './doorkeeper.js'
import type { RoleKeeper } from './role-keeper.js'
import type { RoutingTable } from './routing-table.js'

/** What `Linking` may be given late: until then whoever is met is remembered, who knocks is let in as far as there is room, and this peer serves. */
export interface LinkingParts {
  readonly newMerging: NewMerging
  readonly newDoorkeeper: (nowMs: number) => Doorkeeper
  readonly newRoleKeeper: (table: RoutingTable, chance: Pick<FreshIds, 'share'>) => RoleKeeper
}
