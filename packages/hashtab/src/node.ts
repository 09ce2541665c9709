export * from './api.js'
export { join } from './join-in-node.js'
export { userIdentity } from '@hashtab/indexeddb'
