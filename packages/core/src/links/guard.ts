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
 * `watch`: wishes of peers beyond the link to be pushed to, each for a hash over a key's records. `changed`: pushes of holders, three for each change at ten a second, through few links.
 * `unasked`: answers and notices that nothing waits for, besides one for each that was asked for over the link (`Guard.asked`): after a tab stood still, all it had asked is
 * answered too late, and twice: 512 questions and 512 acknowledgements.
 * `verification`: what a link has of signatures although others use up what is for all (`verificationsInAll`).
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
  unasked: { burst: 2_000, perMinute: 600 },
  verification: { burst: 30, perMinute: 30 },
} as const satisfies { readonly [what: string]: Allowance }

/**
 * Signatures judged for others beyond each link's own few, over all links together. `store`: of records that are to be kept; the burst is as many as a store holds, for a peer that
 * comes home is handed them all. `changed`: of what is pushed to this peer's watches, apart, so that neither takes from the other; ten a second are new, and a minute of it comes at once after a tab stood still.
 * With 64 links' own 30 a minute, 82 a second of up to 3 ms in the long run: a quarter of a core.
 */
export const verificationsInAll = {
  store: { burst: 2_000, perMinute: 2_000 },
  changed: { burst: 600, perMinute: 1_000 },
} as const satisfies { readonly [what: string]: Allowance }

export type Judged = keyof typeof verificationsInAll

export type GuardedKind = keyof typeof allowances
const kinds = Object.keys(allowances) as GuardedKind[]

/** Keeps count of what each link asks of us. */
export class Guard {
  /** Until when what each link had of each kind is paid for, at a steady rate: buckets of tokens, each as one number, as in `Relay`. */
  readonly #paidMs = new LateMap<LinkId, number[]>()
  /** The same of the signatures judged for all. */
  readonly #verifiedPaidMs: { [judged in Judged]: number } = { store: -Infinity, changed: -Infinity }

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
    const nextMs = pay(paidMs[place]!, allowances[kind], nowMs)
    if (nextMs === undefined) return false
    paidMs[place] = nextMs
    return true
  }

  /** Whether one more signature may be judged for others, of what came over this link; undefined: it is gone. */
  allowsVerification(link: Link | undefined, judged: Judged, nowMs: number): boolean {
    if (link && this.allows(link, 'verification', nowMs)) return true
    const nextMs = pay(this.#verifiedPaidMs[judged], verificationsInAll[judged], nowMs)
    if (nextMs === undefined) return false
    this.#verifiedPaidMs[judged] = nextMs
    return true
  }

  /** This was sent over the link: what comes of it may come when it is waited for no more. */
  asked(link: LinkId, message: Message): void {
    const paidMs = this.#paidMs.get(link)
    if (paidMs) paidMs[kinds.indexOf('unasked')]! -= (answersTo(message) * 60_000) / allowances.unasked.perMinute
  }

  /** The link is over: no other will have its number. */
  forget(link: LinkId): void {
    this.#paidMs.delete(link)
  }
}

/** When what was had is paid for, with one more; undefined: it would be too much. */
function pay(paidMs: number, { burst, perMinute }: Allowance, nowMs: number): number | undefined {
  const gapMs = 60_000 / perMinute
  const nextMs = Math.max(paidMs, nowMs) + gapMs
  // Half a gap of grace: what is added up is rounded.
  return nextMs - nowMs > (burst + 0.5) * gapMs ? undefined : nextMs
}

/** How many messages may come back for one that sets out, or is passed on. */
function answersTo(message: Message): number {
  switch (message.type) {
    case 'seek':
      // Acknowledged by the next peer; one's own is answered, too.
      return message.path.length === 1 ? 2 : 1
    case 'envelope':
      return message.path.length === 1 ? 1 : 0
    default:
      return 0
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
