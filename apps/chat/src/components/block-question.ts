import type { Chat } from '../chat.js'
import { calledName, type Contact } from '../model/contact.js'
import { go } from '../route.js'
import type { Question } from './are-you-sure.js'

/** Asked before somebody is blocked, wherever that is done. */
export function blockQuestion(chat: Chat, contact: Contact): Question {
  return {
    words: `You hear nothing of ${calledName(contact)} any more, and they are not told. Adding their key again lets them back in.`,
    action: 'Block',
    onAct: () => {
      go({ page: 'list' })
      void chat.block(contact.key)
    },
  }
}
