export * from './api.js'
export { join } from './join-in-node.js'
export { exportIdentity, importIdentity, userIdentity, type ImportOptions, type UserIdentityOptions } from '@hashtab/indexeddb'
