export type { JoinOptions } from './join-options.js'
export { PeerError, peerIdOf, StorageFault, verify } from '@hashtab/peer'
export type {
  CallOptions,
  ChannelEvents,
  Data,
  Entry,
  IceServer,
  Peer,
  PeerChannel,
  PeerErrorCode,
  PeerEvents,
  PeerMessage,
  PeerStatus,
  Phase,
  Signer,
  Storage,
  WriteOptions,
  WriteResult,
} from '@hashtab/peer'
