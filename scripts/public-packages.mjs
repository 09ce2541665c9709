// @ts-check
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './command.mjs'

/** The folders of the packages that are there to be published, from the root on. */
export function publicPackages() {
  const folders = [...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`), 'signaling-server']
  return folders.filter((folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).private !== true)
}
