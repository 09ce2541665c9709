import type { Conduct } from './conduct.js'

/** Milliseconds that it takes longer: more than a lookup waits before it tries another way. */
const dawdlesMinMs = 500
const dawdlesMaxMs = 5_000

/** Acknowledges at once, and does what it is to do much later. */
export const dawdler: Conduct = {
  orders(effect, self) {
    if (effect.type !== 'send' || (effect.message.type !== 'envelope' && effect.message.type !== 'seek')) return effect
    const { message } = effect
    if (message.type === 'envelope' && message.payload.type === 'response' && message.payload.answer.type === 'pong') return effect
    self.postpone(effect, self.random.between(dawdlesMinMs, dawdlesMaxMs))
    return undefined
  },
}
