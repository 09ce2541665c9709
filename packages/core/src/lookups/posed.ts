import type { Key } from '../keys/key.js'
import type { Question } from '../wire/message.js'
import type { Asker, AskingEvent } from './asking-event.js'

/** A question to one peer: whom, over which way, for whom, and how often. */
export interface Posed {
  readonly to: Key
  readonly route: readonly Key[]
  readonly question: Question
  readonly asker: Asker
  readonly tries: number
}

/** The question that one of our machines wants to be asked. */
export function posedBy(event: Extract<AskingEvent, { type: 'push' | 'compare' | 'ping' | 'pose' }>): Posed {
  switch (event.type) {
    case 'push': {
      const { id, record, to, route } = event
      return { to: to.id, route, question: { type: 'store', record }, asker: { for: 'push', id }, tries: 2 }
    }
    case 'compare': {
      const { compared, to, route } = event
      const question: Question = { type: 'compare', versions: compared.map(({ version }) => version) }
      return { to: to.id, route, question, asker: { for: 'comparison', with: to, compared }, tries: 2 }
    }
    case 'ping':
      return { to: event.to, route: [], question: { type: 'ping' }, asker: { for: 'liveness', link: event.link }, tries: 1 }
    case 'pose':
      return event
  }
}
