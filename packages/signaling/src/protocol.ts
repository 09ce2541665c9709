/**
 * What is said between a peer and a signalling server, over one WebSocket: one message a frame, binary, canonical bencode.
 *
 *     server → challenge                 client → prove
 *     server → welcome                   (or refuse, and the socket is closed)
 *     server → peers, draw, letter       client → carry
 *     server → rest                      (the client hangs up)
 *     server → pong                      client → ping
 *     server → peers                     client → look
 */
export * from './proof.js'
export * from './signaling-codec.js'
export * from './signaling-message.js'
