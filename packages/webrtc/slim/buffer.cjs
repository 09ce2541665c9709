/** What simple-peer uses of Node's Buffer: a view of the bytes that came. */
module.exports = { Buffer: { from: (/** @type {ArrayBuffer} */ bytes) => new Uint8Array(bytes) } }
