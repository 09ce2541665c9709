const { EventEmitter } = require('eventemitter3')

/**
 * What simple-peer uses of a Node stream while nobody pipes it: what came in is told at once, what goes out is `send`.
 * The real one (readable-stream, with Buffer, process and util behind it) is two thirds of simple-peer's prebuilt file.
 */
class Duplex extends EventEmitter {
  readable = true
  writable = true
  _readableState = { ended: false }
  _writableState = { finished: false }

  /** @param {unknown} chunk null: there will be no more */
  push(chunk) {
    if (chunk === null) this._readableState.ended = true
    else this.emit('data', chunk)
  }

  end() {
    this._writableState.finished = true
    this.emit('finish')
  }
}

module.exports = { Duplex }
