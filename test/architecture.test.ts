import { expect, test } from 'vitest'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** The layers of design.md, highest first. A folder imports only from lower layers. */
const layers = [
  ['main'],
  ['connector'],
  ['protocol', 'management'],
  ['negotiation', 'transfer'],
  // What is published is described by looking at it, so the catalog stands above the data plane.
  ['catalog'],
  ['dataplane'],
  ['agreements'],
  ['identity', 'outbox', 'audit'],
  // The formats of a transparency log are pure, like policies.
  ['policy', 'tlog', 'persistence', 'http'],
  ['errors'],
]
/** Wiring: files that stand beside the layers, and what they may be imported by. */
const beside = new Set(['config', 'init'])
/** Programs of their own: they talk to a connector over HTTP only. */
const outside = new Set(['cli', 'demo', 'console'])

const rank = new Map(layers.flatMap((names, level) => names.map((name) => [name, level] as const)))
const root = join(import.meta.dirname, '..')

interface Import {
  readonly file: string
  readonly from: string
  readonly target: string
  readonly typeOnly: boolean
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => join(folder, name))
}

// `import … from`, `export … from`, bare and dynamic imports.
const pattern = /^\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+['"]([^'"]+)['"]|^\s*import\s+()['"]([^'"]+)['"]|import\(\s*()['"]([^'"]+)['"]/gm

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(pattern)].map((match) => {
    const target = match[2] ?? match[4] ?? match[6] ?? ''
    const resolved = target.startsWith('.') ? relative(root, join(root, file, '..', target)) : target
    return { file, from: partOf(file), target: resolved, typeOnly: match[1] !== undefined }
  })
}

/** The layer that a file of `src/` belongs to: its folder, or its own name at the top. */
function partOf(file: string): string {
  const [, first = ''] = file.split('/')
  return first.replace(/\.ts$/, '')
}

const sources = filesIn('src')
const imports = sources.flatMap(importsOf)
const inside = imports.filter(({ target }) => target.startsWith('src/'))
const packages = imports.filter(({ target }) => !target.startsWith('src/') && !target.startsWith('node:') && !/^(openapi|migrations|policies|\.)/.test(target))
const show = ({ file, target }: Import) => `${file} imports ${target}`

test('the test sees the imports', () => {
  expect(inside.length).toBeGreaterThan(100)
  expect(packages.length).toBeGreaterThan(20)
})

test('every folder has its place in the order', () => {
  const parts = new Set(sources.map(partOf))
  expect([...parts].filter((part) => !rank.has(part) && !beside.has(part) && !outside.has(part))).toEqual([])
})

test('imports point down the layers, never up, never sideways', () => {
  const wrong = inside.filter(({ file, from, target, typeOnly }) => {
    const to = partOf(target)
    if (from === to || outside.has(from)) return false
    if (beside.has(from)) return false
    if (beside.has(to)) return rank.get(from) === undefined || (rank.get(from) ?? 99) > 1
    // The schema names the types of what its columns hold, wherever they are defined.
    if (/^src\/persistence\/(audit-)?schema\.ts$/.test(file) && typeOnly) return false
    // JSON values are described where policies are.
    if (target === 'src/policy/odrl.ts' && typeOnly) return false
    return (rank.get(to) ?? -1) <= (rank.get(from) ?? 99)
  })
  expect(wrong.map(show)).toEqual([])
})

test('command line, demo and console import nothing of the connector but generated types; the command line, policies and log formats as well', () => {
  const wrong = imports.filter(({ from, target, typeOnly }) => {
    if (!outside.has(from) || (!target.startsWith('src/') && !target.startsWith('openapi/'))) return false
    // A policy is read, explained and decided, and evidence is verified, where it lies, without a connector: these layers are pure.
    if (from === 'cli' && (['policy', 'tlog'].includes(partOf(target)) || target === 'src/errors.ts')) return false
    return !(partOf(target) === from || (target.startsWith('openapi/') && typeOnly))
  })
  expect(wrong.map(show)).toEqual([])
})

test.each([
  ['kysely', (file: string) => /\/store\.ts$|^src\/persistence\/|^src\/dataplane\/sources\//.test(file)],
  ['express', (file: string) => /^src\/(protocol|management|dataplane|http|audit\/routes)\/|^src\/connector\.ts$/.test(file)],
  ['jose', (file: string) => file.startsWith('src/identity/')],
  ['pg', (file: string) => /^src\/(persistence|dataplane\/sources)\//.test(file)],
  ['@electric-sql/pglite', (file: string) => file.startsWith('src/persistence/')],
  ['@duckdb/node-api', (file: string) => file.startsWith('src/dataplane/sources/')],
  ['undici', (file: string) => /^src\/(http|dataplane)\//.test(file)],
])('only the folders meant for it import %s', (name, allowed) => {
  const wrong = packages.filter(({ file, target }) => (target === name || target.startsWith(`${name}/`)) && !allowed(file))
  expect(wrong.map(show)).toEqual([])
})

test('only config.ts reads the environment', () => {
  const wrong = sources.filter((file) => file !== 'src/config.ts' && /process\.env/.test(readFileSync(join(root, file), 'utf8')))
  expect(wrong).toEqual([])
})

test('no names that say nothing', () => {
  expect(sources.filter((file) => /(^|\/)(utils?|helpers?|managers?|common|misc|shared)(\.ts|\/)/.test(file))).toEqual([])
})

test('only erasable TypeScript, no any, no barrel', () => {
  const wrong = sources.filter((file) => /@ts-ignore|@ts-expect-error|^\s*(?:export )?enum\s/m.test(readFileSync(join(root, file), 'utf8')))
  expect(wrong).toEqual([])
  expect(sources.filter((file) => file.endsWith('/index.ts'))).toEqual([])
})

test('migrations never import the program', () => {
  expect(filesIn('migrations').flatMap(importsOf).filter(({ target }) => target.startsWith('src/')).map(show)).toEqual([])
})
