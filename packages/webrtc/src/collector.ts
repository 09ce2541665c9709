/** Bytes of each buffer that is dropped at once, and how many: what brought Chromium's collector within a second (measured). */
const bufferBytes = 64 * 1024 * 1024
const buffers = 4

/**
 * Makes the garbage collector come. Chromium frees the slot of a closed `RTCPeerConnection` only when it is collected, an idle page
 * collects nothing, and the 500th construction throws 'Cannot create so many PeerConnections': dropped buffers raise the pressure.
 */
export function bringCollector(): void {
  for (let i = 0; i < buffers; i++) {
    try {
      // Reading the length keeps minifiers from dropping a buffer that nobody uses.
      if (new ArrayBuffer(bufferBytes).byteLength === 0) return
    } catch {
      return // No memory left: that is pressure enough.
    }
  }
}
