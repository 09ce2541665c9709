export { IndexedDbStorage, type IndexedDbStorageOptions } from './indexeddb-storage.js'
export { slotsMax, takeIdentity, type HeldIdentity, type TakeIdentityOptions } from './take-identity.js'
export { exportIdentity, importIdentity, userIdentity, type ImportOptions, type UserIdentityOptions } from './user-identity.js'
