const strokes = {
  key: 'M13.2 10.8 20 4m-3 3 2.4 2.4m-4.6-.2 1.6 1.6M9 20a4.8 4.8 0 1 0 0-9.6A4.8 4.8 0 0 0 9 20Z',
  add: 'M12 5v14M5 12h14',
  back: 'm14.5 5.5-6.5 6.5 6.5 6.5',
  send: 'm5 12-1.5-8L21 12 3.5 20 5 12Zm0 0h7',
  close: 'm6 6 12 12M18 6 6 18',
  more: 'M12 5.5v.01M12 12v.01M12 18.5v.01',
} as const

/** A picture beside words, or in a button that has a label of its own: never the only thing that tells. */
export function Icon({ of }: { readonly of: keyof typeof strokes }) {
  return (
    <svg class="icon" data-of={of} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={strokes[of]} />
    </svg>
  )
}
