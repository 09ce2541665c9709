/** A door of its own: who needs no Redis loads no client of it. */
export { RedisCommons } from './commons/redis-commons.js'
