import { jsonObject } from './json-object.js'

/** What a user tells everybody about themselves: an owned record under their key. */
export interface Profile {
  readonly name: string
}

/** The owned record's name. */
export const profileRecord = 'chat/profile'
/** Characters in a name: longer ones break every list they stand in. */
export const nameCharactersMax = 40
/** The format's version, and the only one that is read. */
const version = 1
/** The longest written profile: a name in which every character is escaped. */
const charactersMax = 400

export function writeProfile({ name }: Profile): string {
  return JSON.stringify({ version, name })
}

/** `undefined`: not a profile, or a name that cannot be shown. */
export function readProfile(text: string): Profile | undefined {
  const fields = jsonObject(text, charactersMax)
  if (fields?.version !== version || typeof fields.name !== 'string') return undefined
  const name = tidyName(fields.name)
  return name === '' ? undefined : { name }
}

/** A name on one line: no control characters, none that turn the direction of the text around it, and no longer than the limit. */
export function tidyName(name: string): string {
  const line = name
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim()
  return Array.from(line).slice(0, nameCharactersMax).join('').trim()
}
