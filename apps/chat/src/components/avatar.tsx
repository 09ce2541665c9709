import type { UserKey } from '../model/user-key.js'

const letters = new Intl.Segmenter()

/** A coloured disc with a letter. The colour is of the key, so two who bear one name look different. */
export function Avatar({
  userKey,
  name,
  isOnline = false,
}: {
  readonly userKey: UserKey
  readonly name: string
  readonly isOnline?: boolean
}) {
  const hue = (Number.parseInt(userKey.slice(0, 4), 16) / 0x10000) * 360
  const letter = firstLetter(name)?.toLocaleUpperCase() ?? '#'
  return (
    <span class="avatar" style={{ '--hue': Math.round(hue) }} aria-hidden="true">
      {letter}
      {isOnline && <span class="avatar-dot" />}
    </span>
  )
}

/** What people take for one letter: a flag or a letter with its accents may be several code points. */
function firstLetter(name: string): string | undefined {
  const [first] = letters.segment(name)
  return first?.segment
}
