import { neighboursMax } from '@hashtab/core'
import type { Conduct } from './conduct.js'
import { dawdler } from './dawdler.js'
import { Denier } from './denier.js'
import { dropper } from './dropper.js'
import { Equivocator } from './equivocator.js'
import { forger } from './forger.js'
import type { Gang } from './gang.js'
import { KnockFlooder } from './knock-flooder.js'
import { ListLiar } from './list-liar.js'
import { misrouter } from './misrouter.js'
import { Replayer } from './replayer.js'
import { StoreFlooder } from './store-flooder.js'

/** What hostile peers may do, as it is written in scenarios. */
export const conductNames = [
  'drops',
  'withholds',
  'invents',
  'colludes',
  'misroutes',
  'dawdles',
  'replays',
  'forges',
  'liesOfStrangers',
  'liesOfFriends',
  'floodsKnocks',
  'floodsStores',
  'equivocates',
] as const
export type ConductName = (typeof conductNames)[number]

export function newConduct(name: ConductName, gang: Gang): Conduct {
  switch (name) {
    case 'drops':
      return dropper
    case 'withholds':
      return Denier.withholder()
    case 'invents':
      return Denier.inventor(gang)
    case 'colludes':
      return Denier.colluder(gang)
    case 'misroutes':
      return misrouter
    case 'dawdles':
      return dawdler
    case 'replays':
      return new Replayer(gang)
    case 'forges':
      return forger
    case 'liesOfStrangers':
      return new ListLiar(gang.inventions(neighboursMax))
    case 'liesOfFriends':
      return new ListLiar(gang.random.sample(gang.contacts, neighboursMax))
    case 'floodsKnocks':
      return new KnockFlooder(gang)
    case 'floodsStores':
      return new StoreFlooder(gang)
    case 'equivocates':
      return new Equivocator(gang)
  }
}
