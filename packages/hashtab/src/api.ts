export type { JoinOptions } from './join-options.js'
export { PeerError, peerIdOf, StorageFault } from '@hashtab/peer'
export { verify } from './verify.js'
export type {
  CallOptions,
  ChannelEvents,
  Data,
  Entry,
  IceServer,
  Peer,
  PeerChannel as Channel,
  PeerErrorCode,
  PeerEvents,
  PeerMessage,
  PeerRole,
  PeerStatus,
  Phase,
  Signer,
  Storage,
  StoreOptions,
  WriteOptions,
  WriteResult,
} from '@hashtab/peer'
