/** What simple-peer uses of randombytes: hex digits for names that nothing depends on. */
module.exports = function randombytes(/** @type {number} */ length) {
  const bytes = crypto.getRandomValues(new Uint8Array(length))
  return { toString: () => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') }
}
