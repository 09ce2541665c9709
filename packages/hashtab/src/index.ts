export * from './api.js'
export { join } from './join.js'
export { userIdentity } from '@hashtab/indexeddb'
