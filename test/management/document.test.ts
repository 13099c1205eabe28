import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'
import { problems } from '../../src/errors.ts'
import { loadContract } from '../../src/management/contract.ts'
import { joinedFile, joinedText, readDocuments } from '../../src/management/documents.ts'
import { managementRoles, mayCall } from '../../src/management/roles.ts'

const contract = loadContract()

describe('The document of the management API', () => {
  test('is the one that the committed types were generated from', async () => {
    const types = await readFile(new URL('../../openapi/management.d.ts', import.meta.url), 'utf8')
    expect(types).toContain(`sha256 of joined.json: ${createHash('sha256').update(joinedText()).digest('hex')}`)
  })

  test('stands ready as it would be read', async () => {
    expect(await readFile(joinedFile, 'utf8')).toBe(joinedText())
    expect(readDocuments()).toEqual(JSON.parse(joinedText()).document)
  })

  test('keeps everything about the record in a document of its own', async () => {
    const { paths }: { paths: Record<string, unknown> } = parse(await readFile(new URL('../../openapi/audit.yaml', import.meta.url), 'utf8'))
    const served = contract.operations.map(({ path }) => path).filter((path) => path.startsWith('/audit/'))
    expect([...new Set(served)].toSorted()).toEqual(Object.keys(paths).filter((path) => path.startsWith('/audit/')).toSorted())
    expect(served).not.toEqual([])
  })

  test('names every error code of this program, and no other', () => {
    const codes = at(contract.document, 'components', 'schemas', 'ProblemCode', 'enum')
    expect(codes).toEqual(Object.keys(problems))
  })

  test('says of each operation which roles may call it, as the table of roles does', () => {
    const stated = contract.operations.filter(({ open }) => !open).map(({ id, roles: named }) => [id, named.toSorted()])
    const enforced = contract.operations.filter(({ open }) => !open).map(({ id }) => [id, managementRoles.filter((role) => mayCall(role, id)).toSorted()])
    expect(stated).toEqual(enforced)
  })

  test('takes an Idempotency-Key on every POST, and If-Match wherever a versioned resource is changed', () => {
    const posts = contract.operations.filter(({ method }) => method === 'post')
    expect(posts.filter(({ parameters }) => !parameters.some(({ name }) => name === 'Idempotency-Key'))).toEqual([])
    const changes = contract.operations.filter(({ needsIfMatch }) => needsIfMatch).map(({ id }) => id)
    expect(changes).toEqual(['updatePartner', 'removePartner', 'updateDataset', 'removeDataset', 'removeOffer'])
  })

  test('has examples that fit', () => {
    const ajv = new Ajv2020({ strict: false, validateSchema: false })
    addFormats.default(ajv)
    expect(isObject(contract.document)).toBe(true)
    if (isObject(contract.document)) ajv.addSchema(contract.document, 'document')
    const misfits = mediaTypes(contract.document, '').flatMap(({ pointer, value }) =>
      examplesOf(value).flatMap((example) => {
        const accepts = ajv.getSchema(`document#${pointer}/schema`)
        return accepts === undefined || accepts(example) ? [] : [`${pointer}: ${ajv.errorsText(accepts.errors)}`]
      }),
    )
    expect(misfits).toEqual([])
  })
})

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((current, part) => (isObject(current) ? current[part] : undefined), value)
}

function examplesOf(media: Record<string, unknown>): unknown[] {
  const several = isObject(media['examples']) ? Object.values(media['examples']).map((example) => at(example, 'value')) : []
  return [...('example' in media ? [media['example']] : []), ...several]
}

/** Every media type object of JSON, with its place. */
function mediaTypes(value: unknown, pointer: string): { pointer: string; value: Record<string, unknown> }[] {
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, child]) => {
    const place = `${pointer}/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`
    if (/^application\/(problem\+)?json$/.test(name) && isObject(child)) return [{ pointer: place, value: child }]
    return name === 'schemas' ? [] : mediaTypes(child, place)
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
