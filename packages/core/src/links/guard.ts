import type { Key } from '../keys/key.js'
import { LateMap } from '../late-map.js'
import type { Message } from '../wire/message.js'
import type { Link, LinkId } from './routing-table.js'

/** What one link may ask of us at once, and a minute after that. */
interface Allowance {
  readonly burst: number
  readonly perMinute: number
}

/**
 * `fault`: malformed and forged messages; noise happens, floods do not. `neighbours`: changes of lists, told every few seconds by our own like, and all at once after a tab stood still; one that is dropped would make the list wrong for good, so beyond it the link ends.
 * `store`: records to be judged, each for up to 3 ms of signature. `draw`: calls to a meeting point, each a new socket.
 * `compare`: digests to be looked for among all that is kept, a few in ten minutes, and some more when peers come and go.
 * `strangers`: tales of other overlays, told twice a minute at most by our own like.
 * `control`: greetings and wishes, two at most for each change at the other end. `mail`: what an app is bothered with.
 * `watch`: wishes of peers beyond the link to be pushed to, each for a hash over a key's records. `changed`: pushes of holders, three for each change at ten a second, through few links. `unasked`: answers that nobody waits for; an overloaded peer is late with some.
 */
export const allowances = {
  fault: { burst: 8, perMinute: 1 },
  neighbours: { burst: 60, perMinute: 60 },
  store: { burst: 400, perMinute: 1_200 },
  compare: { burst: 120, perMinute: 120 },
  draw: { burst: 1, perMinute: 1 },
  strangers: { burst: 2, perMinute: 2 },
  control: { burst: 60, perMinute: 300 },
  mail: { burst: 500, perMinute: 3_000 },
  watch: { burst: 600, perMinute: 900 },
  changed: { burst: 400, perMinute: 3_000 },
  unasked: { burst: 60, perMinute: 60 },
} as const satisfies { readonly [what: string]: Allowance }

export type GuardedKind = keyof typeof allowances
const kinds = Object.keys(allowances) as GuardedKind[]

/** Keeps count of what each link asks of us. */
export class Guard {
  /** Until when what each link had of each kind is paid for, at a steady rate: buckets of tokens, each as one number, as in `Relay`. */
  readonly #paidMs = new LateMap<LinkId, number[]>()

  /** Whether the message that came over the link is within what the link may have. */
  admits(link: Link, message: Message, self: Key, nowMs: number): boolean {
    const kind = kindOf(message, self)
    return !kind || this.allows(link, kind, nowMs)
  }

  /** Whether the link may have this once more. */
  allows({ link }: Link, kind: GuardedKind, nowMs: number): boolean {
    let paidMs = this.#paidMs.get(link)
    if (!paidMs) this.#paidMs.set(link, (paidMs = kinds.map(() => -Infinity)))
    const place = kinds.indexOf(kind)
    const { burst, perMinute } = allowances[kind]
    const gapMs = 60_000 / perMinute
    const nextMs = Math.max(paidMs[place]!, nowMs) + gapMs
    // Half a gap of grace: what is added up is rounded.
    if (nextMs - nowMs > (burst + 0.5) * gapMs) return false
    paidMs[place] = nextMs
    return true
  }

  /** The link is over: no other will have its number. */
  forget(link: LinkId): void {
    this.#paidMs.delete(link)
  }
}

/** What a message costs its link, besides what relaying costs. */
function kindOf(message: Message, self: Key): GuardedKind | undefined {
  switch (message.type) {
    case 'neighbours':
    case 'draw':
    case 'strangers':
      return message.type
    case 'hello':
    case 'wants':
    case 'role':
    case 'leaving':
      return 'control'
    case 'seek':
    case 'taken':
    case 'declined':
      return undefined
    case 'spoken':
      return message.body.type === 'mail' ? 'mail' : undefined
    case 'envelope': {
      const { payload, destination } = message
      if (payload.type !== 'request' || !destination.equals(self)) return undefined
      const { type } = payload.question
      return type === 'store' || type === 'compare' || type === 'watch' || type === 'changed' ? type : undefined
    }
  }
}
