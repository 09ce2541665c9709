import { expect, test } from 'vitest'
import { DrawBatch } from './draw-batch.js'

/** A batch whose frames come when the test says so. */
function batch() {
  const ordered = new Set<() => void>()
  const drawn = { times: 0 }
  const draws = new DrawBatch(
    () => drawn.times++,
    (callback) => {
      ordered.add(callback)
      return () => ordered.delete(callback)
    },
  )
  const frame = () => {
    const due = [...ordered]
    ordered.clear()
    for (const callback of due) callback()
  }
  return { draws, drawn, frame }
}

test('a hundred wishes before a frame are one drawing, and the next wish is another', () => {
  const { draws, drawn, frame } = batch()
  for (let i = 0; i < 100; i++) draws.ask()
  expect(drawn.times).toBe(0)
  frame()
  expect(drawn.times).toBe(1)
  frame()
  expect(drawn.times).toBe(1)
  draws.ask()
  frame()
  expect(drawn.times).toBe(2)
})

test('what is called off is not drawn, and can be asked for again', () => {
  const { draws, drawn, frame } = batch()
  draws.ask()
  draws.callOff()
  frame()
  expect(drawn.times).toBe(0)
  draws.ask()
  frame()
  expect(drawn.times).toBe(1)
})
