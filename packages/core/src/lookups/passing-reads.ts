import type { ForwardingEvent } from '../links/forwarding.js'
import { wayBack } from '../links/relay.js'
import type { LinkId } from '../links/routing-table.js'
import { ContentCache } from '../records/content-cache.js'
import type { Answer, Envelope, MessageId, Seek } from '../wire/message.js'
import { Coalescing } from './coalescing.js'

export type PassingReadsEffect =
  /** This is the answer to another question that waits here, too: as if it had come over the same way. */
  | { readonly type: 'pass'; readonly envelope: Envelope }
  /** It is none for this question, which does not wait any longer. */
  | Extract<ForwardingEvent, { type: 'goesOn' }>

/** What a peer makes of the reads that it passes on for others: content that comes back is kept for a while, and equal questions wait for one answer. */
export class PassingReads {
  /** Made when the first content is asked for through this peer. */
  #cache: ContentCache | undefined
  /** Made when the first question is passed on for others. */
  #coalescing: Coalescing | undefined

  /** What is kept for this question, if it is for content. */
  cached({ target, want }: Seek, nowMs: number): ReturnType<ContentCache['get']> {
    return want === 'content' ? this.#cache?.get(target, nowMs) : undefined
  }

  /** Whether this question is to wait for the answer to another. */
  waits(seek: Seek, nowMs: number): boolean {
    return this.#coalescing?.waits(seek, nowMs) ?? false
  }

  /** When questions that wait are to be passed on; Infinity: none waits. */
  get wakeAtMs(): number {
    return this.#coalescing?.wakeAtMs ?? Infinity
  }

  /** Those that have waited long enough. */
  overdue(nowMs: number): readonly Seek[] {
    return this.#coalescing?.overdue(nowMs) ?? []
  }

  /** A question that was passed on has ended here after all, since nobody took it: those that wait for its answer, to be passed on now. */
  ended(id: MessageId): readonly Seek[] {
    return this.#coalescing?.ended(id) ?? []
  }

  /** Another's question was passed on over this link: the answer will pass here. */
  passed(seek: Seek, to: LinkId, nowMs: number): void {
    if (seek.want === 'content') (this.#cache ??= new ContentCache()).asked(seek, nowMs)
    if (seek.want !== 'peers') (this.#coalescing ??= new Coalescing()).passed(seek, to, nowMs)
  }

  /** Something that came over this link passes on its way back. */
  passing(envelope: Envelope, from: LinkId, nowMs: number): PassingReadsEffect[] {
    const { path, payload } = envelope
    if (payload.type !== 'response' || payload.answer.type !== 'found') return []
    const { id, answer } = payload
    this.#cache?.answered(id, answer, path.length, nowMs)
    return (this.#coalescing?.answered(id, from) ?? []).map((seek) => shared(envelope, answer, seek))
  }
}

function shared(envelope: Envelope, answer: Extract<Answer, { type: 'found' }>, seek: Seek): PassingReadsEffect {
  const { id, path, avoid } = seek
  const asker = path[0]!
  // On its way it would pass a peer again, or it passed one that it was to go round.
  const isOut = [...path, ...avoid].some((one) => envelope.path.some((passed) => passed.equals(one)))
  if (isOut) return { type: 'goesOn', seek }
  const contacts = answer.contacts.filter((contact) => !contact.id.equals(asker))
  const payload = { type: 'response', id, answer: { ...answer, contacts } } as const
  return { type: 'pass', envelope: { ...envelope, destination: asker, route: wayBack(seek), payload } }
}
