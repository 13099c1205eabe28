import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'yaml'

type Json = Readonly<Record<string, unknown>>

/** The documents of what the management listener serves; references lead from one to the other by file name. */
const files = ['management.yaml', 'audit.yaml'] as const

/** Reads the documents as one: all paths, all components, and every reference within it. */
export function readDocuments(): Json {
  return files.map((file) => withinOne(parse(readFileSync(new URL(`../../openapi/${file}`, import.meta.url), 'utf8')))).reduce<Json>(
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
