import { readdirSync, readFileSync } from 'node:fs'
import { defaultStories, type Story } from './story.js'

/** What a figure must at least be, or may be at most. */
export interface Bound {
  readonly least?: number
  readonly most?: number
}

/** A story that is kept as a file in `scenarios/`, with the figures that are expected of it. */
export interface ScenarioFile {
  readonly name: string
  /** One line for people. */
  readonly about: string
  readonly story: Story
  readonly expected: Readonly<{ [figure: string]: Bound }>
}

const folder = new URL('../scenarios/', import.meta.url)

export function scenarioNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort()
}

/** Reads one, with changes such as `latency.meanMs=20`. Throws a `RangeError` that says what is wrong with it. */
export function readScenario(name: string, changes: readonly string[] = []): ScenarioFile {
  return parseScenario(name, scenarioText(name), changes)
}

/** The changes that make a small version of it; undefined: there is none. */
export function quickChanges(name: string): readonly string[] | undefined {
  return (JSON.parse(scenarioText(name)) as { readonly quick?: readonly string[] }).quick
}

/** The file as it is. Throws a `RangeError` when there is none. */
export function scenarioText(name: string): string {
  if (!scenarioNames().includes(name)) throw new RangeError(`There is no scenario ${name}; --list names those that there are.`)
  return readFileSync(new URL(`${name}.json`, folder), 'utf8')
}

export function parseScenario(name: string, text: string, changes: readonly string[] = []): ScenarioFile {
  const { about, kind, options, expected } = JSON.parse(text) as {
    readonly about: string
    readonly kind: Story['kind']
    readonly options: Tree
    readonly expected: ScenarioFile['expected']
  }
  const base = defaultStories[kind]
  if (base === undefined) throw new RangeError(`${name}: kind is one of ${Object.keys(defaultStories).join(', ')}, not ${kind as string}.`)
  const changed = changes.reduce((tree, change) => overlaid(tree, treeOf(change)), options)
  const merged = overlaid(base.options as unknown as Tree, changed, (path) => {
    throw new RangeError(`${name}: a ${kind} scenario has no option ${path}.`)
  })
  return { name, about, story: { kind, options: withForever(merged) } as unknown as Story, expected: expected ?? {} }
}

type Tree = { readonly [name: string]: Leaf | Tree }
type Leaf = string | number | boolean | undefined

/** Options that have no default, so that their names are not in the defaults. */
const optional = new Set(['nat', 'sleepers', 'partition', 'limits', 'uplinkMbps', 'loss', 'unlinkable'])

/** One tree of options over another. `unknown` is told of those that the other has not. */
function overlaid(under: Tree, over: Tree, unknown?: (path: string) => void): Tree {
  const result: { [name: string]: Leaf | Tree } = { ...under }
  for (const [name, value] of Object.entries(over)) {
    const before = under[name]
    if (!(name in under) && !optional.has(name)) unknown?.(name)
    result[name] = typeof value === 'object' && typeof before === 'object' ? overlaid(before, value, unknown) : value
  }
  return result
}

/** `latency.meanMs=20` as a tree. */
function treeOf(change: string): Tree {
  const [, path, value] = /^([\w.]+)=(.*)$/.exec(change) ?? []
  if (path === undefined || value === undefined) throw new RangeError(`--set takes option=value, such as seed=8, not ${change}.`)
  return path.split('.').reduceRight<Leaf | Tree>((tree, name) => ({ [name]: tree }), leafOf(value)) as Tree
}

function leafOf(value: string): Leaf {
  try {
    return JSON.parse(value) as Leaf
  } catch {
    return value
  }
}

/** JSON knows no infinity: a median stay of 0 is for ever. */
function withForever(options: Tree): Tree {
  const { churn } = options
  return typeof churn === 'object' && churn['medianStayMs'] === 0 ? { ...options, churn: { ...churn, medianStayMs: Infinity } } : options
}
