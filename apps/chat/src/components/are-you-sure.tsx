import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** What is asked before something is done that cannot be taken back. */
export interface Question {
  /** What follows from it. */
  readonly words: string
  /** What the button says that does it. */
  readonly action: string
  readonly onAct: () => void
}

interface AreYouSureProps {
  /** `undefined`: nothing is asked, and the buttons stand there that may lead to a question. */
  readonly question: Question | undefined
  readonly onKeep: () => void
  readonly children: ComponentChildren
}

/** A row of buttons, and in its place a question once one of them was pressed. The focus goes along, both ways. */
export function AreYouSure({ question, onKeep, children }: AreYouSureProps) {
  const element = useRef<HTMLDivElement>(null)
  const isAsking = question !== undefined
  const wasAsking = useRef(isAsking)
  useEffect(() => {
    if (isAsking !== wasAsking.current) element.current?.querySelector('button')?.focus()
    wasAsking.current = isAsking
  }, [isAsking])
  return (
    <div ref={element}>
      {question ? (
        <div key="question" class="question" role="group" aria-label="Are you sure?">
          <p>{question.words}</p>
          <div class="button-row">
            <button type="button" class="button is-quiet" onClick={onKeep}>
              Keep
            </button>
            <button type="button" class="button is-danger" onClick={question.onAct}>
              {question.action}
            </button>
          </div>
        </div>
      ) : (
        <div key="buttons" class="button-row">
          {children}
        </div>
      )}
    </div>
  )
}
