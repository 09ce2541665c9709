import { Component } from 'preact'
import { shownTime, type Message } from '../model/message.js'
import { MessageBubble } from './message-bubble.js'
import { dayWords } from './time-words.js'

/** Messages of one person that are no further apart (ms) stand together. */
const togetherMs = 120_000

interface LogEntryProps {
  readonly message: Message
  /** The message drawn above it. */
  readonly before: Message | undefined
  /** The midnight with which today began (unix ms). */
  readonly today: number
}

/** One message in the log, under the name of its day when it is the day's first. Messages are immutable: it is drawn again only for another one. */
export class LogEntry extends Component<LogEntryProps> {
  override shouldComponentUpdate({ message, before, today }: LogEntryProps): boolean {
    return message !== this.props.message || before !== this.props.before || today !== this.props.today
  }

  override render({ message, before, today }: LogEntryProps) {
    const day = dayWords(message.at, today)
    const isNewDay = !before || dayWords(before.at, today) !== day
    const follows = !isNewDay && before.from === message.from && shownTime(message) - shownTime(before) < togetherMs
    return (
      <>
        {isNewDay && (
          <li class="day">
            <span>{day}</span>
          </li>
        )}
        <MessageBubble message={message} follows={follows} />
      </>
    )
  }
}
