import { render } from 'preact'
import { Chat } from './chat.js'
import { App } from './components/app.js'
import { Trouble } from './components/trouble.js'
import { signalingAddress } from './signaling-address.js'

const root = document.getElementById('app')!

try {
  const chat = await Chat.open()
  render(<App chat={chat} />, root)
  addEventListener('pagehide', () => chat.leave())
  await chat.goOnline(signalingAddress(new URL(location.href)))
} catch (reason) {
  render(<Trouble reason={reason} />, root)
}
