import { inGroups, type UserKey } from '../model/user-key.js'

/** A key in full, in groups that can be compared by eye. */
export function KeyText({ of }: { readonly of: UserKey }) {
  return (
    <p class="key-text">
      {inGroups(of)
        .split(' ')
        .map((group, i) => (
          <span key={i}>{group}</span>
        ))}
    </p>
  )
}
