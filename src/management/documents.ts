import { hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isDeepStrictEqual } from 'node:util'
import type { parse as parseYaml } from 'yaml'

type Json = Readonly<Record<string, unknown>>

/** The documents of what the management listener serves; references lead from one to the other by file name. */
const files = ['management.yaml', 'audit.yaml'] as const

/** Where the one document stands ready that `npm run generate` made of them. */
export const joinedFile = new URL('../../openapi/joined.json', import.meta.url)

/** Reads the documents as one: all paths, all components, and every reference within it. */
export function readDocuments(): Json {
  const sources = readSources()
  const ready = existsSync(joinedFile) ? asObject(JSON.parse(readFileSync(joinedFile, 'utf8'))) : {}
  // Reading them takes longer than all else that a start does, so that what was made of the very same ones is taken.
  return isDeepStrictEqual(ready['sha256'], digestsOf(sources)) ? asObject(ready['document']) : joinDocuments(sources)
}

/** The text of `joined.json`: the document, and what it was made of. */
export function joinedText(): string {
  const sources = readSources()
  return `${JSON.stringify({ sha256: digestsOf(sources), document: joinDocuments(sources) }, undefined, 1)}\n`
}

type Sources = readonly { readonly name: string; readonly text: string }[]

function readSources(): Sources {
  return files.map((name) => ({ name, text: readFileSync(new URL(`../../openapi/${name}`, import.meta.url), 'utf8') }))
}

/** Of the documents, and of this module, which joins them. */
function digestsOf(sources: Sources): Json {
  return Object.fromEntries([...sources, { name: 'documents.ts', text: readFileSync(new URL(import.meta.url), 'utf8') }].map(({ name, text }) => [name, hash('sha256', text)]))
}

function joinDocuments(sources: Sources): Json {
  // Loaded where it is needed.
  const { parse }: { readonly parse: typeof parseYaml } = createRequire(import.meta.url)('yaml')
  return sources.map(({ text }) => withinOne(parse(text))).reduce<Json>(
    (all, document) => ({ ...document, ...all, paths: merged(all['paths'], document['paths']), components: mergedKinds(all['components'], document['components']) }),
    {},
  )
}

function mergedKinds(before: unknown, more: unknown): Json {
  const [all, added] = [asObject(before), asObject(more)]
  return Object.fromEntries([...new Set([...Object.keys(all), ...Object.keys(added)])].map((kind) => [kind, merged(all[kind], added[kind])]))
}

function merged(before: unknown, more: unknown): Json {
  const [all, added] = [asObject(before), asObject(more)]
  const twice = Object.keys(added).find((name) => Object.hasOwn(all, name) && !isDeepStrictEqual(all[name], added[name]))
  if (twice !== undefined) throw new Error(`Two documents of openapi/ have a ${twice} of their own`)
  return { ...all, ...added }
}

/** Drops the file names of references: `management.yaml#/components/…` is in the one document, too. */
function withinOne(document: unknown): Json {
  return asObject(JSON.parse(JSON.stringify(document), (name, value: unknown) => (name === '$ref' && typeof value === 'string' ? value.slice(value.indexOf('#')) : value)))
}

function asObject(value: unknown): Json {
  return isObject(value) ? value : {}
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
