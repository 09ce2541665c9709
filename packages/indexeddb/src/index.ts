export { IndexedDbStorage, type IndexedDbStorageOptions } from './indexeddb-storage.js'
export { slotsMax, takeIdentity, userIdentity, type HeldIdentity, type TakeIdentityOptions } from './take-identity.js'
